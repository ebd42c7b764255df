//! Everything that the function needs around it: DynamoDB, WhatsApp, a sealing key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use leave_group::config::Config;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use whatsapp_simulator::{Simulator, World};
use zeroize::Zeroizing;

use crate::database::Embedded;
use crate::error::StackError;
use crate::private_files;
use crate::provision::Provisioner;

/// The table's name on the local stack.
pub const TABLE: &str = "leave-group";

/// What to start, and what to use in place of it.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// Keep the database, the simulated WhatsApp and the keys there.
    pub data: Option<PathBuf>,
    /// Use that DynamoDB in place of the embedded one.
    pub dynamodb: Option<String>,
    /// Use that WhatsApp in place of the simulated one: its address and its
    /// root key in 64 hex digits.
    pub whatsapp: Option<(String, String)>,
}

/// Running backends.
pub struct Backends {
    database: Option<Embedded>,
    dynamodb: String,
    simulator: Option<Simulator>,
    whatsapp: (String, String),
    sealing_key: Zeroizing<[u8; 32]>,
    saver: Option<JoinHandle<()>>,
    persistence: Persistence,
    world_file: Option<PathBuf>,
}

impl Backends {
    /// Starts them, and creates the table when it is missing.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn start(options: &Options) -> Result<Self, StackError> {
        let data = options.data.as_deref();
        if let Some(folder) = data {
            private_files::folder(folder).map_err(StackError::file(folder, "made"))?;
        }
        let file = |name: &str| data.map(|folder| folder.join(name));
        let sealing_key = sealing_key(file("sealing.key").as_deref())?;
        let (database, dynamodb) = if let Some(url) = &options.dynamodb {
            (None, url.clone())
        } else {
            let embedded = Embedded::start(file("dynamodb.sqlite").as_deref()).await?;
            let url = embedded.url().to_owned();
            (Some(embedded), url)
        };
        let world_file = file("whatsapp.json");
        let (simulator, whatsapp) = if let Some(whatsapp) = &options.whatsapp {
            (None, whatsapp.clone())
        } else {
            let simulator = Simulator::start(world(world_file.as_deref())?).await?;
            let whatsapp = (simulator.url(), hex::encode(simulator.root_key()));
            (Some(simulator), whatsapp)
        };
        let (saved, persistence) = Persistence::of(simulator.as_ref().zip(data).map(|pair| pair.0));
        let saver = simulator
            .clone()
            .zip(world_file.clone())
            .map(|(simulator, file)| tokio::spawn(save_on_change(simulator, file, saved)));
        let backends = Self {
            database,
            dynamodb,
            simulator,
            whatsapp,
            sealing_key,
            saver,
            persistence,
            world_file,
        };
        backends.provisioner()?.table().await?;
        Ok(backends)
    }

    /// The function's environment for these backends.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let own =
            |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        let mut environment: BTreeMap<String, String> = [
            ("TABLE_NAME", TABLE.to_owned()),
            ("AWS_REGION", own("AWS_REGION", "eu-west-1")),
            ("AWS_ACCESS_KEY_ID", own("AWS_ACCESS_KEY_ID", "local")),
            ("AWS_SECRET_ACCESS_KEY", own("AWS_SECRET_ACCESS_KEY", "local")),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.clone()),
            ("SEALING_KEY", self.sealing_key()),
            ("WHATSAPP_URL", self.whatsapp.0.clone()),
            ("WHATSAPP_ROOT_KEY", self.whatsapp.1.clone()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        for name in [
            "ALLOWED_ORIGINS",
            "LOG_LEVEL",
            "LEASE_WAIT_MS",
            "WHATSAPP_VERSION",
            "AWS_SESSION_TOKEN",
        ] {
            if let Ok(value) = std::env::var(name) {
                environment.insert(name.to_owned(), value);
            }
        }
        environment
    }

    /// The function's configuration for these backends.
    ///
    /// # Errors
    /// When an address that was given is none that the function accepts.
    pub fn config(&self) -> Result<Config, StackError> {
        let environment = self.environment();
        Ok(Config::from_lookup(|name| environment.get(name).cloned())?)
    }

    /// What puts accounts and sessions into the table.
    ///
    /// # Errors
    /// [`StackError`].
    pub fn provisioner(&self) -> Result<Provisioner, StackError> {
        Provisioner::new(&self.config()?.operation)
    }

    /// DynamoDB's address.
    pub fn dynamodb(&self) -> &str {
        &self.dynamodb
    }

    /// Whether the embedded database is used, which nobody else can reach.
    pub(crate) fn has_own_database(&self) -> bool {
        self.database.is_some()
    }

    /// WhatsApp's address and root key.
    pub fn whatsapp(&self) -> (&str, &str) {
        (&self.whatsapp.0, &self.whatsapp.1)
    }

    /// The simulated WhatsApp, unless another is used.
    pub fn simulator(&self) -> Option<&Simulator> {
        self.simulator.as_ref()
    }

    /// The sealing key in base64.
    pub fn sealing_key(&self) -> String {
        STANDARD.encode(self.sealing_key.as_slice())
    }

    /// A text of 256 bits that only this stack's key can make: the same for the
    /// same `name` after a restart, while the table holds only its hash.
    pub(crate) fn derived_token(&self, name: &str) -> String {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, self.sealing_key.as_slice());
        format!("lg_{}", hex::encode(ring::hmac::sign(&key, name.as_bytes())))
    }

    /// What tells whether the data folder has everything that happened.
    pub fn persistence(&self) -> Persistence {
        self.persistence.clone()
    }

    /// Ends everything, and writes what is kept.
    pub async fn stop(self) {
        if let Some(saver) = self.saver {
            saver.abort();
        }
        if let Some(simulator) = self.simulator {
            simulator.shutdown().await;
            if let Some(file) = &self.world_file {
                let _ = save(&simulator, file).await;
            }
        }
        if let Some(database) = self.database {
            database.stop().await;
        }
    }
}

