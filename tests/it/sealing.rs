//! Secrets at rest: what opens, and what does not.

use std::time::Duration;

use domain::clock::Budget;
use leave_group::config::Config;
use operation::engine::http_client;
use store::aws::sdk_config;
use store::rows::data_key;
use store::seal::Sealing;
use store::seal::SealingKey;
use store::seal::{Keyring, SealError, Sealed, Wrapping};
use store::table::Table;
use zeroize::Zeroizing;

use crate::support::{Rig, id};

fn budget() -> Budget {
    Budget::of(Duration::from_secs(10))
}

fn keyring(rig: &Rig, key: Option<[u8; 32]>) -> Keyring {
    let environment = rig.environment(&[]);
    let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
    let clock = std::sync::Arc::new(domain::clock::SystemClock::new());
    let sdk = sdk_config(&config.operation.aws, http_client().unwrap());
    let table =
        Table::new(&config.operation.table, &sdk, config.operation.aws.dynamodb.as_deref(), clock);
    let own = match config.operation.sealing {
        Sealing::Key(key) => key,
        Sealing::Kms(_) => panic!("the local stack seals by a key of its own"),
    };
    let key = key.map_or(own, |key| SealingKey(Zeroizing::new(key)));
    Keyring::new(table, Wrapping::by_key(&key).unwrap())
}

async fn add_key(rig: &Rig, ring: &Keyring, id: &str) {
    let key = ring.new_data_key(id, budget()).await.unwrap();
    rig.provisioner.write(vec![data_key::put(&key)]).await.unwrap();
}

#[tokio::test]
async fn a_value_opens_for_its_own_instance_and_key_only() {
    let rig = Rig::start().await;
    let ring = keyring(&rig, None);
    for key in ["first", "second"] {
        add_key(&rig, &ring, key).await;
    }
    let owner = id("acme", "sales");
    let sealed = ring.seal(b"secret", &owner, "first", budget()).await.unwrap();
    assert_eq!(ring.open(&sealed, &owner, budget()).await.unwrap().as_slice(), b"secret");

    for stranger in [id("acme", "sale"), id("acmes", "ales"), id("other", "sales")] {
        assert_eq!(ring.open(&sealed, &stranger, budget()).await, Err(SealError::DoesNotOpen));
    }
    let renamed = Sealed { key_id: "second".to_owned(), ..sealed.clone() };
    assert_eq!(ring.open(&renamed, &owner, budget()).await, Err(SealError::DoesNotOpen));
    let unknown = Sealed { key_id: "third".to_owned(), ..sealed.clone() };
    assert_eq!(ring.open(&unknown, &owner, budget()).await, Err(SealError::UnknownKey));
}

#[tokio::test]
async fn a_value_that_was_changed_anywhere_does_not_open() {
    let rig = Rig::start().await;
    let ring = keyring(&rig, None);
    add_key(&rig, &ring, "first").await;
    let owner = id("acme", "sales");
    let sealed = ring.seal(b"secret", &owner, "first", budget()).await.unwrap();
    for place in 0..sealed.bytes.len() {
        let mut changed = sealed.clone();
        changed.bytes[place] ^= 1;
        assert_eq!(
            ring.open(&changed, &owner, budget()).await,
            Err(SealError::DoesNotOpen),
            "{place}"
        );
    }
    for length in 0..sealed.bytes.len() {
        let cut = Sealed { bytes: sealed.bytes[..length].to_vec(), ..sealed.clone() };
        assert_eq!(
            ring.open(&cut, &owner, budget()).await,
            Err(SealError::DoesNotOpen),
            "{length}"
        );
    }
}

#[tokio::test]
async fn the_same_value_is_sealed_differently_each_time() {
    let rig = Rig::start().await;
    let ring = keyring(&rig, None);
    add_key(&rig, &ring, "first").await;
    let owner = id("acme", "sales");
    let one = ring.seal(b"secret", &owner, "first", budget()).await.unwrap();
    let other = ring.seal(b"secret", &owner, "first", budget()).await.unwrap();
    assert_ne!(one.bytes, other.bytes);
}

#[tokio::test]
async fn a_data_key_made_while_an_environment_runs_is_loaded_when_it_is_needed() {
    let rig = Rig::start().await;
    let running = keyring(&rig, None);
    running.preload(budget()).await.unwrap();
    let operator = keyring(&rig, None);
    add_key(&rig, &operator, "rotated").await;
    let owner = id("acme", "sales");
    let sealed = operator.seal(b"secret", &owner, "rotated", budget()).await.unwrap();
    assert_eq!(running.open(&sealed, &owner, budget()).await.unwrap().as_slice(), b"secret");
}

#[tokio::test]
async fn another_sealing_key_unwraps_nothing() {
    let rig = Rig::start().await;
    let ring = keyring(&rig, None);
    add_key(&rig, &ring, "first").await;
    let owner = id("acme", "sales");
    let sealed = ring.seal(b"secret", &owner, "first", budget()).await.unwrap();
    let other = keyring(&rig, Some([9; 32]));
    assert_eq!(other.open(&sealed, &owner, budget()).await, Err(SealError::DoesNotOpen));
}
