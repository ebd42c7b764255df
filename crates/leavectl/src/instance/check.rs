//! `leavectl instance check`.

use std::time::Duration;

use clap::Args;
use domain::clock::Budget;
use domain::tenant::{AccountId, InstanceId, InstanceName};
use futures_util::{StreamExt, stream};
use operation::check::{self, Health, When};
use operator::Operator;
use operator::instances::State;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{Colour, Columns, Format, coloured};
use crate::{moment, place, progress};

/// Longest check: a lease lasts no longer.
const LONGEST: Duration = Duration::from_secs(25);

/// Log an instance's device in for a moment, and record how it does
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl instance check acme sales
  leavectl instance check --all
  leavectl instance check acme --all --at-once 4

Exit code 1 when a session does not work.")]
pub(crate) struct Check {
    /// The account; with --all, only this one's instances
    account: Option<AccountId>,
    /// The instance's name within it
    #[arg(
        requires = "account",
        conflicts_with = "all",
        required_unless_present = "all",
        value_parser = InstanceName::of_stored
    )]
    instance: Option<InstanceName>,
    /// Check every linked instance
    #[arg(long)]
    all: bool,
    /// With --all, how many at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: u8,
    #[command(flatten)]
    format: Format,
}

impl Check {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let instances = match (self.account, self.instance) {
            (Some(account), Some(name)) => {
                let id = InstanceId { account, name };
                operator.instance(&id).await?;
                vec![id]
            }
            (account, _) => linked(&operator, account.as_ref()).await?,
        };
        let bar = progress::bar("Checking");
        bar.set_length(u64::try_from(instances.len()).unwrap_or(u64::MAX));
        let checks = stream::iter(instances).map(|id| async {
            let budget = Budget::of(LONGEST);
            let health = check::one(operator.engine(), &id, When::Always, budget).await;
            bar.inc(1);
            (id, health)
        });
        let mut found: Vec<_> = checks.buffer_unordered(self.at_once.into()).collect().await;
        bar.finish_and_clear();
        found.sort_by_key(|(id, _)| (id.account.to_string(), id.name.to_string()));

        let mut columns = Columns::new(&["ACCOUNT", "INSTANCE", "HEALTH", "WHAT TO DO"]);
        for (id, health) in &found {
            columns.row([
                id.account.to_string(),
                id.name.to_string(),
                health.name().to_owned(),
                what_to_do(*health),
            ]);
        }
        let bad = found.iter().filter(|(_, health)| !is_well(*health)).count();
        let total = found.len();
        let sum = match bad {
            0 => coloured(&format!("{total} checked, all well"), Colour::Good),
            bad => coloured(&format!("{total} checked, {bad} not well"), Colour::Bad),
        };
        let text = format!("{}\n{sum}", columns.text("No instance is linked."));
        let checks: Vec<Value> = found.iter().map(|(id, health)| as_json(id, *health)).collect();
        self.format.show(&json!({"checked": total, "notWell": bad, "instances": checks}), &text)?;
        if bad == 0 { Ok(()) } else { Err(Failure::Told) }
    }
}

async fn linked(
    operator: &Operator,
    account: Option<&AccountId>,
) -> Result<Vec<InstanceId>, Failure> {
    let instances = operator.instances(account).await?;
    let linked = instances.into_iter().filter(|instance| instance.state == State::Linked);
    Ok(linked.map(|instance| instance.id).collect())
}

fn is_well(health: Health) -> bool {
    match health {
        Health::Connected | Health::Fresh | Health::Busy => true,
        Health::LoggedOut
        | Health::Locked
        | Health::BannedForGood
        | Health::Banned { .. }
        | Health::Throttled { .. }
        | Health::VersionRefused
        | Health::Unreachable(_)
        | Health::NotFound
        | Health::Unreadable => false,
    }
}

fn what_to_do(health: Health) -> String {
    match health {
        Health::Connected | Health::Fresh => String::new(),
        Health::Busy => "nothing: a run is using it".to_owned(),
        Health::LoggedOut => "link it again: `leavectl instance link`".to_owned(),
        Health::Locked => "look at the phone: the account is locked, appeal there".to_owned(),
        Health::BannedForGood => "another number: WhatsApp banned this one for good".to_owned(),
        Health::Banned { left } => {
            format!("wait {}, WhatsApp banned the number", moment::length(left))
        }
        Health::Throttled { left } => format!("wait {}", moment::length(left)),
        Health::VersionRefused => "`leavectl version refresh`".to_owned(),
        Health::Unreachable(reason) => {
            format!("WhatsApp or the proxy: {}; try again, or `leavectl doctor`", reason.name())
        }
        Health::NotFound => "it was deleted".to_owned(),
        Health::Unreadable => "`leavectl doctor`: table or key".to_owned(),
    }
}

fn as_json(id: &InstanceId, health: Health) -> Value {
    let retry_after = match health {
        Health::Banned { left } | Health::Throttled { left } => Some(left.as_secs()),
        Health::Connected
        | Health::Fresh
        | Health::Busy
        | Health::LoggedOut
        | Health::Locked
        | Health::BannedForGood
        | Health::VersionRefused
        | Health::Unreachable(_)
        | Health::NotFound
        | Health::Unreadable => None,
    };
    json!({
        "account": id.account.as_str(),
        "instance": id.name.as_str(),
        "health": health.name(),
        "retryAfter": retry_after,
    })
}
