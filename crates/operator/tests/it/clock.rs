//! A machine whose clock is off: nothing is taken, compared or written by it before it
//! was compared with DynamoDB's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use domain::clock::{Clock, SystemClock, UnixMillis};
use local_stack::items::{Item, number, text};
use local_stack::traffic::Traffic;
use operation::config::Config;
use operator::history::Standing;
use operator::instances::Unblocked;
use operator::{Operator, OperatorError};

use crate::rig::{Rig, id};
use operation::engine::{Ports, http_client};

/// A machine 45 s ahead: more than any lease lasts. It is put right by the first `Date`.
#[derive(Debug, Default)]
struct Ahead {
    machine: SystemClock,
    is_compared: AtomicBool,
}

impl Clock for Ahead {
    fn now(&self) -> UnixMillis {
        let off = if self.is_compared() { Duration::ZERO } else { Duration::from_secs(45) };
        self.machine.now().plus(off)
    }

    fn is_compared(&self) -> bool {
        self.is_compared.load(Ordering::SeqCst)
    }

    fn observe(&self, _: i64, _: SystemTime) {
        self.is_compared.store(true, Ordering::SeqCst);
    }
}

/// An operator that has just been started on such a machine.
fn started(rig: &Rig) -> Operator {
    let mut environment = rig.backends.environment();
    environment.insert("LEASE_WAIT_MS".to_owned(), "0".to_owned());
    let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
    let http = Traffic::new().watch(http_client().unwrap());
    Operator::through(&config, Arc::new(Ahead::default()), Ports::with_http(http)).unwrap()
}

fn is_busy<T>(outcome: &Result<T, OperatorError>) -> bool {
    matches!(outcome, Err(OperatorError::Busy { .. }))
}

#[tokio::test]
async fn no_command_takes_a_lease_that_still_lasts() {
    let rig = Rig::start().await;
    let device = rig.device("5511999990001");
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    let mut session = rig.session("sales").await;
    let until = SystemClock::new().now().plus(Duration::from_secs(20));
    session.insert("lease_owner".to_owned(), text("a run"));
    session.insert("lease_until".to_owned(), number(until.0));
    rig.provisioner.put(session.clone()).await.unwrap();

    let (sales, new) = (id("sales"), "other".parse().unwrap());
    assert!(is_busy(&started(&rig).sync_roster(&sales).await));
    assert!(is_busy(
        &started(&rig).rehearse(&sales, &["120363406289005073@g.us".to_owned()]).await
    ));
    assert!(is_busy(&started(&rig).verify(&sales, &device).await));
    assert!(is_busy(&started(&rig).store_linked(&sales, &device).await));
    assert!(is_busy(&started(&rig).delete_instance(&sales).await));
    assert!(is_busy(&started(&rig).rename_instance(&sales, &new).await));
    assert_eq!(rig.session("sales").await, session);
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn what_is_compared_is_compared_by_dynamodbs_time() {
    let rig = Rig::start().await;
    let device = rig.device("5511999990001");
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    let mut session = rig.session("sales").await;
    let soon = SystemClock::new().now().plus(Duration::from_secs(20));
    let intent = aws_sdk_dynamodb::types::AttributeValue::M(std::collections::HashMap::from([
        ("by".to_owned(), text("a run")),
        ("at".to_owned(), number(SystemClock::new().now().0)),
    ]));
    let intents = std::collections::HashMap::from([("1-1@g.us".to_owned(), intent)]);
    session.insert("intents".to_owned(), aws_sdk_dynamodb::types::AttributeValue::M(intents));
    session.insert("lease_owner".to_owned(), text("a run"));
    for name in ["lease_until", "blocked_until"] {
        session.insert(name.to_owned(), number(soon.0));
    }
    session.insert("blocked_by".to_owned(), text("throttled"));
    rig.provisioner.put(session).await.unwrap();

    let history = started(&rig).history(&id("sales")).await.unwrap();
    assert_eq!(history.unresolved[0].state, Standing::UnderWay);
    let details = started(&rig).instance(&id("sales")).await.unwrap();
    assert_eq!(details.leased_until, Some(soon));
    let block = started(&rig).block(&id("sales")).await.unwrap();
    assert!(matches!(block, Some(Unblocked { until, .. }) if until == soon), "{block:?}");

    let before = SystemClock::new().now();
    started(&rig).create_instance(&id("support")).await.unwrap();
    let created = Item(&rig.session("support").await).optional_number("created_at").unwrap();
    assert!(UnixMillis(created).since(before) < Duration::from_secs(30), "{created}");
}
