//! `leavectl version show`.

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Format;
use crate::{moment, place};

/// Show which client version counts, and why
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl version show")]
pub(crate) struct Show {
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// The version that counts.
    version: String,
    /// When an operator set it, in UTC; nothing where the configured one counts.
    set_at: Option<String>,
    /// The configured one.
    configured: String,
}

impl Show {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let shown = place::operator().await?.shown_version().await?;
        let printed = Printed {
            version: shown.version().to_string(),
            set_at: shown.set.map(|set| moment::shown(set.set_at)),
            configured: shown.configured.to_string(),
        };
        let why = match shown.set {
            Some(set) => {
                format!("set {}, in place of {}", moment::shown(set.set_at), shown.configured)
            }
            None => "configured; none is set".to_owned(),
        };
        self.format.show(&printed, &format!("{}   {why}", shown.version()))
    }
}
