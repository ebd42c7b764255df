//! `leavectl instance list`.

use clap::Args;
use domain::tenant::AccountId;
use serde_json::json;

use super::{as_json, state};
use crate::failure::Failure;
use crate::output::{Columns, Format, or_dash};
use crate::{moment, place};

/// List the instances of an account, or of every account
#[derive(Args)]
#[command(after_help = "Examples:\n  leavectl instance list acme\n  leavectl instance list --json")]
pub(crate) struct List {
    /// The account; without it the whole fleet is read
    account: Option<AccountId>,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let instances = operator.instances(self.account.as_ref()).await?;
        if let Some(account) = self.account.as_ref().filter(|_| instances.is_empty()) {
            operator.account(account).await?;
        }
        let mut columns =
            Columns::new(&["INSTANCE", "STATE", "JID", "LINKED", "CHECKED", "RESULT"]);
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
        let listed: Vec<_> = instances.iter().map(as_json).collect();
        let none = "No instances. `leavectl instance create ACCOUNT NAME` makes one.";
        self.format.show(&json!({"instances": listed}), &columns.text(none))
    }
}
