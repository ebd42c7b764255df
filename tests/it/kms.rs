//! Data keys wrapped by KMS, over its real protocol.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::{Budget, SystemClock};
use domain::credentials::Credentials;
use leave_group::config::Config;
use local_stack::items::Item;
use local_stack::provision::Provisioner;
use local_stack::proxy::Proxy;
use local_stack::traffic::CallFault;
use operation::engine::http_client;
use store::aws::sdk_config;
use store::rows::data_key;
use store::seal::Sealing;
use store::seal::{Keyring, SealError, Wrapping};
use store::table::Table;

use crate::support::{ACCOUNT_TOKEN, GROUP, Kms, Process, Reply, Request, Rig, Shape, id};

/// Attempts of one call, as the SDK makes them.
const ATTEMPTS: usize = 3;

/// A rig whose one session is sealed under KMS, and a proxy before that.
struct Sealed {
    rig: Rig,
    kms: Kms,
    proxy: Proxy,
}

impl Sealed {
    async fn start() -> Self {
        let rig = Rig::start().await;
        let kms = Kms::start(&rig.backends.config().unwrap()).await;
        let proxy = Proxy::start(&kms.url).await.unwrap();
        let sealed = Self { rig, kms, proxy };
        sealed.forget_the_local_key().await;
        let provisioner = Provisioner::new(&sealed.config().operation).unwrap();
        let device = &sealed.rig.device;
        let credentials = Credentials {
            noise_private_key: zeroize::Zeroizing::new(device.noise_private_key),
            device: device.jid.parse().unwrap(),
            lid: Some(device.lid.clone()),
            proxy: None,
        };
        provisioner.linked(&id("acme", "sales"), &credentials).await.unwrap();
        sealed.proxy.traffic().clear();
        sealed
    }

    /// The data key that the local stack wrapped by itself.
    async fn forget_the_local_key(&self) {
        for item in self.rig.provisioner.items().await.unwrap() {
            if Item(&item).text("pk") != Ok("KEYS") {
                continue;
            }
            let delete = self.rig.provisioner.client().delete_item().table_name("leave-group");
            let key = ["pk", "sk"].map(|name| {
                (name.to_owned(), AttributeValue::S(Item(&item).text(name).unwrap().to_owned()))
            });
            delete.set_key(Some(key.into())).send().await.unwrap();
        }
    }

    fn changes(&self) -> [(&'static str, String); 3] {
        [
            ("SEALING_KEY", String::new()),
            ("SEALING_KEY_ARN", self.kms.key.clone()),
            ("AWS_ENDPOINT_URL_KMS", self.proxy.url()),
        ]
    }

    fn config(&self) -> Config {
        let changes = self.changes();
        let changes: Vec<_> = changes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let environment = self.rig.environment(&changes);
        Config::from_lookup(|name| environment.get(name).cloned()).unwrap()
    }

    /// The real binary, once it has asked for its first event.
    async fn process(&self) -> Process {
        let changes = self.changes();
        let changes: Vec<_> = changes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let process = self.rig.process_with(&changes).await;
        process.runtime.asked(1).await;
        process
    }

    async fn leave(&self, process: &Process) -> Reply {
        self.rig.simulator().add_member(GROUP, &self.rig.device.phone);
        process.send(&Request::leave(ACCOUNT_TOKEN, "sales", GROUP), Shape::HttpApi).await
    }

    fn fail(&self, times: usize, fault: &CallFault) {
        for _ in 0..times {
            self.proxy.traffic().plan("Decrypt", fault.clone());
        }
    }

    fn unwrapped(&self) -> usize {
        let operations = self.proxy.traffic().operations();
        operations.iter().filter(|operation| *operation == "Decrypt").count()
    }

    fn keyring(&self, table: &str) -> Keyring {
        let config = self.config();
        let sdk = sdk_config(&config.operation.aws, http_client().unwrap());
        let clock = std::sync::Arc::new(SystemClock::new());
        let reached = Table::new(
            &config.operation.table,
            &sdk,
            config.operation.aws.dynamodb.as_deref(),
            clock,
        );
        let Sealing::Kms(key) = &config.operation.sealing else { panic!("KMS was asked for") };
        Keyring::new(
            reached,
            Wrapping::by_kms(key, table, &sdk, config.operation.aws.kms.as_deref()),
        )
    }
}

fn budget() -> Budget {
    Budget::of(Duration::from_secs(10))
}

fn lines_with<'a>(output: &'a str, text: &str) -> Vec<&'a str> {
    output.lines().filter(|line| line.contains(text)).collect()
}

#[tokio::test]
async fn a_data_key_is_unwrapped_once_while_the_environment_starts() {
    let sealed = Sealed::start().await;
    let process = sealed.process().await;
    assert_eq!(sealed.unwrapped(), 1, "before the first request");
    for _ in 0..3 {
        assert_eq!(sealed.leave(&process).await.status, 200);
    }
    assert_eq!(sealed.unwrapped(), 1, "and never again");
    assert_eq!(sealed.proxy.traffic().operations(), ["Decrypt"]);
}

