//! `leavectl leave`: the same operation as the API's, for many groups.

mod foreseen;
mod meant;
pub(crate) mod printed;

use clap::Args;
use domain::clock::Budget;
use domain::group::GroupKind;
use domain::identifier::Identifier;
use domain::lease::LEASE;
use domain::problem::Problem;
use operation::leave::{self, Outcome};
use operation::order::Order;
use operator::Operator;
use operator::rehearsal::Foreseen;

use self::printed::{Printed, Told};
use crate::confirm::Consent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::instance::{Named, unreachable};
use crate::output::{self, Format};
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
  leavectl leave acme sales 120363406289005073@g.us --missing-ok || [ $? = 4 ]

Exit codes: 0 each was left, or would be; 4 one can end otherwise later: try again; 1 one is
refused for good; 3 the instance is not in one of them, or an invite leads to no group, which
--missing-ok counts as left. A group's name is none of its identifiers, and refused with 2:
`leavectl group list` shows the JIDs.")]
pub(crate) struct Leave {
    #[command(flatten)]
    named: Named,
    /// Group JIDs, invite codes or invite links
    #[arg(required = true, value_name = "IDENTIFIER")]
    identifiers: Vec<String>,
    /// Only say what would happen: kind, subgroups that go along, refusals
    #[arg(long)]
    dry_run: bool,
    /// Exit with 0 where the instance is not in the group
    #[arg(long)]
    missing_ok: bool,
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
        meant::look(&operator, &self.named.id(), &self.identifiers).await?;
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
        let lines: Vec<_> = results.iter().map(Told::line).collect();
        self.show(results, &lines)
    }

    fn show(&self, results: Vec<Told>, lines: &[String]) -> Result<(), Failure> {
        let exit = Exit::of_all(results.iter().map(|result| result.exit(self.missing_ok)));
        let printed = Printed { dry_run: self.dry_run, results };
        self.format.show(&printed, &lines.join("\n"))?;
        if exit == Exit::TryAgain {
            output::note(
                place::hint_of_answers(printed.results.iter().map(Told::problem)).trim_start(),
            );
        }
        match exit {
            Exit::Done => Ok(()),
            exit => Err(Failure::Told(exit)),
        }
    }

    /// With the function's own operation.
    async fn leave(&self, operator: &Operator, identifiers: &[String]) -> Vec<Told> {
        let parsed = identifiers.iter().map(|text| Identifier::parse(text).map_err(Problem::from));
        let request_id = format!("leavectl-{:016x}", fastrand::u64(..));
        let order = Order::commanded(self.named.id(), parsed.collect(), request_id);
        let leaving = leave::serve(operator.engine(), &order, Budget::of(LEASE.run));
        match progress::during("Leaving", leaving).await.outcome {
            Outcome::Ran(results) => {
                identifiers.iter().zip(&results).map(|(text, it)| Told::of(text, it)).collect()
            }
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
        let results = pairs().map(|(text, it)| Told::foreseen(text, it)).collect();
        let lines: Vec<_> = pairs().map(|(text, it)| foreseen::line(text, it)).collect();
        self.show(results, &lines)
    }

    /// Asks before a community is left.
    async fn ask(&self, operator: &Operator) -> Result<(), Failure> {
        let mut told = Vec::new();
        for (text, foreseen) in self.identifiers.iter().zip(self.foresee(operator).await?) {
            let is_community = matches!(&foreseen, Foreseen::Leaves { listed, .. }
                if listed.group.kind == GroupKind::Community);
            if is_community {
                told.push(foreseen::line(text, &foreseen));
            }
        }
        if told.is_empty() {
            return Ok(());
        }
        output::note(&told.join("\n"));
        self.consent.ask("A community is to be left, with every group of it.")
    }
}
