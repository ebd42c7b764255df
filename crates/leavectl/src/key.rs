//! `leavectl key`: the data keys that sessions are sealed with.

pub(crate) mod rotate;

use clap::Subcommand;

use crate::failure::Failure;

/// Rotate the data key
#[derive(Subcommand)]
pub(crate) enum Key {
    Rotate(rotate::Rotate),
}

impl Key {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Rotate(rotate) => rotate.run().await,
        }
    }
}
