//! `leavectl instance`: one WhatsApp device each.

pub(crate) mod check;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod import;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod rename;
pub(crate) mod set_proxy;
pub(crate) mod show;
mod states;
pub(crate) mod unblock;
mod unlink;

use clap::{Args, Subcommand};
use domain::gone::Gone;
use domain::proxy::Proxy;
use domain::tenant::{AccountId, InstanceId, InstanceName};
use operator::instances::InstanceSummary;
use operator::{Operator, OperatorError};

use crate::confirm::Consent;
use crate::failure::Failure;

/// Make, link, import, check, list, show, rename and delete instances
#[derive(Subcommand)]
pub(crate) enum Instance {
    Create(create::Create),
    Link(link::Link),
    Import(import::Import),
    Check(check::Check),
    SetProxy(set_proxy::SetProxy),
    List(list::List),
    Show(show::Show),
    Unblock(unblock::Unblock),
    Rename(rename::Rename),
    Delete(delete::Delete),
}

impl Instance {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run().await,
            Self::Link(link) => Box::pin(link.run()).await,
            Self::Import(import) => import.run().await,
            Self::Check(check) => check.run().await,
            Self::SetProxy(set_proxy) => set_proxy.run().await,
            Self::List(list) => list.run().await,
            Self::Show(show) => show.run().await,
            Self::Unblock(unblock) => unblock.run().await,
            Self::Rename(rename) => rename.run().await,
            Self::Delete(delete) => delete.run().await,
        }
    }
}

/// An instance, as it is named on the command line. It may be one that has a name which
/// no request can have any more.
#[derive(Args, Debug, Clone)]
pub(crate) struct Named {
    /// The account; or ACCOUNT/INSTANCE, as lists have it, for both
    pub(crate) account: AccountId,
    /// The instance's name within it
    #[arg(value_parser = InstanceName::of_stored)]
    pub(crate) instance: InstanceName,
}

/// An instance that is to be made, or linked: its name is one that requests can have.
#[derive(Args, Debug, Clone)]
pub(crate) struct NewlyNamed {
    /// The account; or ACCOUNT/INSTANCE, as lists have it, for both
    account: AccountId,
    /// The instance's name within it
    instance: InstanceName,
}

impl NewlyNamed {
    pub(crate) fn id(&self) -> InstanceId {
        InstanceId { account: self.account.clone(), name: self.instance.clone() }
    }
}

impl Named {
    pub(crate) fn id(&self) -> InstanceId {
        InstanceId { account: self.account.clone(), name: self.instance.clone() }
    }
}

/// What is told of instances that no request can name.
pub(crate) fn unreachable(names: &str) -> String {
    format!("no request can name {names}; `leavectl instance rename ACCOUNT OLD NEW` moves it")
}

/// The device of an instance that is linked, which another device is to take the place of.
/// Asks before that happens: it stays on the phone, which has room for four.
fn replaceable(
    device: Option<String>,
    id: &InstanceId,
    consent: Consent,
) -> Result<Option<String>, Failure> {
    let Some(device) = device else { return Ok(None) };
    consent.ask(&format!(
        "Instance {id} has device {device}, which is linked. Another device is to take its place; \
         it stays on the phone then, which has room for four, until it is removed there."
    ))?;
    Ok(Some(device))
}

/// What became of a device that was replaced.
fn told_of_replaced(device: Option<&str>) -> String {
    device.map_or_else(String::new, |device| {
        format!(
            "\nIts device before, {device}, is still on the phone and of no use here: remove it \
             there (Settings, Linked devices)."
        )
    })
}

/// The proxy of an instance that has a device already, to be kept.
async fn kept_proxy(operator: &Operator, id: &InstanceId) -> Result<Option<Proxy>, Failure> {
    match operator.proxy(id).await {
        Ok(proxy) => Ok(proxy),
        // Where the credentials cannot be read, linking again is what mends it.
        Err(
            OperatorError::NoInstance(_)
            | OperatorError::NotConnected { .. }
            | OperatorError::Credentials(_),
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The state as people read it: what became of a device that cannot log in again.
pub(crate) fn state(found: &InstanceSummary) -> String {
    match found.gone {
        None | Some(Gone::Unlinked) => found.state.name().to_owned(),
        Some(gone @ (Gone::Locked | Gone::Banned)) => {
            format!("{} ({})", found.state.name(), gone.name())
        }
    }
}
