//! `leavectl instance list`.

use clap::Args;
use domain::tenant::AccountId;
use serde::Serialize;

use super::state;
use super::states::{Chosen, summary};
use crate::failure::Failure;
use crate::narrow::Limit;
use crate::output::{self, Columns, Format, or_dash};
use crate::{json, moment, place};

/// Rows that nobody has to count.
const A_GLANCE: usize = 10;

/// List the instances of an account, or of every account
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl instance list acme
  leavectl instance list --state logged_out --state never_linked
  leavectl instance list --limit 20
  leavectl instance list --json | jq -r '.instances[].jid'")]
pub(crate) struct List {
    /// The account; without it the whole fleet is read
    account: Option<AccountId>,
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// How many there are that fit `--state`, whatever `--limit` says.
    instance_count: usize,
    /// The instances, by account and name.
    instances: Vec<json::Instance>,
}

impl List {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let mut instances = operator.instances(self.account.as_ref()).await?;
        if let Some(account) = self.account.as_ref().filter(|_| instances.is_empty()) {
            operator.account(account).await?;
        }
        let all = summary(&instances);
        let total = instances.len();
        self.chosen.keep(&mut instances);
        let fitting = instances.len();
        self.limit.cut(&mut instances);
        let mut columns =
            Columns::new(&["INSTANCE", "STATE", "JID", "LINKED", "CHECKED", "HEALTH"]);
        for found in &instances {
            columns.row([
                found.id.to_string(),
                state(found),
                or_dash(found.device.as_deref()),
                moment::or_dash(found.linked),
                moment::or_dash(found.checked),
                or_dash(found.check_result.as_deref()),
            ]);
        }
        let printed = Printed {
            instance_count: fitting,
            instances: instances.iter().map(json::Instance::from).collect(),
        };
        let none = if total == 0 {
            "No instances. `leavectl instance create ACCOUNT NAME` makes one."
        } else {
            "No instance is in that state."
        };
        self.format.show(&printed, &columns.text(none))?;
        let shown = instances.len();
        if shown < total {
            output::note(&format!("{all}; {shown} shown."));
        } else if total > A_GLANCE {
            output::note(&format!("{all}."));
        }
        Ok(())
    }
}
