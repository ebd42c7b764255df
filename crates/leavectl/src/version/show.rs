//! `leavectl version show`.

use clap::Args;
use serde_json::json;

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

impl Show {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let shown = place::operator().await?.shown_version().await?;
        let value = json!({
            "version": shown.version().to_string(),
            "setAt": shown.set.map(|set| moment::shown(set.set_at)),
            "configured": shown.configured.to_string(),
        });
        let why = match shown.set {
            Some(set) => {
                format!("set {}, in place of {}", moment::shown(set.set_at), shown.configured)
            }
            None => "configured; none is set".to_owned(),
        };
        self.format.show(&value, &format!("{}   {why}", shown.version()))
    }
}
