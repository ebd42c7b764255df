//! `leavectl leave`: the same operation as the API's, for many groups.

use std::fmt::Write;

use clap::Args;
use domain::clock::Budget;
use domain::group::GroupKind;
use domain::identifier::Identifier;
use domain::lease::LEASE;
use domain::problem::{LEFT, Problem};
use operation::leave::{self, Left, Outcome};
use operation::order::Order;
use operator::Operator;
use operator::rehearsal::Foreseen;
use serde_json::{Value, json};

use crate::confirm::Consent;
use crate::failure::Failure;
use crate::group;
use crate::instance::{Named, unreachable};
use crate::output::{self, Colour, Format, coloured};
use crate::{place, progress};

/// Leave groups: the same operation as the API's, many over one connection
///
/// Without --yes it looks first, over a connection of its own, and asks before a
/// community is left: its subgroups go with it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl leave acme sales 120363406289005073@g.us
  leavectl leave acme sales https://chat.whatsapp.com/ABC123XYZ --dry-run
  leavectl leave acme sales 120363401000000010@g.us --yes --json

Exit code 1 when one of them is refused, or would be.")]
pub(crate) struct Leave {
    #[command(flatten)]
    named: Named,
    /// Group JIDs, invite codes or invite links
    #[arg(required = true, value_name = "IDENTIFIER")]
    identifiers: Vec<String>,
    /// Only say what would happen: kind, subgroups that go along, refusals
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    format: Format,
}

impl Leave {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        if !self.named.instance.is_reachable() {
            return Err(Failure::Refused(unreachable(&format!("{:?}", self.named.id()))));
        }
        let operator = place::operator().await?;
        if self.dry_run {
            return self.rehearse(&operator).await;
        }
        if !self.consent.yes {
            self.ask(&operator).await?;
        }
        let mut results = Vec::new();
        let bar = progress::bar("Leaving");
        bar.set_length(u64::try_from(self.identifiers.len()).unwrap_or(u64::MAX));
        for identifiers in self.identifiers.chunks(leave::AT_ONCE) {
            results.extend(self.leave(&operator, identifiers).await);
            bar.set_position(u64::try_from(results.len()).unwrap_or(u64::MAX));
        }
        bar.finish_and_clear();
        let lines: Vec<_> = results.iter().map(told).collect();
        let all_left = results.iter().all(|result| result["status"] == 200);
        self.format.show(&json!({"results": results}), &lines.join("\n"))?;
        if all_left { Ok(()) } else { Err(Failure::Told) }
    }

    /// With the function's own operation.
    async fn leave(&self, operator: &Operator, identifiers: &[String]) -> Vec<Value> {
        let parsed = identifiers.iter().map(|text| Identifier::parse(text).map_err(Problem::from));
        let request_id = format!("leavectl-{:016x}", fastrand::u64(..));
        let order = Order::commanded(self.named.id(), parsed.collect(), request_id);
        let leaving = leave::serve(operator.engine(), &order, Budget::of(LEASE.run));
        match progress::during("Leaving", leaving).await.outcome {
            Outcome::Ran(results) => identifiers
                .iter()
                .zip(&results)
                .map(|(text, result)| outcome(text, result))
                .collect(),
            // Nothing is kept for an order without a key.
            Outcome::Replayed(_) => Vec::new(),
        }
    }

    async fn foresee(&self, operator: &Operator) -> Result<Vec<Foreseen>, Failure> {
        let id = self.named.id();
        let looking = operator.rehearse(&id, &self.identifiers);
        Ok(progress::during("Asking WhatsApp what would happen", looking).await?)
    }

    async fn rehearse(&self, operator: &Operator) -> Result<(), Failure> {
        let foreseen = self.foresee(operator).await?;
        let pairs = || self.identifiers.iter().zip(&foreseen);
        let results: Vec<_> = pairs().map(|(text, it)| foreseen_json(text, it)).collect();
        let lines: Vec<_> = pairs().map(|(text, it)| foreseen_told(text, it)).collect();
        self.format.show(&json!({"dryRun": true, "results": results}), &lines.join("\n"))?;
        let all = foreseen.iter().all(|it| !matches!(it, Foreseen::Refused { .. }));
        if all { Ok(()) } else { Err(Failure::Told) }
    }

    /// Asks before a community is left.
    async fn ask(&self, operator: &Operator) -> Result<(), Failure> {
        let mut told = Vec::new();
        for (text, foreseen) in self.identifiers.iter().zip(self.foresee(operator).await?) {
            let is_community = matches!(&foreseen, Foreseen::Leaves { listed, .. }
                if listed.group.kind == GroupKind::Community);
            if is_community {
                told.push(foreseen_told(text, &foreseen));
            }
        }
        if told.is_empty() {
            return Ok(());
        }
        output::note(&told.join("\n"));
        self.consent.ask("A community is to be left, with every group of it.")
    }
}

/// A result as the function's own answer to a command has it.
fn outcome(identifier: &str, result: &Result<Left, Problem>) -> Value {
    let mut told = match result {
        Ok(left) => json!({"status": 200, "message": LEFT, "groupJid": left.group().as_str()}),
        Err(problem) => {
            let answered = problem.answered();
            let mut told = json!({"status": answered.status, "message": answered.message});
            if let Some(seconds) = problem.retry_after_seconds() {
                told["retryAfter"] = seconds.into();
            }
            told
        }
    };
    told["identifier"] = identifier.into();
    told
}

/// A result for people.
fn told(result: &Value) -> String {
    let text = |name: &str| result[name].as_str().unwrap_or_default();
    let colour = if result["status"] == 200 { Colour::Good } else { Colour::Bad };
    let mut line = format!(
        "{}  {}  {}",
        coloured(&result["status"].to_string(), colour),
        output::printable(text("identifier")),
        text("message")
    );
    if let Some(seconds) = result["retryAfter"].as_u64() {
        let _ = write!(line, " (after {seconds} s)");
    }
    line
}

fn foreseen_told(identifier: &str, foreseen: &Foreseen) -> String {
    let identifier = output::printable(identifier);
    match foreseen {
        Foreseen::Leaves { listed, along } => {
            let mut text = format!("{identifier}: would leave {}", group::told(listed));
            for other in along {
                let _ = write!(text, "\n  with {}", group::told(other));
            }
            text
        }
        Foreseen::Refused { problem, listed } => {
            let answered = problem.answered();
            let mut text = format!(
                "{identifier}: would be refused with {} {}",
                answered.status, answered.message
            );
            if let Some(listed) = listed {
                let _ = write!(text, ": {}", group::told(listed));
            }
            text
        }
        Foreseen::Recovered(jid) => format!(
            "{identifier}: {jid} is left already; an earlier leave lost its outcome, and this one would learn it"
        ),
    }
}

fn foreseen_json(identifier: &str, foreseen: &Foreseen) -> Value {
    match foreseen {
        Foreseen::Leaves { listed, along } => json!({
            "identifier": identifier,
            "status": 200,
            "group": group::as_json(listed),
            "along": along.iter().map(group::as_json).collect::<Vec<_>>(),
        }),
        Foreseen::Refused { problem, listed } => json!({
            "identifier": identifier,
            "status": problem.answered().status,
            "message": problem.answered().message,
            "group": listed.as_ref().map(group::as_json),
        }),
        Foreseen::Recovered(jid) => json!({
            "identifier": identifier,
            "status": 200,
            "recovered": jid.as_str(),
        }),
    }
}
