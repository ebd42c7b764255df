//! Visits: whatever happens in one, its connection is closed and its lease given back.

use std::time::Duration;

use domain::clock::Budget;
use domain::trace::Trace;
use local_stack::traffic::Traffic;
use operation::visit::{Visit, hold, visit};
use store::session::{Held, SessionEnd, Settlement};
use whatsapp::{Abandoned, Failure, Online};
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::support::{PLENTY, Rig, id};

/// A verification or a first login holds the lease whatever the state is.
#[tokio::test]
async fn a_whatsapp_that_accepts_and_stays_silent_leaves_time_for_settling() {
    for moment in [Moment::Connect, Moment::ClientHello, Moment::Login] {
        let rig = Rig::start().await;
        let service = rig.local(&Traffic::new());
        rig.simulator().script(Fault::new(moment, Reaction::Silence));
        let credentials = rig.credentials();
        let (instance, mut trace) = (id("acme", "sales"), Trace::default());
        let looking = async |visit: &mut Visit<'_>, _: &Held| {
            let budget = visit.budget();
            visit
                .online(
                    &credentials,
                    budget,
                    async {},
                    async |_: &mut Visit<'_>, _: &mut Online, ()| {},
                )
                .await
        };
        let budget = Budget::of(Duration::from_secs(3));
        let held = hold(&service.engine, &instance, Duration::ZERO, budget, &mut trace, looking);
        let mut visited = held.await.unwrap();
        let failed = visited.done.take().unwrap();
        assert!(matches!(failed, Err(Abandoned::Failed(Failure::Timeout(_)))), "{moment:?}");
        visited.settle(Settlement::default()).await.unwrap();
        rig.assert_settled().await;
        assert!(rig.simulator().unused_faults().is_empty());
    }
}

#[tokio::test]
async fn a_panic_in_the_work_gives_the_lease_back_and_keeps_what_whatsapp_said() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let (instance, mut trace) = (id("acme", "sales"), Trace::default());
    let panicking = async |visit: &mut Visit<'_>| {
        let budget = visit.budget();
        let credentials = visit.credentials(budget).await.unwrap();
        let asking = async |_: &mut Visit<'_>, _: &mut Online, ()| panic!("as it happens");
        visit.online(&credentials, budget, async {}, asking).await.unwrap();
    };
    let budget = Budget::of(PLENTY);
    let visited = visit(&service.engine, &instance, &[], budget, &mut trace, panicking).await;
    let visited = visited.unwrap();
    assert_eq!(visited.done, None);
    assert_eq!(visited.said.session, SessionEnd::Online);
    visited.settle(Settlement::default()).await.unwrap();
    rig.assert_settled().await;
    assert!(rig.session().await.contains_key("seen_at"));
    assert_eq!(rig.simulator().record().open_sockets(&rig.device.jid), 0);
}

#[tokio::test]
async fn a_visit_has_no_more_time_than_its_lease() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let (instance, mut trace) = (id("acme", "sales"), Trace::default());
    let long = Budget::of(Duration::from_mins(10));
    let looking = async |visit: &mut Visit<'_>| visit.budget().remaining();
    let visited = visit(&service.engine, &instance, &[], long, &mut trace, looking).await;
    let mut visited = visited.unwrap();
    let left = visited.done.take().unwrap();
    assert!(left <= domain::lease::LEASE.run, "{left:?}");
    visited.settle(Settlement::default()).await.unwrap();
}

/// What ends a login ends a visit: nothing is asked on a connection that was not had.
#[tokio::test]
async fn what_whatsapp_says_at_the_login_is_recorded_by_every_visit() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator()
        .script(Fault::new(Moment::Login, Reaction::Failure { reason: 401, expire: None }));
    let (instance, mut trace) = (id("acme", "sales"), Trace::default());
    let looking = async |visit: &mut Visit<'_>| {
        let budget = visit.budget();
        let credentials = visit.credentials(budget).await.unwrap();
        let asking = async |_: &mut Visit<'_>, _: &mut Online, ()| ();
        visit.online(&credentials, budget, async {}, asking).await.is_err()
    };
    let budget = Budget::of(PLENTY);
    let visited = visit(&service.engine, &instance, &[], budget, &mut trace, looking).await;
    let mut visited = visited.unwrap();
    assert_eq!(visited.done.take(), Some(true));
    visited.settle(Settlement::default()).await.unwrap();
    assert_eq!(
        local_stack::items::Item(&rig.session().await).text("session_state"),
        Ok("logged_out")
    );
}
