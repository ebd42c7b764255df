//! `leavectl instance create`.

use clap::Args;
use operator::shell;

use super::NewlyNamed;
use crate::failure::Failure;
use crate::output::Format;
use crate::{json, place};

/// Make an instance without a device
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl instance create acme sales")]
pub(crate) struct Create {
    #[command(flatten)]
    named: NewlyNamed,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints: the instance.
pub(crate) type Printed = json::Instance;

impl Create {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let made = place::operator().await?.create_instance(&id).await?;
        self.format.show(
            &Printed::from(&made),
            &format!(
                "Instance {id} is made. It has no device yet. Next: `leavectl instance link {}`.",
                shell::instance(&id)
            ),
        )
    }
}
