//! What follows the pairing: a device that the phone shows is never lost.

use std::time::Duration;

use linking::{FirstLogin, LinkError, Linked, Method, Paired, Timing, Unfinished, pair};
use whatsapp::Failure;
use whatsapp_simulator::{Moment, Reaction};

use crate::account::{Account, LONG, Shown, refusal, timing};

/// It is linked, whatever became of the first login: it logs in.
async fn assert_linked(account: &Account, linked: &Linked) {
    assert_eq!(account.phone.companions(), [linked.credentials.device.to_string()]);
    let online = account.log_in(&linked.credentials).await;
    drop(online);
}

#[tokio::test]
async fn the_phone_gets_keys_and_receipts() {
    let account = Account::new().await;
    let linked = account.link_by_qr().await.unwrap();
    let jid = linked.credentials.device.to_string();

    assert_eq!(linked.unfinished, None);
    // One of the 812 is the phone's.
    assert_eq!(account.simulator.pre_keys(&jid), 811);
    let record = account.simulator.record();
    assert_eq!(record.receipts(&jid), ["peer_msg", "peer_msg", "hist_sync"]);
    assert_eq!(account.simulator.offline_queued(&jid), 0);
    let passive: Vec<bool> = record.login_attempts.iter().map(|login| login.passive).collect();
    assert_eq!(passive, [true]);
}

#[tokio::test]
async fn a_connection_lost_after_the_phone_answered_still_links() {
    for reaction in [Reaction::DropAfterApply, Reaction::Noise] {
        let account = Account::with(Moment::PairDeviceSign, reaction).await;
        let linked = account.link_by_qr().await.unwrap();
        assert_eq!(linked.unfinished, None);
        assert_linked(&account, &linked).await;
        account.all_faults_were_met();
    }
}

#[tokio::test]
async fn a_device_that_whatsapp_does_not_know_is_not_linked() {
    let account = Account::with(Moment::PairDeviceSign, Reaction::Drop).await;
    assert_eq!(account.link_by_qr().await.unwrap_err(), LinkError::NotAccepted);
    assert!(account.phone.companions().is_empty());
    account.all_faults_were_met();
}

#[tokio::test]
async fn keys_that_differ_are_uploaded_once_more() {
    let account = Account::with(Moment::Digest, Reaction::WrongDigest).await;
    let linked = account.link_by_qr().await.unwrap();
    assert_eq!(linked.unfinished, None);
    account.all_faults_were_met();

    let account = Account::with(Moment::Digest, Reaction::WrongDigest).await;
    account.fails(Moment::Digest, Reaction::WrongDigest);
    let linked = account.link_by_qr().await.unwrap();
    assert_eq!(linked.unfinished, Some(Unfinished::KeysDiffer));
    assert_linked(&account, &linked).await;
    account.all_faults_were_met();
}

#[tokio::test]
async fn keys_that_whatsapp_does_not_have_are_uploaded_once_more() {
    let account = Account::with(Moment::Digest, refusal(404)).await;
    let linked = account.link_by_qr().await.unwrap();
    assert_eq!(linked.unfinished, None);
    account.all_faults_were_met();
}

#[tokio::test]
async fn refused_keys_leave_a_linked_device() {
    let account = Account::with(Moment::PreKeyUpload, refusal(406)).await;
    let linked = account.link_by_qr().await.unwrap();
    assert_eq!(linked.unfinished, Some(Unfinished::Refused { code: 406 }));
    assert_linked(&account, &linked).await;
}

#[tokio::test]
async fn a_lost_first_login_is_tried_again_with_the_same_keys() {
    for moment in [Moment::Login, Moment::PreKeyCount, Moment::PreKeyUpload, Moment::Activate] {
        for reaction in [Reaction::Drop, Reaction::DropAfterApply] {
            let account = Account::with(moment, reaction).await;
            let linked = account.link_by_qr().await.unwrap();
            assert_eq!(linked.unfinished, None, "{moment:?}");
            let jid = linked.credentials.device.to_string();
            assert_eq!(account.simulator.pre_keys(&jid), 811, "{moment:?}");
            account.all_faults_were_met();
        }
    }
}

