//! `leavectl version set`.

use clap::Args;
use domain::client_version::ClientVersion;

use super::SOON;
use crate::failure::Failure;
use crate::{output, place};

/// Set the client version that every environment shows
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl version set 2.3000.1042742319")]
pub(crate) struct Set {
    /// Three numbers, like 2.3000.1042742319
    version: ClientVersion,
}

impl Set {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        place::operator().await?.set_version(self.version).await?;
        output::line(&format!("{} is set. {SOON}", self.version))
    }
}
