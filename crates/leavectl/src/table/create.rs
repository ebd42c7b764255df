//! `leavectl table create`.

use clap::Args;
use operator::schema::{self, Setting};

use super::told;
use crate::failure::Failure;
use crate::{output, place, progress};

/// Make the table exactly as the template does, TTL included; of one that is there,
/// make what it lacks
#[derive(Args)]
#[command(after_help = "Example:\n  TABLE_NAME=leave-group leavectl table create")]
pub(crate) struct Create {}

impl Create {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let name = operator.table().name().to_owned();
        let schema = schema::of_template()?;
        let making = operator.create_table(&schema);
        let made = progress::during("Waiting until the table is active", making).await?;
        output::line(&if made.table {
            format!("Table {name} is made.")
        } else {
            format!("Table {name} was there already.")
        })?;
        for index in &made.indexes {
            output::line(&format!("Index {index} was missing, and is made."))?;
        }
        for (what, setting) in [("TTL", made.ttl), ("Point-in-time recovery", made.recovery)] {
            if setting == Setting::NotHere {
                output::line(&format!("{what}: this DynamoDB does not have it."))?;
            }
        }
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
