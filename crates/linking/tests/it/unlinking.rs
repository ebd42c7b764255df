//! Taking a device off its account.

#![expect(clippy::disallowed_methods, reason = "what the simulator says is compared")]

use std::time::Duration;

use domain::clock::{Budget, Clock};
use linking::unlink;
use tokio::time::{Instant, sleep_until};
use whatsapp::{Abandoned, Failure, Pause, Refusal, Step};
use whatsapp_simulator::{Moment, Reaction, StreamErrorKind};

use crate::account::{Account, LONG, refusal};

#[tokio::test]
async fn an_unlinked_device_is_gone_and_logs_in_no_more() {
    let account = Account::new().await;
    let linked = account.link_by_qr().await.unwrap();
    let mut online = account.log_in(&linked.credentials).await;
    unlink(&mut online, &linked.credentials.device, Budget::of(LONG)).await.unwrap();

    assert!(account.phone.companions().is_empty());
    let budget = Budget::of(LONG);
    let greeted = account.dialer.greet(budget, account.clock.now()).await.unwrap();
    let Err(Abandoned::Failed(failure)) = greeted.login(&linked.credentials, budget, || true).await
    else {
        panic!("it logged in");
    };
    assert!(failure.is_logged_out(), "{failure:?}");
}

#[tokio::test]
async fn being_removed_before_the_answer_is_no_failure() {
    let account = Account::new().await;
    let linked = account.link_by_qr().await.unwrap();
    let mut online = account.log_in(&linked.credentials).await;
    account.fails(Moment::Unlink, Reaction::StreamError(StreamErrorKind::DeviceRemoved));
    unlink(&mut online, &linked.credentials.device, Budget::of(LONG)).await.unwrap();
}

#[tokio::test]
async fn a_refused_unlinking_leaves_the_device() {
    let account = Account::new().await;
    let linked = account.link_by_qr().await.unwrap();
    let mut online = account.log_in(&linked.credentials).await;
    account.fails(Moment::Unlink, refusal(500));
    let refused = unlink(&mut online, &linked.credentials.device, Budget::of(LONG)).await;
    assert_eq!(refused, Err(Failure::Iq(Refusal::new(500, Pause::default()))));
    assert_eq!(account.phone.companions(), [linked.credentials.device.to_string()]);
}

/// Whoever unlinks holds the lease: question, answer and the close share its time.
#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_it_longer_than_its_budget() {
    let account = Account::new().await;
    let linked = account.link_by_qr().await.unwrap();
    let mut online = account.log_in(&linked.credentials).await;
    account.fails(Moment::Unlink, Reaction::Silence);
    let whole = Duration::from_secs(2);
    let budget = Budget::of(whole);
    // Thrice the time is what three steps of it would take.
    let late = Instant::now() + 2 * whole;
    let unlinking = unlink(&mut online, &linked.credentials.device, budget);
    tokio::select! {
        biased;
        outcome = unlinking => assert_eq!(outcome, Err(Failure::Timeout(Step::Iq))),
        () = sleep_until(late) => panic!("it goes on after its budget"),
    }
    account.all_faults_were_met();
}