fn sealing_key(file: Option<&Path>) -> Result<Zeroizing<[u8; 32]>, StackError> {
    let mut key = Zeroizing::new([0; 32]);
    if let Some(file) = file.filter(|file| file.exists()) {
        let failed = StackError::file(file, "read");
        let text = private_files::keep(file).and_then(|()| std::fs::read_to_string(file));
        let text = Zeroizing::new(text.map_err(failed)?);
        hex::decode_to_slice(text.trim(), key.as_mut_slice()).map_err(|_| StackError::Data {
            file: file.to_owned(),
            why: "it is no key of 64 hex digits".to_owned(),
        })?;
        return Ok(key);
    }
    SystemRandom::new()
        .fill(key.as_mut_slice())
        .map_err(|_| StackError::Database("no randomness".to_owned()))?;
    if let Some(file) = file {
        private_files::write(file, hex::encode(key.as_slice()).as_bytes())
            .map_err(StackError::file(file, "written"))?;
    }
    Ok(key)
}

fn world(file: Option<&Path>) -> Result<World, StackError> {
    let Some(file) = file.filter(|file| file.exists()) else { return Ok(World::new()) };
    let bytes = private_files::keep(file).and_then(|()| std::fs::read(file));
    let bytes = bytes.map_err(StackError::file(file, "read"))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| StackError::Data { file: file.to_owned(), why: error.to_string() })
}

async fn save_on_change(simulator: Simulator, file: PathBuf, saved: watch::Sender<u64>) {
    let mut changes = simulator.changes();
    while changes.changed().await.is_ok() {
        let change = *changes.borrow_and_update();
        let _ = save(&simulator, &file).await;
        saved.send_replace(change);
    }
}

/// How far the data folder is behind what happened. DynamoDB's file is written
/// by each call; the simulated WhatsApp's, shortly after.
#[derive(Clone, Default)]
pub struct Persistence(Option<(watch::Receiver<u64>, watch::Receiver<u64>)>);

impl Persistence {
    /// For a simulator whose world is kept; without one nothing is ever behind.
    fn of(kept: Option<&Simulator>) -> (watch::Sender<u64>, Self) {
        let changes = kept.map(Simulator::changes);
        let now = changes.as_ref().map_or(0, |changes| *changes.borrow());
        let (sender, saved) = watch::channel(now);
        (sender, Self(changes.map(|changes| (changes, saved))))
    }

    /// Waits until what has happened so far is written.
    pub async fn caught_up(&self) {
        let Some((changes, saved)) = &self.0 else { return };
        let change = *changes.borrow();
        // A saver that has ended writes once more by itself.
        let _ = saved.clone().wait_for(|saved| *saved >= change).await;
    }
}

/// Written beside and renamed over: a crash leaves the old world or the new one.
async fn save(simulator: &Simulator, file: &Path) -> std::io::Result<()> {
    let world = serde_json::to_vec(&simulator.snapshot())?;
    let beside = file.with_extension("json.new");
    private_files::write(&beside, &world)?;
    tokio::fs::rename(beside, file).await
}
