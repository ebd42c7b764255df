//! Backends with one account, one linked instance and one group, and ways to
//! run the function before them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::{Clock, SystemClock};
use domain::credentials::Credentials;
use domain::group::{Group, GroupKind};
use domain::tenant::{InstanceId, InstanceName};
use domain::token::Scope;
use domain::token::Token;
use leave_group::config::Config;
use leave_group::entry::{self, Invocation};
use leave_group::service::Service;
use local_stack::function::Function;
use local_stack::items::{Attributes, Item};
use local_stack::provision::Provisioner;
use local_stack::runtime_api::{Outcome, RuntimeApi};
use local_stack::traffic::Traffic;
use local_stack::{Backends, Options};
use operation::engine::{Ports, http_client};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use whatsapp_simulator::{Device, NewGroup, Rank, Simulator};

use super::event::{Reply, Request, Shape};
use super::release::{self, Release};

/// The token of account `acme`, which the files of `events/` carry.
pub const ACCOUNT_TOKEN: &str = "leave-group-example-token-0001";
/// The token of `acme`'s instance `sales` alone.
pub const INSTANCE_TOKEN: &str = "leave-group-example-token-sales";
/// The group that the API's page and the files of `events/` name.
pub const GROUP: &str = "120363406289005073@g.us";
/// The browser's origin that may call.
pub const ORIGIN: &str = "https://app.example.com";
/// Longest time that a test waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(29);

/// Backends with `acme/sales`, which is in [`GROUP`] with the invite `ABC123XYZ`.
pub struct Rig {
    pub backends: Backends,
    pub provisioner: Provisioner,
    pub device: Device,
}

impl Rig {
    pub async fn start() -> Self {
        let backends = Backends::start(&Options::default()).await.unwrap();
        let provisioner = backends.provisioner().unwrap();
        let account = "acme".parse().unwrap();
        let token = Token::new(ACCOUNT_TOKEN).unwrap();
        provisioner.token(&token, &account, &Scope::Account, 100).await.unwrap();
        let token = Token::new(INSTANCE_TOKEN).unwrap();
        let scope = Scope::Instance("sales".parse().unwrap());
        provisioner.token(&token, &account, &scope, 100).await.unwrap();
        let device = link(&backends, &provisioner, "acme", "sales", "5511999990001").await;
        let rig = Self { backends, provisioner, device };
        rig.simulator().create_group(
            NewGroup::new("Leads")
                .jid(GROUP)
                .invite("ABC123XYZ")
                .member("5511988880000", Rank::Superadmin)
                .member(&rig.device.phone, Rank::Member),
        );
        rig.roster(GROUP, GroupKind::Group).await;
        rig
    }

    pub fn simulator(&self) -> &Simulator {
        self.backends.simulator().unwrap()
    }

    /// Another instance with a device of its own.
    pub async fn link(&self, account: &str, name: &str, phone: &str) -> Device {
        link(&self.backends, &self.provisioner, account, name, phone).await
    }

    /// A further group that `acme/sales` is in, known to the roster or not.
    pub async fn group(&self, group: NewGroup, known_as: Option<GroupKind>) -> String {
        let jid = self.simulator().create_group(group.member(&self.device.phone, Rank::Member));
        if let Some(kind) = known_as {
            self.roster(&jid, kind).await;
        }
        jid
    }

    /// A roster row of `acme/sales`.
    pub async fn roster(&self, jid: &str, kind: GroupKind) {
        let group = Group { jid: jid.parse().unwrap(), kind };
        self.provisioner.group(&id("acme", "sales"), &group).await.unwrap();
    }

    /// The items of `acme/sales`, by their sort key.
    pub async fn items(&self) -> BTreeMap<String, Attributes> {
        let items = self.provisioner.items().await.unwrap();
        items
            .into_iter()
            .filter(|item| Item(item).text("pk") == Ok("INSTANCE#acme#sales"))
            .map(|item| (Item(&item).text("sk").unwrap().to_owned(), item))
            .collect()
    }

    /// The session item of `acme/sales`.
    pub async fn session(&self) -> Attributes {
        self.items().await.remove("SESSION").unwrap()
    }

    /// Ends whatever lease there is, as its time would: in the past, not removed.
    pub async fn expire_lease(&self) {
        let mut session = self.session().await;
        if session.contains_key("lease_until") {
            session.insert("lease_until".to_owned(), AttributeValue::N("1".to_owned()));
            self.provisioner.put(session).await.unwrap();
        }
    }

    /// How many leaves the history has.
    pub async fn history(&self) -> usize {
        self.items().await.keys().filter(|sk| sk.starts_with("LEFT#")).count()
    }

    /// Asserts that nothing of a run is left: no lease and no intent.
    pub async fn assert_settled(&self) {
        let session = self.session().await;
        assert!(!session.contains_key("lease_owner"), "a lease is left: {session:?}");
        assert!(!session.contains_key("lease_until"), "a lease is left: {session:?}");
        assert!(
            Item(&session).map("intents").unwrap().is_empty(),
            "an intent is left: {session:?}"
        );
    }

    /// The function's environment, with changes.
    pub fn environment(&self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut environment = self.backends.environment();
        environment.insert("LOG_LEVEL".to_owned(), "DEBUG".to_owned());
        environment.insert("ALLOWED_ORIGINS".to_owned(), ORIGIN.to_owned());
        for (name, value) in changes {
            environment.insert((*name).to_owned(), (*value).to_owned());
        }
        environment
    }

