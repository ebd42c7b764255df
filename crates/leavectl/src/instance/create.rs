//! `leavectl instance create`.

use clap::Args;

use super::NewlyNamed;
use crate::failure::Failure;
use crate::{output, place};

/// Make an instance without a device
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl instance create acme sales")]
pub(crate) struct Create {
    #[command(flatten)]
    named: NewlyNamed,
}

impl Create {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        place::operator().await?.create_instance(&id).await?;
        output::line(&format!("Instance {id} is made. It has no device yet."))
    }
}
