//! The client version: configured, or an item that is changed without a deploy.

use std::sync::Arc;

use domain::clock::{Clock, SystemClock};
use leave_group::service::Service;
use local_stack::traffic::{CallFault, Traffic};
use store::client_version::SetVersion;
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, Shape, ask};

async fn set(rig: &Rig, version: &str) {
    let set = SetVersion { version: version.parse().unwrap(), set_at: SystemClock::new().now() };
    rig.provisioner.write(vec![set.put()]).await.unwrap();
}

/// One leave; its status, and the version that WhatsApp was shown.
async fn shown(rig: &Rig, service: &Service) -> (u16, String) {
    rig.simulator().add_member(GROUP, &rig.device.phone);
    let reply = ask(service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
    let record = rig.simulator().record();
    (reply.status, record.login_attempts.last().unwrap().version.clone())
}

#[tokio::test]
async fn the_configured_version_counts_while_none_is_set() {
    let rig = Rig::start().await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let configured = [("WHATSAPP_VERSION", "2.3000.7")];
    let service = rig.service_with(clock, &Traffic::new(), &configured);
    assert_eq!(shown(&rig, &service).await, (200, "2.3000.7".to_owned()));
    set(&rig, "2.3000.8").await;
    let process = rig.process_with(&configured).await;
    rig.simulator().add_member(GROUP, &rig.device.phone);
    process.send(&Request::leave(ACCOUNT_TOKEN, "sales", GROUP), Shape::HttpApi).await;
    assert_eq!(rig.simulator().record().login_attempts.last().unwrap().version, "2.3000.8");
}

#[tokio::test]
async fn the_version_is_read_at_the_start_and_costs_no_call_of_a_request() {
    let rig = Rig::start().await;
    set(&rig, "2.3000.8").await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    service.engine.preload().await;
    assert_eq!(traffic.operations(), ["Query"], "with the data keys");
    traffic.clear();
    assert_eq!(shown(&rig, &service).await, (200, "2.3000.8".to_owned()));
    let reads = traffic.operations().into_iter().filter(|call| call == "GetItem").count();
    assert_eq!(reads, 1, "the group's row alone");
}

#[tokio::test(start_paused = true)]
async fn an_environment_shows_what_it_has_read_for_minutes() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let budget = || domain::clock::Budget::of(std::time::Duration::from_secs(5));
    set(&rig, "2.3000.8").await;
    assert_eq!(service.engine.versions.current(budget()).await.to_string(), "2.3000.8");
    set(&rig, "2.3000.9").await;
    tokio::time::advance(std::time::Duration::from_mins(4)).await;
    assert_eq!(service.engine.versions.current(budget()).await.to_string(), "2.3000.8");
    tokio::time::advance(std::time::Duration::from_mins(2)).await;
    assert_eq!(service.engine.versions.current(budget()).await.to_string(), "2.3000.9");
}

#[tokio::test]
async fn a_refused_version_is_read_again_at_once() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    service.engine.preload().await;
    let refused = Reaction::Failure { reason: 405, expire: None };
    rig.simulator().script(Fault::new(Moment::Login, refused));
    assert_eq!(shown(&rig, &service).await.0, 503);
    set(&rig, "2.3000.9").await;
    assert_eq!(shown(&rig, &service).await, (200, "2.3000.9".to_owned()));
}

#[tokio::test]
async fn a_version_that_cannot_be_read_is_the_one_that_is_known() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let service = rig.service_with(clock, &traffic, &[("WHATSAPP_VERSION", "2.3000.7")]);
    set(&rig, "2.3000.8").await;
    traffic.plan("Query", CallFault::Refuse("AccessDeniedException"));
    service.engine.preload().await;
    assert_eq!(traffic.unused_faults(), 0);
    let mut corrupt = rig.provisioner.item("KEYS", "VERSION").await.unwrap().unwrap();
    corrupt.insert("version".to_owned(), local_stack::items::text("newest"));
    rig.provisioner.put(corrupt).await.unwrap();
    assert_eq!(shown(&rig, &service).await, (200, "2.3000.7".to_owned()));
}