    /// The real binary behind a Runtime API of its own.
    pub async fn process(&self) -> Process {
        self.process_with(&[]).await
    }

    pub async fn process_with(&self, changes: &[(&str, &str)]) -> Process {
        self.process_of(Release::This, changes).await
    }

    /// The binary of this release, or of the one before.
    pub async fn process_of(&self, release: Release, changes: &[(&str, &str)]) -> Process {
        let binary = release.bootstrap().await;
        let runtime = RuntimeApi::start().await.unwrap();
        let function = Function::spawn(&binary, &self.environment(changes), &runtime).unwrap();
        Process { runtime, function }
    }

    /// The function in this process, on the given clock, its calls watched.
    pub fn service(&self, clock: Arc<dyn Clock>, traffic: &Traffic) -> Arc<Service> {
        self.service_with(clock, traffic, &[])
    }

    pub fn service_with(
        &self,
        clock: Arc<dyn Clock>,
        traffic: &Traffic,
        changes: &[(&str, &str)],
    ) -> Arc<Service> {
        let environment = self.environment(changes);
        let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
        let http = traffic.watch(http_client().unwrap());
        Arc::new(Service::through(&config, clock, Ports::with_http(http)).unwrap())
    }

    /// The same on the machine's clock.
    pub fn local(&self, traffic: &Traffic) -> Arc<Service> {
        self.service(Arc::new(SystemClock::new()), traffic)
    }
}

async fn link(
    backends: &Backends,
    provisioner: &Provisioner,
    account: &str,
    name: &str,
    phone: &str,
) -> Device {
    let device = backends.simulator().unwrap().link_device(phone);
    let credentials = Credentials {
        noise_private_key: zeroize::Zeroizing::new(device.noise_private_key),
        device: device.jid.parse().unwrap(),
        lid: Some(device.lid.clone()),
        proxy: None,
    };
    provisioner.linked(&id(account, name), &credentials).await.unwrap();
    device
}

/// An instance, also one with a name that cannot be made any more.
pub fn id(account: &str, name: &str) -> InstanceId {
    InstanceId { account: account.parse().unwrap(), name: InstanceName::of_stored(name).unwrap() }
}

/// The real binary before a Runtime API that others may ask too.
pub fn spawn(environment: &BTreeMap<String, String>, runtime: &RuntimeApi) -> Function {
    Function::spawn(&release::this(), environment, runtime).unwrap()
}

/// A running `bootstrap` and its Runtime API.
pub struct Process {
    pub runtime: RuntimeApi,
    pub function: Function,
}

impl Process {
    /// One event in, its answer out.
    pub async fn send(&self, request: &Request, shape: Shape) -> Reply {
        self.event(&request.event(shape)).await
    }

    pub async fn event(&self, event: &str) -> Reply {
        match self.outcome(event).await {
            Outcome::Response(answer) => Reply::read(&answer),
            Outcome::Error(error) => panic!("an error in place of an answer: {error}"),
        }
    }

    /// Waits for something on a run's way. Where the run ends without it the test fails, and
    /// does not wait for ever.
    pub async fn on_its_way(
        &self,
        answer: &mut oneshot::Receiver<Outcome>,
        reached: impl Future<Output = ()>,
    ) {
        tokio::select! {
            () = reached => {}
            ended = answer => panic!("it ended before: {ended:?}\n{}", self.function.output()),
        }
    }

    pub async fn outcome(&self, event: &str) -> Outcome {
        let answer = tokio::time::timeout(TIMEOUT, self.runtime.invoke(event, TIMEOUT)).await;
        answer
            .unwrap_or_else(|_| panic!("no answer; output:\n{}", self.function.output()))
            .unwrap_or_else(|| panic!("the process died; output:\n{}", self.function.output()))
    }
}

/// One request to the function in this process.
pub async fn ask(service: &Service, request: &Request) -> Reply {
    ask_within(service, request, TIMEOUT).await
}

/// The same, with less time until Lambda would end it.
pub async fn ask_within(service: &Service, request: &Request, remaining: Duration) -> Reply {
    let event = RawValue::from_string(request.event(Shape::HttpApi)).unwrap();
    let invocation = Invocation { request_id: "request".to_owned(), trace_id: None, remaining };
    Reply::read(entry::handle(service, &event, invocation).await.unwrap().get())
}

/// One leave command to the function in this process, and its answer.
pub async fn command(service: &Service, instance: &str, identifiers: &[&str]) -> Value {
    let command = json!({
        "action": "leave", "account": "acme", "instance": instance, "identifiers": identifiers
    });
    let event = RawValue::from_string(command.to_string()).unwrap();
    let request_id = "request".to_owned();
    let invocation = Invocation { request_id, trace_id: None, remaining: TIMEOUT };
    let answer = entry::handle(service, &event, invocation).await.unwrap();
    serde_json::from_str(answer.get()).unwrap()
}

/// The partition of a token's item.
pub fn token_partition(token: &str) -> String {
    format!("TOKEN#{}", Token::new(token).unwrap().hash().to_hex())
}

/// The body of a refusal.
pub fn envelope(message: &str) -> String {
    format!(r#"{{"success":false,"error":{{"message":"{message}"}}}}"#)
}

/// The body of a 200.
pub fn success(jid: &str) -> String {
    format!(r#"{{"success":true,"message":"Successfully left the group","groupJid":"{jid}"}}"#)
}
