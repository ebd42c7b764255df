//! `leavectl version`: the client version that is shown to WhatsApp.

pub(crate) mod refresh;
pub(crate) mod set;
pub(crate) mod show;

use clap::Subcommand;

use crate::failure::Failure;

/// Show, set and refresh the client version that is shown to WhatsApp
#[derive(Subcommand)]
pub(crate) enum Version {
    Show(show::Show),
    Set(set::Set),
    Refresh(refresh::Refresh),
}

impl Version {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Show(show) => show.run().await,
            Self::Set(set) => set.run().await,
            Self::Refresh(refresh) => refresh.run().await,
        }
    }
}

/// What every environment does with a version that was just set.
const SOON: &str = "Running environments show it within five minutes, new ones at once.";
