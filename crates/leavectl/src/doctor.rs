//! `leavectl doctor`: what is wrong with a place, and what to do about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use domain::clock::{Clock, SystemClock, UnixMillis};
use operation::config::Config;
use operator::Operator;
use operator::schema::{self, Difference};
use serde::Serialize;
use store::seal::Sealing;
use whatsapp::VersionVerdict;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Colour, Format, coloured};
use crate::{instance, place, progress, table};

/// Check configuration, table, key, clock and WhatsApp, and say for each what to do
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl doctor
  leavectl doctor --json | jq '.checks[] | select(.verdict != \"good\")'

Exit code 1 when a check is bad.")]
pub(crate) struct Doctor {
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed {
    /// Whether no check is bad.
    well: bool,
    /// The checks.
    checks: Vec<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Good,
    Doubtful,
    Bad,
}

/// One check.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Check {
    /// What was looked at.
    #[serde(rename = "check")]
    name: &'static str,
    /// How it is.
    verdict: Verdict,
    /// What was found, and what to do about it.
    found: String,
}

impl Check {
    fn new(name: &'static str, verdict: Verdict, found: impl Into<String>) -> Self {
        Self { name, verdict, found: found.into() }
    }

    fn of<E: std::fmt::Display>(name: &'static str, result: Result<(Verdict, String), E>) -> Self {
        match result {
            Ok((verdict, found)) => Self { name, verdict, found },
            Err(error) => Self::new(name, Verdict::Bad, error.to_string()),
        }
    }

    fn told(&self) -> String {
        let (word, colour) = match self.verdict {
            Verdict::Good => ("good    ", Colour::Good),
            Verdict::Doubtful => ("doubtful", Colour::Doubtful),
            Verdict::Bad => ("bad     ", Colour::Bad),
        };
        let found = self.found.replace('\n', "\n                         ");
        format!("{}  {:<13}  {found}", coloured(word, colour), self.name)
    }
}

impl Doctor {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let checks = progress::during("Looking", checks()).await;
        let is_well = checks.iter().all(|check| check.verdict != Verdict::Bad);
        let lines: Vec<_> = checks.iter().map(Check::told).collect();
        self.format.show(&Printed { well: is_well, checks }, &lines.join("\n"))?;
        if is_well { Ok(()) } else { Err(Failure::Told(Exit::Failed)) }
    }
}

async fn checks() -> Vec<Check> {
    const CONFIGURATION: &str = "configuration";
    let config = match place::config().await {
        Ok(config) => config,
        // Without it there is nothing else to look at.
        Err(failure) => return vec![Check::new(CONFIGURATION, Verdict::Bad, failure.to_string())],
    };
    let clock = Arc::new(Observed::default());
    let operator = match Operator::new(&config, clock.clone()) {
        Ok(operator) => operator,
        Err(error) => return vec![Check::new(CONFIGURATION, Verdict::Bad, error.to_string())],
    };
    let mut checks = vec![Check::new(CONFIGURATION, Verdict::Good, told(&config))];
    let table = Check::of("table", table_check(&operator).await);
    let is_there = table.verdict != Verdict::Bad;
    checks.push(table);
    if is_there {
        checks.push(Check::of("sealing key", key_check(&operator).await));
        checks.push(Check::of("names", names_check(&operator).await));
    }
    checks.push(clock_check(&clock));
    checks.extend(whatsapp_checks(&operator, &config).await);
    checks
}

fn told(config: &Config) -> String {
    let dynamodb = config.aws.dynamodb.as_deref().unwrap_or("AWS's DynamoDB");
    let sealing = match &config.sealing {
        Sealing::Key(_) => "SEALING_KEY",
        Sealing::Kms(key) => key.as_str(),
    };
    format!("table {} in {} at {dynamodb}, keys by {sealing}", config.table, config.aws.region)
}

