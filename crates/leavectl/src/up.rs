//! `leavectl up`: everything on this machine, seeded and ready to be asked.

mod listen;
pub(crate) mod printed;
pub(crate) mod refused;
mod signals;
mod told;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use local_stack::data_folder::{Claim, DataFolder};
use local_stack::front::Front;
use local_stack::phones::{self, Phones};
use local_stack::seed::{Seeded, seed};
use local_stack::{Backends, Options, StackError};
use tokio::net::TcpListener;

use self::signals::Signals;
use self::told::Told;
use crate::failure::Failure;
use crate::{env, output};

/// Start DynamoDB, WhatsApp and the function on this machine, with demonstration data
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl up
  leavectl up --data ./stack --listen 9100
  leavectl up --listen 0 --json")]
pub(crate) struct Up {
    /// HTTP address of the API, or its port alone; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9000", value_parser = listen::parse)]
    listen: SocketAddr,
    /// Keep the database and the keys in this folder, one stack at a time; without it all is in memory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Use that DynamoDB in place of the embedded one
    #[arg(long, value_name = "URL", value_parser = listen::http)]
    dynamodb: Option<String>,
    /// Use that WhatsApp in place of the simulated one
    #[arg(long, value_name = "URL", requires = "whatsapp_root")]
    whatsapp: Option<String>,
    /// Its Noise root key, 64 hex digits
    #[arg(long, value_name = "HEX", requires = "whatsapp", value_parser = listen::root_key)]
    whatsapp_root: Option<String>,
    /// Print one JSON object on the first line, and nothing else on stdout
    #[arg(long)]
    json: bool,
}

/// What runs, to be ended in the end.
struct Stack {
    backends: Backends,
    front: Front,
    phones: Option<Phones>,
    seeded: Seeded,
}

impl Up {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        // Before anything else, so that no signal finds us without a handler.
        let mut signals = Signals::new()?;
        let has_folder = self.data.is_some();
        let told = |error| refused::told(error, has_folder);
        // Before anything in the folder is read.
        let mut folder = match &self.data {
            Some(path) => match DataFolder::claim(path).await.map_err(told)? {
                Claim::Ours(folder) => Some(folder),
                Claim::Held(holder) => return Err(refused::taken(path, holder.as_ref())),
            },
            None => None,
        };
        let listener = Front::bind(self.listen).await.map_err(told)?;
        let options = Options {
            data: self.data,
            dynamodb: self.dynamodb,
            whatsapp: self.whatsapp.zip(self.whatsapp_root),
        };
        let given = options.dynamodb.clone();
        let starting = Box::pin(Stack::start(&options, listener));
        let stack = tokio::select! {
            biased;
            // Told to end before it had begun.
            () = signals.any() => return Ok(()),
            started = starting => {
                started.map_err(|error| refused::unanswered(error, given.as_deref(), told))?
            }
        };
        let exports = env::exports(&stack.environment());
        let url = stack.front.url();
        if let Some(folder) = &mut folder {
            folder.ready(&url, &format!("{exports}\n")).map_err(told)?;
        }
        let simulated_phones = stack.phones.as_ref().map(Phones::url);
        let said = Told {
            url: &url,
            backends: &stack.backends,
            simulated_phones: simulated_phones.as_deref(),
            seeded: &stack.seeded,
            exports: &exports,
        };
        // Its texts are our own, and lines to copy stay as they are.
        output::raw(&if self.json { said.json()? } else { said.lines() })?;

        signals.any().await;
        if let Some(folder) = &mut folder {
            folder.ending();
        }
        stack.stop().await;
        // Only now may another one have the folder.
        drop(folder);
        Ok(())
    }
}

impl Stack {
    async fn start(options: &Options, listener: TcpListener) -> Result<Self, StackError> {
        let backends = Backends::start(options).await?;
        let seeded = seed(&backends).await?;
        let front = Front::of(listener, &backends).await?;
        backends.persistence().caught_up().await;
        let phones = match backends.simulator() {
            Some(simulator) => Some(Phones::start(simulator).await?),
            None => None,
        };
        Ok(Self { backends, front, phones, seeded })
    }

    /// The function's variables, and where the phones are.
    fn environment(&self) -> BTreeMap<String, String> {
        let mut environment = self.backends.environment();
        let phones = self.phones.iter().map(|phones| (phones::ADDRESS.to_owned(), phones.url()));
        environment.extend(phones);
        environment
    }

    async fn stop(self) {
        drop((self.front, self.phones));
        self.backends.stop().await;
    }
}
