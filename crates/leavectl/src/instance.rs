//! `leavectl instance`: one WhatsApp device each.

mod create;
mod delete;
mod list;
mod show;

use clap::{Args, Subcommand};
use leave_group::tenant::{AccountId, InstanceId, InstanceName};
use operator::instances::InstanceSummary;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::moment;

/// Make, list, show and delete instances
#[derive(Subcommand)]
pub(crate) enum Instance {
    Create(create::Create),
    List(list::List),
    Show(show::Show),
    Delete(delete::Delete),
}

impl Instance {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run().await,
            Self::List(list) => list.run().await,
            Self::Show(show) => show.run().await,
            Self::Delete(delete) => delete.run().await,
        }
    }
}

/// An instance, as it is named on the command line.
#[derive(Args, Debug, Clone)]
pub(crate) struct Named {
    /// The account
    pub(crate) account: AccountId,
    /// The instance's name within it
    pub(crate) instance: InstanceName,
}

impl Named {
    pub(crate) fn id(&self) -> InstanceId {
        InstanceId { account: self.account.clone(), name: self.instance.clone() }
    }
}

/// What a list shows of an instance.
pub(crate) fn as_json(found: &InstanceSummary) -> Value {
    json!({
        "account": found.id.account.as_str(),
        "instance": found.id.name.as_str(),
        "state": found.state.name(),
        "jid": found.device,
        "createdAt": found.created.map(moment::shown),
        "linkedAt": found.linked.map(moment::shown),
        "checkedAt": found.checked.map(moment::shown),
        "checkResult": found.check_result,
    })
}