#[tokio::test]
async fn a_wrapped_key_unwraps_for_its_own_table_and_its_own_id_only() {
    let sealed = Sealed::start().await;
    let ring = sealed.keyring("leave-group");
    for key in ["first", "second"] {
        let key = ring.new_data_key(key, budget()).await.unwrap();
        sealed.rig.provisioner.write(vec![data_key::put(&key)]).await.unwrap();
    }
    let owner = id("acme", "sales");
    let value = ring.seal(b"secret", &owner, "first", budget()).await.unwrap();
    let cold = sealed.keyring("leave-group");
    assert_eq!(cold.open(&value, &owner, budget()).await.unwrap().as_slice(), b"secret");

    let elsewhere = sealed.keyring("another-table");
    assert_eq!(elsewhere.open(&value, &owner, budget()).await, Err(SealError::DoesNotOpen));

    // The second key's wrapping under the first one's name.
    let mut swapped = sealed.rig.provisioner.item("KEYS", "KEY#second").await.unwrap().unwrap();
    swapped.insert("sk".to_owned(), AttributeValue::S("KEY#first".to_owned()));
    swapped.insert("key_id".to_owned(), AttributeValue::S("first".to_owned()));
    sealed.rig.provisioner.put(swapped).await.unwrap();
    let cold = sealed.keyring("leave-group");
    assert_eq!(cold.open(&value, &owner, budget()).await, Err(SealError::DoesNotOpen));
}

#[tokio::test]
async fn values_under_several_keys_are_readable_at_once() {
    let sealed = Sealed::start().await;
    let running = sealed.keyring("leave-group");
    running.preload(budget()).await.unwrap();
    let operator = sealed.keyring("leave-group");
    let owner = id("acme", "sales");
    let mut values = Vec::new();
    for key in ["old", "new"] {
        let new = operator.new_data_key(key, budget()).await.unwrap();
        sealed.rig.provisioner.write(vec![data_key::put(&new)]).await.unwrap();
        values.push(operator.seal(key.as_bytes(), &owner, key, budget()).await.unwrap());
    }
    for (value, plain) in values.iter().zip(["old", "new"]) {
        let opened = running.open(value, &owner, budget()).await.unwrap();
        assert_eq!(opened.as_slice(), plain.as_bytes());
    }
}

#[tokio::test]
async fn kms_down_at_the_start_is_one_line_and_503_until_it_works() {
    let sealed = Sealed::start().await;
    // The start's attempts, and those of one request.
    sealed.fail(2 * ATTEMPTS, &CallFault::Reset);
    let process = sealed.process().await;
    let output = process.function.output();
    let lines = lines_with(&output, "data keys are not loaded");
    assert_eq!(lines.len(), 1, "{output}");
    assert!(lines[0].contains("cannot connect"), "{output}");

    let reply = sealed.leave(&process).await;
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(
        reply.body.contains("Service is temporarily unavailable. Try again later."),
        "{reply:?}"
    );
    assert_eq!(sealed.leave(&process).await.status, 200, "the same process, once it works");
    sealed.rig.assert_settled().await;
    assert_eq!(sealed.proxy.traffic().unused_faults(), 0);
}

#[tokio::test]
async fn a_revoked_grant_stops_new_environments_and_not_those_that_have_the_key() {
    let sealed = Sealed::start().await;
    let warm = sealed.process().await;
    assert_eq!(sealed.leave(&warm).await.status, 200);

    // Its start, and one request of it: a refusal is not tried again.
    sealed.fail(2, &CallFault::Refuse("AccessDeniedException"));
    let cold = sealed.process().await;
    assert_eq!(sealed.leave(&cold).await.status, 503);
    let output = cold.function.output();
    assert!(!lines_with(&output, "AccessDeniedException").is_empty(), "{output}");
    assert_eq!(sealed.leave(&warm).await.status, 200);
    assert_eq!(sealed.leave(&cold).await.status, 200, "the grant is back");
    assert_eq!(sealed.proxy.traffic().unused_faults(), 0);
}

#[tokio::test]
async fn a_disabled_key_is_503_until_it_is_enabled() {
    let sealed = Sealed::start().await;
    sealed.kms.client.disable_key().key_id(&sealed.kms.key).send().await.unwrap();
    let process = sealed.process().await;
    assert_eq!(sealed.leave(&process).await.status, 503);
    let output = process.function.output();
    assert!(!lines_with(&output, "DisabledException").is_empty(), "{output}");
    sealed.kms.client.enable_key().key_id(&sealed.kms.key).send().await.unwrap();
    assert_eq!(sealed.leave(&process).await.status, 200);
}
