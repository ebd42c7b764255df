//! `leavectl table`: the table itself.

mod create;
mod status;

use clap::Subcommand;
use operator::schema::Difference;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Make the table, or compare it with the template
#[derive(Subcommand)]
pub(crate) enum Table {
    Create(create::Create),
    Status(status::Status),
}

impl Table {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run().await,
            Self::Status(status) => status.run().await,
        }
    }
}

/// A difference in words.
pub(crate) fn told(difference: &Difference) -> String {
    let Difference { what, template, table } = difference;
    match table {
        Some(table) => format!("{what}: is {table}, and should be {template}"),
        None => format!("{what}: this DynamoDB does not tell (should be {template})"),
    }
}

pub(crate) fn as_json(difference: &Difference) -> Value {
    json!({"what": difference.what, "template": difference.template, "table": difference.table})
}
