//! `leavectl table status`.

use clap::Args;
use operator::OperatorError;
use operator::schema;
use serde::Serialize;

use super::told;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Colour, Format, coloured};
use crate::place;

/// Compare the table with the template; exit code 1 when they differ
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl table status\n  leavectl table status --json | jq .differences"
)]
pub(crate) struct Status {
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed {
    /// The table's name.
    table: String,
    /// Whether it is as the template makes it.
    fits: bool,
    /// What differs, or cannot be told.
    differences: Vec<super::Printed>,
}

impl Status {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let name = operator.table().name();
        let schema = schema::of_template()?;
        let differences = operator.compare_table(&schema).await?.ok_or(OperatorError::NoTable)?;
        let fits = !differences.iter().any(schema::Difference::is_fault);
        let printed = Printed {
            table: name.to_owned(),
            fits,
            differences: differences.iter().map(super::Printed::from).collect(),
        };
        let verdict = if fits {
            coloured("as the template makes it", Colour::Good)
        } else {
            coloured("not as the template makes it", Colour::Bad)
        };
        let mut lines = vec![format!("Table {name} is {verdict}.")];
        lines.extend(differences.iter().map(|difference| format!("  {}", told(difference))));
        self.format.show(&printed, &lines.join("\n"))?;
        if fits { Ok(()) } else { Err(Failure::Told(Exit::Failed)) }
    }
}
