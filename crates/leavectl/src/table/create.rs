//! `leavectl table create`.

use clap::Args;
use operator::schema::{self, Setting};
use serde::Serialize;

use super::told;
use crate::failure::Failure;
use crate::output::Format;
use crate::{place, progress};

/// Make the table exactly as the template does, TTL included; of one that is there,
/// make what it lacks
#[derive(Args)]
#[command(after_help = "Example:\n  TABLE_NAME=leave-group leavectl table create")]
pub(crate) struct Create {
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// The table's name.
    table: String,
    /// Whether it was made now; otherwise it was there.
    is_new: bool,
    /// Indexes that were missing, and are made.
    indexes: Vec<String>,
    /// What this DynamoDB does not have, of TTL and point-in-time recovery.
    not_here: Vec<&'static str>,
}

impl Create {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let name = operator.table().name().to_owned();
        let schema = schema::of_template()?;
        let making = operator.create_table(&schema);
        let made = progress::during("Waiting until the table is active", making).await?;
        let mut lines = vec![if made.table {
            format!("Table {name} is made.")
        } else {
            format!("Table {name} was there already.")
        }];
        lines.extend(
            made.indexes.iter().map(|index| format!("Index {index} was missing, and is made.")),
        );
        let settings = [("TTL", made.ttl), ("point-in-time recovery", made.recovery)];
        let not_here: Vec<_> =
            settings.iter().filter(|it| it.1 == Setting::NotHere).map(|it| it.0).collect();
        lines.extend(not_here.iter().map(|what| format!("This DynamoDB does not have {what}.")));
        let printed = Printed {
            table: name,
            is_new: made.table,
            indexes: made.indexes.iter().map(ToString::to_string).collect(),
            not_here,
        };
        self.format.show(&printed, &lines.join("\n"))?;
        // A setting takes a moment on AWS; what cannot be changed here is told.
        let differences = operator.compare_table(&schema).await?.unwrap_or_default();
        let mut faults = differences.iter().filter(|difference| {
            difference.is_fault()
                && !matches!(difference.what.as_str(), "TTL" | "point-in-time recovery")
        });
        let Some(first) = faults.next() else { return Ok(()) };
        let mut text = format!(
            "the table is not the template's, and this cannot change it:\n  {}",
            told(first)
        );
        for fault in faults {
            text.push_str("\n  ");
            text.push_str(&told(fault));
        }
        Err(Failure::Refused(text))
    }
}
