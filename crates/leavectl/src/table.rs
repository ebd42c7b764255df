//! `leavectl table`: the table itself.

pub(crate) mod create;
pub(crate) mod status;

use clap::Subcommand;
use operator::schema::Difference;
use serde::Serialize;

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

/// A difference for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Printed {
    /// What differs.
    what: String,
    /// How the template makes it.
    expected: String,
    /// How the table has it; nothing where this DynamoDB does not tell.
    found: Option<String>,
}

impl From<&Difference> for Printed {
    fn from(difference: &Difference) -> Self {
        let Difference { what, template, table } = difference.clone();
        Self { what, expected: template, found: table }
    }
}
