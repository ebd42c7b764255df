//! `leavectl instance check`.

use std::time::Duration;

use clap::Args;
use domain::clock::Budget;
use domain::tenant::{AccountId, InstanceId, InstanceName};
use futures_util::{StreamExt, stream};
use operation::check::{self, Health, When};
use operator::Operator;
use operator::instances::State;
use serde::Serialize;

use super::states::Chosen;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Colour, Columns, Format, coloured};
use crate::{json, moment, place, progress};

/// Longest check: a lease lasts no longer.
const LONGEST: Duration = Duration::from_secs(25);

/// Log an instance's device in for a moment, and record how it does
#[derive(Args)]
#[command(override_usage = "leavectl instance check [OPTIONS] <ACCOUNT> <INSTANCE>
       leavectl instance check [OPTIONS] [ACCOUNT] --all")]
#[command(after_help = "\
Examples:
  leavectl instance check acme sales
  leavectl instance check --all
  leavectl instance check acme --all --at-once 4
  leavectl instance check --all --state linked

Exit code 1 when a session does not work, 4 when each of those that do not can work later:
throttled, banned for a while, out of reach.")]
pub(crate) struct Check {
    /// The account, or ACCOUNT/INSTANCE for both; with --all, only this one's instances
    account: Option<AccountId>,
    /// The instance's name within it
    #[arg(
        requires = "account",
        conflicts_with = "all",
        required_unless_present = "all",
        value_parser = InstanceName::of_stored
    )]
    instance: Option<InstanceName>,
    /// Check every instance
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    chosen: Chosen,
    /// With --all, how many at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: u8,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// How many were checked.
    checked_count: usize,
    /// How many of them do not work.
    not_well_count: usize,
    /// Each of them, by account and name.
    instances: Vec<Checked>,
}

/// What a check found.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Checked {
    /// The instance.
    #[serde(flatten)]
    named: json::Named,
    /// What was found, like `connected`, `never_linked`, `logged_out` or `banned`.
    health: &'static str,
    /// How long to wait, in seconds, where WhatsApp says so.
    retry_after: Option<u64>,
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
            (account, _) => chosen(&operator, account.as_ref(), &self.chosen).await?,
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
        let bad = found.iter().filter(|(_, health)| exit(*health) != Exit::Done).count();
        let never = found.iter().filter(|(_, health)| *health == Health::NeverLinked).count();
        let total = found.len();
        let sum = match (total, bad, never) {
            (0, ..) => String::new(),
            (1, 0, _) => coloured("It is well.", Colour::Good),
            (_, 0, _) => coloured(&format!("{total} checked, all well."), Colour::Good),
            (1, ..) => coloured("It is not well.", Colour::Bad),
            (_, bad, 0) => coloured(&format!("{total} checked, {bad} not well."), Colour::Bad),
            (_, bad, never) => {
                let told = format!("{total} checked, {bad} not well: {never} never linked.");
                coloured(&told, Colour::Bad)
            }
        };
        let text = format!("{}\n{sum}", columns.text("No instance is there to be checked."));
        let printed = Printed {
            checked_count: total,
            not_well_count: bad,
            instances: found.iter().map(|(id, health)| Checked::new(id, *health)).collect(),
        };
        self.format.show(&printed, &text)?;
        match Exit::of_checks(found.iter().map(|(_, health)| exit(*health))) {
            Exit::Done => Ok(()),
            exit => Err(Failure::Told(exit)),
        }
    }
}

/// Those that are being deleted have nothing left that could be checked.
async fn chosen(
    operator: &Operator,
    account: Option<&AccountId>,
    chosen: &Chosen,
) -> Result<Vec<InstanceId>, Failure> {
    let mut instances = operator.instances(account).await?;
    if let Some(account) = account.filter(|_| instances.is_empty()) {
        operator.account(account).await?;
    }
    instances.retain(|instance| instance.state != State::Deleting);
    chosen.keep(&mut instances);
    Ok(instances.into_iter().map(|instance| instance.id).collect())
}

/// How a check of that ends: what waiting mends is told apart.
fn exit(health: Health) -> Exit {
    match health {
        Health::Connected | Health::Fresh | Health::Busy => Exit::Done,
        Health::Banned { .. }
        | Health::Throttled { .. }
        | Health::Unreachable(_)
        | Health::Unavailable => Exit::TryAgain,
        Health::NeverLinked
        | Health::LoggedOut
        | Health::Locked
        | Health::BannedForGood
        | Health::VersionRefused
        | Health::NotFound
        | Health::Unreadable => Exit::Failed,
    }
}

fn what_to_do(health: Health) -> String {
    match health {
        Health::Connected | Health::Fresh => String::new(),
        Health::Busy => "nothing: a run is using it".to_owned(),
        Health::NeverLinked => "link a device: `leavectl instance link`".to_owned(),
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
        Health::Unavailable => "DynamoDB or KMS does not answer: try again".to_owned(),
        Health::Unreadable => "`leavectl doctor`: table or key".to_owned(),
    }
}

impl Checked {
    fn new(id: &InstanceId, health: Health) -> Self {
        let retry_after = match health {
            Health::Banned { left } | Health::Throttled { left } => {
                Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
            }
            Health::Connected
            | Health::Fresh
            | Health::Busy
            | Health::NeverLinked
            | Health::LoggedOut
            | Health::Locked
            | Health::BannedForGood
            | Health::VersionRefused
            | Health::Unreachable(_)
            | Health::NotFound
            | Health::Unavailable
            | Health::Unreadable => None,
        };
        Self { named: json::Named::from(id), health: health.name(), retry_after }
    }
}
