//! `leavectl instance set-proxy`.

use clap::Args;
use leave_group::proxy::Proxy;

use super::Named;
use crate::failure::Failure;
use crate::{output, place};

/// Send an instance's connections through a proxy of its own, or directly again
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl instance set-proxy acme sales http://user:password@proxy.example.com:3128
  leavectl instance set-proxy acme sales socks5://proxy.example.com:1080
  leavectl instance set-proxy acme sales --none

WhatsApp's name is resolved at the proxy. The address is sealed with the session;
characters such as @ and / in a password are percent-encoded.")]
pub(crate) struct SetProxy {
    #[command(flatten)]
    named: Named,
    /// http://… or socks5://…, with USER:PASSWORD@ before the host when it needs them
    #[arg(value_name = "URL", required_unless_present = "none", value_parser = proxy)]
    proxy: Option<Proxy>,
    /// Connect directly
    #[arg(long, conflicts_with = "proxy")]
    none: bool,
}

/// Clap repeats what it refuses, and this may hold a password.
pub(super) fn proxy(text: &str) -> Result<Proxy, String> {
    text.parse().map_err(|error: leave_group::proxy::NotAProxy| error.to_string())
}

impl SetProxy {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        place::operator().await?.set_proxy(&id, self.proxy.as_ref()).await?;
        let now = match self.proxy {
            Some(proxy) => format!("through {proxy}"),
            None => "directly".to_owned(),
        };
        output::line(&format!(
            "Instance {id} connects {now} from its next connection on. Try it: `leavectl instance check {} {}`",
            id.account, id.name
        ))
    }
}
