//! An operator before an embedded table with account `acme`, on a clock that stands.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use leave_group::aws::https_client;
use leave_group::clock::UnixMillis;
use leave_group::credentials::Credentials;
use leave_group::table::Attributes;
use leave_group::tenant::InstanceId;
use leave_group::whatsapp::tls_config;
use local_stack::manual_clock::ManualClock;
use local_stack::provision::Provisioner;
use local_stack::traffic::Traffic;
use local_stack::{Backends, Options};
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
        let backends = Backends::start(&Options::default()).await.unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let clock = Arc::new(ManualClock::at(UnixMillis(u64::try_from(now).unwrap())));
        let traffic = Traffic::new();
        let http = traffic.watch(https_client(tls_config().unwrap()));
        let config = backends.config().unwrap();
        let operator = Operator::with_http(&config, clock.clone(), http).unwrap();
        operator.create_account(&"acme".parse().unwrap(), None).await.unwrap();
        let provisioner = backends.provisioner().unwrap();
        Self { backends, provisioner, operator, clock, traffic }
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
