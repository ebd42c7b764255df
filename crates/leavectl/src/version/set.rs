//! `leavectl version set`.

use clap::Args;
use domain::client_version::ClientVersion;
use serde::Serialize;

use super::SOON;
use crate::failure::Failure;
use crate::output::Format;
use crate::place;

/// Set the client version that every environment shows
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl version set 2.3000.1042742319")]
pub(crate) struct Set {
    /// Three numbers, like 2.3000.1042742319
    version: ClientVersion,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints, as `version refresh` does.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed {
    /// The version that is shown now.
    pub(super) version: String,
    /// The one that was shown before.
    pub(super) previous: String,
}

impl Set {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let shown = operator.shown_version().await?.version();
        operator.set_version(self.version).await?;
        let printed = Printed { version: self.version.to_string(), previous: shown.to_string() };
        let text = format!("{} is set, in place of {shown}. {SOON}", self.version);
        self.format.show(&printed, &text)
    }
}