async fn table_check(operator: &Operator) -> Result<(Verdict, String), Failure> {
    let schema = schema::of_template()?;
    let Some(differences) = operator.compare_table(&schema).await? else {
        return Ok((Verdict::Bad, operator::OperatorError::NoTable.to_string()));
    };
    let faults: Vec<_> = differences.iter().filter(|it| it.is_fault()).map(table::told).collect();
    if !faults.is_empty() {
        let found = format!(
            "{}\n`leavectl table create` makes what is missing; the rest is changed with the stack",
            faults.join("\n")
        );
        return Ok((Verdict::Bad, found));
    }
    let untold: Vec<_> = differences.iter().map(|Difference { what, .. }| what.as_str()).collect();
    Ok((
        Verdict::Good,
        match untold.as_slice() {
            [] => "as the template makes it".to_owned(),
            untold => format!(
                "as the template makes it; this DynamoDB does not tell: {}",
                untold.join(", ")
            ),
        },
    ))
}

async fn key_check(operator: &Operator) -> Result<(Verdict, String), Failure> {
    let current = operator.current_key_id().await?;
    operator.unwrap_keys().await?;
    Ok(match current {
        Some(id) => (Verdict::Good, format!("every data key opens; {id} is current")),
        None => (
            Verdict::Doubtful,
            "there is no data key yet; the first linked or imported device makes one".to_owned(),
        ),
    })
}

async fn names_check(operator: &Operator) -> Result<(Verdict, String), Failure> {
    let names = operator.unreachable_instances().await?;
    if names.is_empty() {
        return Ok((Verdict::Good, "requests can name every instance".to_owned()));
    }
    let told: Vec<_> = names.iter().map(|id| format!("{id:?}")).collect();
    Ok((Verdict::Bad, instance::unreachable(&told.join(", "))))
}

/// What clocks may differ: the function corrects its own beyond this.
const TOLERATED_MS: i64 = 2_000;

fn clock_check(clock: &Observed) -> Check {
    const NAME: &str = "clock";
    let Some(ahead) = clock.ahead_ms() else {
        return Check::new(NAME, Verdict::Doubtful, "DynamoDB did not answer with a date");
    };
    if ahead.abs() <= TOLERATED_MS {
        return Check::new(NAME, Verdict::Good, "within 2 s of DynamoDB's");
    }
    let seconds = ahead.abs() / 1_000;
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    Check::new(
        NAME,
        Verdict::Bad,
        format!(
            "{seconds} s {way} DynamoDB's; set this machine's clock (NTP), AWS refuses calls beyond 5 minutes"
        ),
    )
}

async fn whatsapp_checks(operator: &Operator, config: &Config) -> Vec<Check> {
    let (reached, version) = ("WhatsApp", "version");
    let url = &config.whatsapp.url;
    match operator.probe_whatsapp().await {
        Err(error) => {
            let told = Failure::from(error);
            vec![Check::new(reached, Verdict::Bad, format!("{url}: {told}"))]
        }
        Ok(verdict) => {
            let good = format!("{url} answers, and its certificate is WhatsApp's");
            let version = match verdict {
                VersionVerdict::Taken(taken) => {
                    Check::new(version, Verdict::Good, format!("{taken} is taken"))
                }
                VersionVerdict::Refused(refused) => Check::new(
                    version,
                    Verdict::Bad,
                    format!(
                        "{refused} is refused; `leavectl version refresh` sets the one of WhatsApp Web"
                    ),
                ),
            };
            vec![Check::new(reached, Verdict::Good, good), version]
        }
    }
}

/// The machine's clock, which notes how far it is from `DynamoDB`'s.
#[derive(Debug)]
struct Observed {
    clock: SystemClock,
    /// In milliseconds; the least value stands for "not heard yet".
    ahead: AtomicI64,
}

impl Default for Observed {
    fn default() -> Self {
        Self { clock: SystemClock::new(), ahead: AtomicI64::new(i64::MIN) }
    }
}

impl Observed {
    fn ahead_ms(&self) -> Option<i64> {
        Some(self.ahead.load(Ordering::Relaxed)).filter(|ahead| *ahead != i64::MIN)
    }
}

impl Clock for Observed {
    fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    fn is_compared(&self) -> bool {
        self.clock.is_compared()
    }

    fn observe(&self, server_seconds: i64, sent: SystemTime) {
        self.clock.observe(server_seconds, sent);
        let machine = sent.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let machine = i64::try_from(machine).unwrap_or(i64::MAX);
        self.ahead
            .store(machine.saturating_sub(server_seconds.saturating_mul(1000)), Ordering::Relaxed);
    }
}
