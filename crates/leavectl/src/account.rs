//! `leavectl account`: whom instances and tokens belong to.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;

use clap::Subcommand;

use crate::failure::Failure;

/// Make, list and delete accounts
#[derive(Subcommand)]
pub(crate) enum Account {
    Create(create::Create),
    List(list::List),
    Delete(delete::Delete),
}

impl Account {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run().await,
            Self::List(list) => list.run().await,
            Self::Delete(delete) => delete.run().await,
        }
    }
}
