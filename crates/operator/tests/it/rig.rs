//! An operator before an embedded table with account `acme`, on a clock that stands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use domain::clock::{Clock, UnixMillis};
use domain::credentials::Credentials;
use domain::tenant::InstanceId;
use local_stack::items::{Attributes, Item};
use local_stack::manual_clock::ManualClock;
use local_stack::provision::Provisioner;
use local_stack::traffic::{CallFault, Traffic};
use local_stack::{Backends, Options};
use operation::config::Config;
use operation::engine::{Ports, http_client};
use operator::Operator;
use whatsapp_simulator::Simulator;

pub struct Rig {
    pub backends: Backends,
    pub provisioner: Provisioner,
    pub operator: Operator,
    pub clock: Arc<ManualClock>,
    pub traffic: Traffic,
}

impl Rig {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same, with other values for variables.
    pub async fn with(changes: &[(&str, &str)]) -> Self {
        let backends = Backends::start(&Options::default()).await.unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let clock = Arc::new(ManualClock::at(UnixMillis(u64::try_from(now).unwrap())));
        let traffic = Traffic::new();
        let http = traffic.watch(http_client().unwrap());
        let mut environment = backends.environment();
        for (name, value) in changes {
            environment.insert((*name).to_owned(), (*value).to_owned());
        }
        let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
        let operator = Operator::through(&config, clock.clone(), Ports::with_http(http)).unwrap();
        operator.create_account(&"acme".parse().unwrap(), None).await.unwrap();
        let provisioner = backends.provisioner().unwrap();
        Self { backends, provisioner, operator, clock, traffic }
    }

    /// That happens to every call of an operation from here on, as often as it is
    /// tried again.
    pub fn lose(&self, operation: &str, fault: &CallFault) {
        for _ in 0..40 {
            self.traffic.plan(operation, fault.clone());
        }
    }

    pub fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// The items whose partition key begins so, by both keys.
    pub async fn items(&self, prefix: &str) -> BTreeMap<(String, String), Attributes> {
        let items = self.provisioner.items().await.unwrap();
        let keyed = items.into_iter().map(|item| {
            let key = |name| Item(&item).optional_text(name).unwrap().to_owned();
            ((key("pk"), key("sk")), item)
        });
        keyed.filter(|((pk, _), _)| pk.starts_with(prefix)).collect()
    }

    pub fn simulator(&self) -> &Simulator {
        self.backends.simulator().unwrap()
    }

    /// A new device of a number.
    pub fn device(&self, phone: &str) -> Credentials {
        let device = self.simulator().link_device(phone);
        Credentials {
            noise_private_key: zeroize::Zeroizing::new(device.noise_private_key),
            device: device.jid.parse().unwrap(),
            lid: Some(device.lid),
            proxy: None,
        }
    }

    pub async fn session(&self, name: &str) -> Attributes {
        let pk = format!("INSTANCE#acme#{name}");
        self.provisioner.item(&pk, "SESSION").await.unwrap().unwrap()
    }

    pub async fn opens(&self, name: &str, credentials: &Credentials) {
        let opened = self.provisioner.credentials(&id(name)).await.unwrap().unwrap();
        assert_eq!(*opened.noise_private_key, *credentials.noise_private_key);
        assert_eq!(opened.device, credentials.device);
    }
}

pub fn id(name: &str) -> InstanceId {
    InstanceId { account: "acme".parse().unwrap(), name: name.parse().unwrap() }
}
