//! `leavectl table status`.

use clap::Args;
use operator::OperatorError;
use operator::schema;
use serde_json::json;

use super::{as_json, told};
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

impl Status {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let name = operator.table().name();
        let schema = schema::of_template()?;
        let differences = operator.compare_table(&schema).await?.ok_or(OperatorError::NoTable)?;
        let fits = !differences.iter().any(schema::Difference::is_fault);
        let value = json!({
            "table": name,
            "fits": fits,
            "differences": differences.iter().map(as_json).collect::<Vec<_>>(),
        });
        let verdict = if fits {
            coloured("as the template makes it", Colour::Good)
        } else {
            coloured("not as the template makes it", Colour::Bad)
        };
        let mut lines = vec![format!("Table {name} is {verdict}.")];
        lines.extend(differences.iter().map(|difference| format!("  {}", told(difference))));
        self.format.show(&value, &lines.join("\n"))?;
        if fits { Ok(()) } else { Err(Failure::Told) }
    }
}
