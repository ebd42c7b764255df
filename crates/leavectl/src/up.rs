//! `leavectl up`: everything on this machine, seeded and ready to be asked.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use local_stack::front::Front;
use local_stack::phones::{self, Phones};
use local_stack::seed::{Seeded, SeededInstance, seed};
use local_stack::{Backends, Options, StackError};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;
use crate::{env, output};

/// Start DynamoDB, WhatsApp and the function on this machine, with demonstration data
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl up
  leavectl up --data ./stack --listen 127.0.0.1:9100
  leavectl up --json > up.json &")]
pub(crate) struct Up {
    /// HTTP address of the API; port 0 picks one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Keep the database and the keys in this folder; without it all is in memory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Use that DynamoDB in place of the embedded one
    #[arg(long, value_name = "URL")]
    dynamodb: Option<String>,
    /// Use that WhatsApp in place of the simulated one
    #[arg(long, value_name = "URL", requires = "whatsapp_root")]
    whatsapp: Option<String>,
    /// Its Noise root key, 64 hex digits
    #[arg(long, value_name = "HEX", requires = "whatsapp")]
    whatsapp_root: Option<String>,
    /// Print one JSON object on the first line, and nothing else on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Running<'a> {
    url: &'a str,
    dynamodb: &'a str,
    table: &'a str,
    sealing_key: String,
    whatsapp: WhatsApp<'a>,
    /// Where the simulated phones are; `null` where WhatsApp is not the simulated one.
    simulated_phones: Option<&'a str>,
    #[serde(flatten)]
    seeded: &'a Seeded,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WhatsApp<'a> {
    url: &'a str,
    root_key: &'a str,
}

impl Up {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        // Before anything else, so that no signal finds us without a handler.
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;

        let options = Options {
            data: self.data.clone(),
            dynamodb: self.dynamodb,
            whatsapp: self.whatsapp.zip(self.whatsapp_root),
        };
        let backends = Backends::start(&options).await?;
        let seeded = seed(&backends).await?;
        let front = Front::of(self.listen, &backends).await?;
        backends.persistence().caught_up().await;

        let url = front.url();
        let phones = match backends.simulator() {
            Some(simulator) => Some(Phones::start(simulator).await?),
            None => None,
        };
        let simulated_phones = phones.as_ref().map(Phones::url);
        let mut environment = backends.environment();
        environment
            .extend(simulated_phones.iter().map(|url| (phones::ADDRESS.to_owned(), url.clone())));
        let exports = env::exports(&environment);
        if let Some(data) = &self.data {
            env::keep(data, &exports)?;
        }
        let text = if self.json {
            json(&url, &backends, simulated_phones.as_deref(), &seeded)?
        } else {
            lines(&url, &backends, &seeded, &exports)
        };
        // Its texts are our own, and lines to copy stay as they are.
        output::raw(&text)?;

        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        drop((front, phones));
        if let Some(data) = &self.data {
            env::forget(data);
        }
        backends.stop().await;
        Ok(())
    }
}

fn json(
    url: &str,
    backends: &Backends,
    simulated_phones: Option<&str>,
    seeded: &Seeded,
) -> Result<String, StackError> {
    let (whatsapp, root_key) = backends.whatsapp();
    let running = Running {
        url,
        dynamodb: backends.dynamodb(),
        table: local_stack::backends::TABLE,
        sealing_key: backends.sealing_key(),
        whatsapp: WhatsApp { url: whatsapp, root_key },
        simulated_phones,
        seeded,
    };
    serde_json::to_string(&running).map_err(|error| StackError::Io(error.into()))
}

fn lines(url: &str, backends: &Backends, seeded: &Seeded, exports: &str) -> String {
    let mut lines = vec![
        format!("API        {url}"),
        format!("DynamoDB   {}   table {}", backends.dynamodb(), local_stack::backends::TABLE),
        format!("WhatsApp   {}", backends.whatsapp().0),
        format!("Account    {}   token {}", seeded.account, seeded.account_token),
    ];
    for instance in &seeded.instances {
        lines.push(format!(
            "Instance   {}   {}   in {} groups",
            instance.name,
            instance.jid,
            instance.groups.len()
        ));
    }
    let token = &seeded.account_token;
    for (instance, identifier) in examples(&seeded.instances) {
        lines.push(format!(
            "curl -X DELETE -H 'token: {token}' '{url}/api/group/leave/{instance}?identifier={identifier}'"
        ));
    }
    lines.push("For the other commands, in another terminal:".to_owned());
    lines.push(exports.to_owned());
    lines.push("Ctrl-C stops it.".to_owned());
    lines.join("\n")
}

/// The first group by its JID, the next one by its link.
fn examples(instances: &[SeededInstance]) -> Vec<(&str, String)> {
    let groups = instances.iter().flat_map(|instance| {
        let plain = instance.groups.iter().filter(|group| group.kind == "group");
        plain.map(move |group| (instance.name.as_str(), group))
    });
    groups
        .take(2)
        .enumerate()
        .map(|(index, (instance, group))| {
            let identifier = match index {
                0 => group.jid.clone(),
                _ => format!("https://chat.whatsapp.com/{}", group.invite),
            };
            (instance, identifier)
        })
        .collect()
}