#[tokio::test]
async fn after_three_lost_logins_the_credentials_are_returned_with_a_warning() {
    let account = Account::new().await;
    for _ in 0..3 {
        account.fails(Moment::Login, Reaction::Drop);
    }
    let scan = async |shown: &Shown| account.scan(shown).await;
    let (linked, shown) = account.link(Method::Qr, &timing(), scan).await;
    let linked = linked.unwrap();
    assert_eq!(linked.unfinished, Some(Unfinished::Connection(Failure::Closed)));
    let tries = Shown::Finishing(FirstLogin::LoggingIn);
    assert_eq!(shown.iter().filter(|shown| **shown == tries).count(), 3);
    assert_linked(&account, &linked).await;
    account.all_faults_were_met();
}

/// A device that the phone has taken, before its first login.
async fn paired(account: &Account) -> Paired {
    let (screen, mut shown) = tokio::sync::mpsc::unbounded_channel();
    let on = move |event: linking::Event<'_>| screen.send(Shown::from(event)).unwrap();
    let scanning = async {
        while let Some(next) = shown.recv().await {
            account.scan(&next).await;
        }
    };
    let long = timing();
    let linking = pair(&account.dialer, &account.clock, Method::Qr, &long, on);
    let (paired, ()) = tokio::join!(linking, scanning);
    paired.unwrap()
}

#[tokio::test]
async fn a_first_login_without_answers_ends_with_its_budget() {
    let account = Account::with(Moment::Digest, Reaction::Silence).await;
    let paired = paired(&account).await;
    let short = Timing { finish: Duration::from_millis(500), ..timing() };
    let finished = paired.finish(&account.dialer, &account.clock, &short, || true, |_| {}).await;
    assert!(matches!(finished, Err(Unfinished::Connection(Failure::Timeout(_)))), "{finished:?}");
    assert_eq!(account.phone.companions(), [paired.credentials.device.to_string()]);
}

/// Its lease is over: another run may have logged in by now.
#[tokio::test]
async fn a_first_login_that_may_not_be_made_any_more_is_not() {
    let account = Account::new().await;
    let paired = paired(&account).await;
    let finished =
        paired.finish(&account.dialer, &account.clock, &timing(), || false, |_| {}).await;
    assert!(finished.is_err());
    assert_eq!(account.simulator.record().login_attempts.len(), 0);
}

/// By the keys that were kept, with the one-time keys of the first try: WhatsApp may have
/// them already.
#[tokio::test]
async fn a_first_login_that_was_cut_short_is_ended_by_another_run() {
    let account = Account::with(Moment::Digest, Reaction::Drop).await;
    let first = paired(&account).await;
    let once = Timing { pause: LONG, ..timing() };
    let cut = first.finish(&account.dialer, &account.clock, &once, || true, |_| {}).await;
    assert_eq!(cut, Err(Unfinished::Connection(Failure::Closed)));
    account.all_faults_were_met();
    let keys = first.keys();
    let (jid, credentials) = (first.credentials.device.to_string(), first.credentials);

    let resumed = Paired::resumed(credentials, &keys).unwrap();
    let ended = resumed.finish(&account.dialer, &account.clock, &timing(), || true, |_| {}).await;
    assert_eq!(ended, Ok(()));
    assert_eq!(account.simulator.record().receipts(&jid), ["peer_msg", "peer_msg", "hist_sync"]);
    // An upload begins with the registration id.
    let asked = account.simulator.record().iqs(&jid);
    assert_eq!(asked.iter().filter(|iq| *iq == "registration").count(), 1, "{asked:?}");
}

#[tokio::test]
async fn what_are_no_kept_keys_is_refused() {
    let account = Account::new().await;
    let linked = account.link_by_qr().await.unwrap();
    let refused = Paired::resumed(linked.credentials, &[1, 2, 3]).unwrap_err();
    assert!(refused.to_string().contains("link again"), "{refused}");
}

#[tokio::test]
async fn nothing_that_is_printed_holds_a_secret() {
    let account = Account::new().await;
    let linked = account.link_by_qr().await.unwrap();
    let key = hex(linked.credentials.noise_private_key.as_slice());
    let numbers = format!("{:?}", linked.credentials.noise_private_key.as_slice());
    let printed = format!("{linked:?}");
    assert!(!printed.contains(&key) && !printed.contains(&numbers), "{printed}");
    let qr = linking::Event::Qr { text: "secret", valid_for: Duration::ZERO, number: 1, of: 6 };
    let code = linking::Event::Code { code: "secret", valid_for: Duration::ZERO, number: 1, of: 3 };
    assert!(!format!("{qr:?} {code:?}").contains("secret"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
