//! Backends with account `acme` and its linked instance `sales`, and `leavectl`
//! before them.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use domain::clock::{Clock, SystemClock};
use domain::credentials::Credentials;
use domain::tenant::InstanceId;
use local_stack::items::{Attributes, Item, number, text};
use local_stack::provision::Provisioner;
use local_stack::{Backends, Options};
use serde_json::Value;
use whatsapp_simulator::{Device, GroupKind, NewGroup, Rank, Simulator};

use crate::schema;

pub const GROUP: &str = "120363406289005073@g.us";
pub const COMMUNITY: &str = "120363401000000010@g.us";
pub const ANNOUNCEMENT: &str = "120363401000000011@g.us";
pub const SUBGROUP: &str = "120363401000000012@g.us";

pub struct Rig {
    pub backends: Backends,
    pub provisioner: Provisioner,
    pub device: Device,
    changes: BTreeMap<String, String>,
}

impl Rig {
    pub async fn start() -> Self {
        let backends = Backends::start(&Options::default()).await.unwrap();
        let provisioner = backends.provisioner().unwrap();
        provisioner.account(&"acme".parse().unwrap()).await.unwrap();
        let device = link(&backends, &provisioner, "sales", "5511999990001").await;
        Self { backends, provisioner, device, changes: BTreeMap::new() }
    }

    pub fn simulator(&self) -> &Simulator {
        self.backends.simulator().unwrap()
    }

    /// Another instance of `acme` with a device of its own.
    pub async fn link(&self, name: &str, phone: &str) -> Device {
        link(&self.backends, &self.provisioner, name, phone).await
    }

    /// Another value for a variable; an empty one takes it away.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.changes.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.changes.insert(name.to_owned(), value.to_owned());
    }

    /// At WhatsApp: a group, and a community with its announcement group and a subgroup.
    pub fn groups(&self) {
        let parent = || COMMUNITY.to_owned();
        for (subject, jid, kind) in [
            ("Leads", GROUP, GroupKind::Group),
            ("Neighbours", COMMUNITY, GroupKind::Community),
            ("Neighbours", ANNOUNCEMENT, GroupKind::Announcement { parent: parent() }),
            ("Garden", SUBGROUP, GroupKind::Subgroup { parent: parent() }),
        ] {
            let group = NewGroup::new(subject)
                .jid(jid)
                .kind(kind)
                .invite(&format!("Code{}", &jid[15..18]))
                .member("5511988880000", Rank::Superadmin)
                .member(&self.device.phone, Rank::Member);
            self.simulator().create_group(group);
        }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut environment = self.backends.environment();
        environment.extend(self.changes.clone());
        environment.retain(|_, value| !value.is_empty());
        let mut command = Command::new(env!("CARGO_BIN_EXE_leavectl"));
        command.args(arguments).env_clear().envs(environment);
        command
    }

    /// Runs `leavectl` to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        // The backends run on the other threads meanwhile.
        let output = tokio::task::block_in_place(|| self.command(arguments).output().unwrap());
        Ran::of(output)
    }

    /// The same, with exit code 0; returns what is on stdout.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.stdout
    }

    /// The same with `--json`.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let (code, value) = self.ended(arguments);
        assert_eq!(code, 0, "{arguments:?}: {value}");
        value
    }

    /// The same, with whatever exit code. What is printed fits the schema of its command.
    pub fn ended(&self, arguments: &[&str]) -> (i32, Value) {
        let with_json: Vec<_> = arguments.iter().copied().chain(["--json"]).collect();
        let ran = self.run(&with_json);
        assert_eq!(ran.stdout.trim_end().lines().count(), 1, "{ran:?}");
        assert_eq!(ran.stderr, "", "{arguments:?}");
        let value = serde_json::from_str(&ran.stdout).unwrap();
        schema::check(&command(arguments), &value);
        (ran.code, value)
    }

    /// Refused with `--json`: this code, and an error on stderr and nothing else.
    pub fn refused_json(&self, arguments: &[&str], code: i32, text: &str) {
        let arguments: Vec<_> = arguments.iter().copied().chain(["--json"]).collect();
        let ran = self.run(&arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{arguments:?}: {ran:?}");
        let value: Value = serde_json::from_str(&ran.stderr).unwrap();
        schema::check("error", &value);
        let message = value["error"]["message"].as_str().unwrap();
        assert!(message.contains(text), "{text} is not in {message}");
    }

    /// Refused with exit code 1 and this text, and nothing on stdout.
    pub fn refused(&self, arguments: &[&str], text: &str) {
        self.refused_with(1, arguments, text);
    }

    /// The same with another exit code.
    pub fn refused_with(&self, code: i32, arguments: &[&str], text: &str) {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.starts_with("leavectl: "), "{ran:?}");
        assert!(ran.stderr.contains(text), "{text} is not in {ran:?}");
        assert_eq!(ran.stdout, "");
    }

    /// The items whose partition key begins so, by both keys.
    pub async fn items(&self, prefix: &str) -> BTreeMap<(String, String), Attributes> {
        let items = self.provisioner.items().await.unwrap();
        items
            .into_iter()
            .map(|item| {
                let key = |name| Item(&item).optional_text(name).unwrap().to_owned();
                ((key("pk"), key("sk")), item)
            })
            .filter(|((pk, _), _)| pk.starts_with(prefix))
            .collect()
    }

    /// Lets the session remember that WhatsApp bans or throttles its number.
    pub async fn block(&self, name: &str, by: &str) {
        let mut session = self.session(name).await;
        let now = SystemClock::new().now();
        session.insert("blocked_until".to_owned(), number(now.0 + 600_000));
        session.insert("blocked_by".to_owned(), text(by));
        self.provisioner.put(session).await.unwrap();
    }

    pub async fn session(&self, name: &str) -> Attributes {
        let pk = format!("INSTANCE#acme#{name}");
        self.provisioner.item(&pk, "SESSION").await.unwrap().unwrap()
    }
}

async fn link(backends: &Backends, provisioner: &Provisioner, name: &str, phone: &str) -> Device {
    let device = backends.simulator().unwrap().link_device(phone);
    let credentials = Credentials {
        noise_private_key: zeroize::Zeroizing::new(device.noise_private_key),
        device: device.jid.parse().unwrap(),
        lid: Some(device.lid.clone()),
        proxy: None,
    };
    provisioner.linked(&id(name), &credentials).await.unwrap();
    device
}

/// An instance of `acme`.
pub fn id(name: &str) -> InstanceId {
    InstanceId { account: "acme".parse().unwrap(), name: name.parse().unwrap() }
}

/// What a process left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The schema's name of a command: of its first two words, or of the first.
fn command(arguments: &[&str]) -> String {
    let two = arguments.get(..2).map(|words| words.join("-"));
    two.filter(|name| schema::folder().join(format!("{name}.json")).exists())
        .unwrap_or_else(|| arguments[0].to_owned())
}
