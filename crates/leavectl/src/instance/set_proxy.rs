//! `leavectl instance set-proxy`.

use clap::Args;
use domain::proxy::{NotAProxy, Proxy};
use operator::shell;

use serde::Serialize;

use super::Named;
use crate::failure::Failure;
use crate::output::Format;
use crate::{json, place, stdin};

/// Send an instance's connections through a proxy of its own, or directly again
#[derive(Args)]
#[command(override_usage = "leavectl instance set-proxy <ACCOUNT> <INSTANCE> <URL>
       leavectl instance set-proxy <ACCOUNT> <INSTANCE> --none")]
#[command(after_help = "\
Examples:
  leavectl instance set-proxy acme sales http://user:password@proxy.example.com:3128
  leavectl instance set-proxy acme sales socks5://proxy.example.com:1080
  leavectl instance set-proxy acme sales - < proxy.txt
  leavectl instance set-proxy acme sales --none

WhatsApp's name is resolved at the proxy. The address is sealed with the session;
characters such as @ and / in a password are percent-encoded. Both kinds of proxy get
user and password unencrypted. With - the address is read from standard input: what
is on a command line, others can see.")]
pub(crate) struct SetProxy {
    #[command(flatten)]
    named: Named,
    /// http://… or socks5://…, with USER:PASSWORD@ before the host when it needs them; - reads it from stdin
    #[arg(value_name = "URL", required_unless_present = "none", value_parser = proxy)]
    proxy: Option<Given>,
    /// Connect directly
    #[arg(long, conflicts_with = "proxy")]
    none: bool,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed {
    /// The instance.
    #[serde(flatten)]
    named: json::Named,
    /// Its proxy, without user and password; nothing where it connects directly.
    proxy: Option<String>,
}

/// A proxy as it is given: its address may have a password in it.
#[derive(Debug, Clone)]
pub(super) enum Given {
    /// On the command line.
    Here(Proxy),
    /// On standard input.
    OnStdin,
}

impl Given {
    /// The proxy; reads standard input where it is there.
    pub(super) fn read(self) -> Result<Proxy, Failure> {
        match self {
            Self::Here(proxy) => Ok(proxy),
            Self::OnStdin => {
                let text = stdin::line("the proxy's address")?;
                text.parse().map_err(|error: NotAProxy| Failure::Refused(error.to_string()))
            }
        }
    }
}

/// Clap repeats what it refuses, and this may hold a password.
pub(super) fn proxy(text: &str) -> Result<Given, String> {
    if text == stdin::MARK {
        return Ok(Given::OnStdin);
    }
    text.parse().map(Given::Here).map_err(|error: NotAProxy| error.to_string())
}

impl SetProxy {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let proxy = self.proxy.map(Given::read).transpose()?;
        place::operator().await?.set_proxy(&id, proxy.as_ref()).await?;
        let now = match &proxy {
            Some(proxy) => format!("through {proxy}"),
            None => "directly".to_owned(),
        };
        let printed = Printed {
            named: json::Named::from(&id),
            proxy: proxy.as_ref().map(ToString::to_string),
        };
        self.format.show(
            &printed,
            &format!(
                "Instance {id} connects {now} from its next connection on. Try it: `leavectl instance check {}`",
                shell::instance(&id)
            ),
        )
    }
}
