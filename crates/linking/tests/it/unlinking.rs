//! Taking a device off its account.

use leave_group::clock::{Budget, Clock};
use leave_group::whatsapp::{Abandoned, Failure, Pause};
use linking::unlink;
use whatsapp_simulator::{Moment, Reaction, StreamErrorKind};

use crate::account::{Account, LONG, refusal, timing};

#[tokio::test]
async fn an_unlinked_device_is_gone_and_logs_in_no_more() {
    let account = Account::new().await;
    let linked = account.link_by_qr().await.unwrap();
    let online = account.log_in(&linked.credentials).await;
    unlink(online, &linked.credentials.device, &timing()).await.unwrap();

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
    let online = account.log_in(&linked.credentials).await;
    account.fails(Moment::Unlink, Reaction::StreamError(StreamErrorKind::DeviceRemoved));
    unlink(online, &linked.credentials.device, &timing()).await.unwrap();
}

#[tokio::test]
async fn a_refused_unlinking_leaves_the_device() {
    let account = Account::new().await;
    let linked = account.link_by_qr().await.unwrap();
    let online = account.log_in(&linked.credentials).await;
    account.fails(Moment::Unlink, refusal(500));
    let refused = unlink(online, &linked.credentials.device, &timing()).await;
    assert_eq!(refused, Err(Failure::Iq { code: 500, backoff: Pause::default() }));
    assert_eq!(account.phone.companions(), [linked.credentials.device.to_string()]);
}
