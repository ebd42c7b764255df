//! Links that fail on demand.

use wacore::libsignal::protocol::KeyPair;
use whatsapp_simulator::{
    Fault, HoldHandle, LinkError, Moment, PairSuccessFault, PairingAnswer, PairingNotification,
    Reaction, Simulator, StreamErrorKind,
};

use crate::client::Client;
use crate::companion::{Companion, linked};
use crate::{PHONE, attr, error_code, start};

fn script(simulator: &Simulator, moment: Moment, reaction: Reaction) {
    simulator.script(Fault::new(moment, reaction));
}

/// Scans a new companion's QR code and lets the companion answer.
async fn scan(simulator: &Simulator, companion: &Companion) -> (Client, Result<String, LinkError>) {
    let (mut client, refs) = companion.register(simulator).await;
    let phone = simulator.phone(PHONE);
    let qr = companion.qr(&refs[0]);
    let (outcome, ()) = tokio::join!(phone.scan(&qr), companion.sign(&mut client));
    (client, outcome.map(|linked| linked.jid))
}

#[tokio::test]
async fn sends_a_pair_success_that_must_be_refused() {
    let simulator = start().await;
    let cases = [
        (PairSuccessFault::Hmac, 401, "hmac-mismatch"),
        (PairSuccessFault::AccountSignature, 401, "signature-mismatch"),
        (PairSuccessFault::Garbled, 500, "internal-error"),
        (PairSuccessFault::NoIdentity, 500, "internal-error"),
        (PairSuccessFault::NoDevice, 500, "internal-error"),
        (PairSuccessFault::NoKeyIndex, 500, "internal-error"),
    ];
    for (fault, code, text) in cases {
        script(&simulator, Moment::PairSuccess, Reaction::PairSuccess(fault));
        let (_client, outcome) = scan(&simulator, &Companion::new()).await;
        let text = text.to_owned();
        assert_eq!(outcome, Err(LinkError::Refused { code, text: text.clone() }), "{fault:?}");
        let pairing = simulator.record().pairings.last().unwrap().clone();
        assert_eq!(pairing.answers, [PairingAnswer::Refused { code, text }]);
        assert_eq!(pairing.device, None);
    }
    assert!(simulator.phone(PHONE).companions().is_empty());
}

#[tokio::test]
async fn does_not_link_a_companion_that_answers_badly() {
    let simulator = start().await;
    let mut companion = Companion::new();
    companion.talkative = true;
    let (mut client, outcome) = scan(&simulator, &companion).await;
    assert!(matches!(outcome, Err(LinkError::Unsound(_))));
    assert_eq!(client.next("xmlstreamend").await.unwrap().tag, "xmlstreamend");
    let answers = &simulator.record().pairings[0].answers;
    assert!(matches!(answers[..], [PairingAnswer::Unsound(_)]));
    assert!(simulator.phone(PHONE).companions().is_empty());
}

#[tokio::test]
async fn refuses_registrations() {
    let simulator = start().await;
    let failure = Reaction::Failure { reason: 403, expire: None };
    script(&simulator, Moment::Registration, failure);
    let mut client = Companion::new().connect(&simulator).await;
    let stanza = client.receive().await.unwrap();
    assert_eq!(attr(&stanza, "reason").as_deref(), Some("403"));
    assert!(client.receive().await.is_none());

    // A signed pre-key that another identity has signed.
    let mut companion = Companion::new();
    companion.registered_signature = Some(Companion::new().signature());
    let stanza = companion.connect(&simulator).await.receive().await.unwrap();
    assert_eq!(attr(&stanza, "reason").as_deref(), Some("400"));

    script(&simulator, Moment::Registration, Reaction::Drop);
    assert!(Companion::new().connect(&simulator).await.receive().await.is_none());
}

#[tokio::test]
async fn ends_the_stream_while_refs_are_shown() {
    let simulator = start().await;
    let end = Reaction::StreamError(StreamErrorKind::XmlStreamEnd);
    script(&simulator, Moment::PairDevice, end);
    let mut client = Companion::new().connect(&simulator).await;
    let pair_device = client.receive().await.unwrap();
    client.send(&wacore::pair::PairUtils::build_ack_node(&pair_device).unwrap()).await;
    assert_eq!(client.receive().await.unwrap().tag, "xmlstreamend");
    assert!(client.receive().await.is_none());
    assert!(simulator.record().pairings[0].acknowledged);
}

#[tokio::test]
async fn loses_the_connection_at_every_step() {
    let simulator = start().await;
    let phone = simulator.phone(PHONE);
    for reaction in [Reaction::Drop, Reaction::DropAfterApply, Reaction::Silence] {
        let companion = Companion::new();
        let (mut client, refs) = companion.register(&simulator).await;
        script(&simulator, Moment::PairSuccess, reaction.clone());
        let qr = companion.qr(&refs[0]);
        let (outcome, sent) = tokio::join!(phone.scan(&qr), async {
            if matches!(reaction, Reaction::Silence) {
                drop(client);
                return false;
            }
            client.receive().await.is_some()
        });
        assert_eq!(outcome, Err(LinkError::Gone));
        assert_eq!(sent, matches!(reaction, Reaction::DropAfterApply));
    }
    assert!(phone.companions().is_empty());

    // The reply is read: linked, although the companion never hears of it.
    script(&simulator, Moment::PairDeviceSign, Reaction::DropAfterApply);
    let (mut client, outcome) = scan(&simulator, &Companion::new()).await;
    assert_eq!(phone.companions(), [outcome.unwrap()]);
    assert!(client.receive().await.is_none());
    script(&simulator, Moment::PairDeviceSign, Reaction::Drop);
    let (_client, outcome) = scan(&simulator, &Companion::new()).await;
    assert_eq!(outcome, Err(LinkError::Gone));
    assert!(simulator.unused_faults().is_empty());
}

#[tokio::test]
async fn demands_a_passkey() {
    let simulator = start().await;
    let demand = || Reaction::Notification(PairingNotification::PasskeyPrologueRequest);
    script(&simulator, Moment::Registration, demand());
    let mut client = Companion::new().connect(&simulator).await;
    assert_eq!(client.receive().await.unwrap().tag, "iq");
    let notification = client.receive().await.unwrap();
    assert_eq!(attr(&notification, "type").as_deref(), Some("passkey_prologue_request"));

    let phone = simulator.phone(PHONE);
    let mut companion = Companion::new();
    let (mut client, _) = companion.register(&simulator).await;
    let ephemeral = KeyPair::generate(&mut rand::rng());
    companion.hello(&mut client, PHONE, "ABCD1234", &ephemeral, "Chrome (Linux)").await;
    script(&simulator, Moment::CompanionFinish, demand());
    let (outcome, answer) = tokio::join!(
        phone.enter_code("ABCD1234"),
        companion.finish(&mut client, PHONE, "ABCD1234", &ephemeral)
    );
    assert_eq!(outcome, Err(LinkError::Gone));
    assert_eq!(attr(&answer, "type").as_deref(), Some("result"));
    let notification = client.next("notification").await.unwrap();
    assert_eq!(attr(&notification, "type").as_deref(), Some("passkey_prologue_request"));

    let companion = Companion::new();
    let (mut client, refs) = companion.register(&simulator).await;
    let continuation = Reaction::Notification(PairingNotification::CrscContinuation);
    script(&simulator, Moment::PairSuccess, continuation);
    assert_eq!(phone.scan(&companion.qr(&refs[0])).await, Err(LinkError::Gone));
    let notification = client.next("notification").await.unwrap();
    assert_eq!(attr(&notification, "type").as_deref(), Some("crsc_continuation"));
}

#[tokio::test]
async fn throttles_codes_and_holds_a_link() {
    let simulator = start().await;
    let companion = Companion::new();
    let (mut client, _) = companion.register(&simulator).await;
    let throttled =
        Reaction::IqError { code: 429, text: "rate-overlimit".to_owned(), backoff: None };
    script(&simulator, Moment::CompanionHello, throttled);
    let ephemeral = KeyPair::generate(&mut rand::rng());
    let answer =
        companion.hello(&mut client, PHONE, "ABCD1234", &ephemeral, "Chrome (Linux)").await;
    assert_eq!(error_code(&answer), Some(429));
    drop(client);

    let hold = HoldHandle::new();
    script(&simulator, Moment::PairSuccess, Reaction::Hold(hold.clone()));
    let (outcome, ()) = tokio::join!(linked(&simulator, PHONE), async {
        hold.reached().await;
        assert!(simulator.phone(PHONE).companions().is_empty());
        hold.release();
    });
    assert!(simulator.is_linked(&outcome.1.jid));
}

#[tokio::test]
async fn a_request_for_a_code_meets_what_every_request_can_meet() {
    let simulator = start().await;
    let companion = Companion::new();
    let (mut client, _) = companion.register(&simulator).await;
    let ephemeral = KeyPair::generate(&mut rand::rng());
    let odd = Reaction::IqErrorWith(vec![("code", "452".to_owned())]);
    script(&simulator, Moment::CompanionHello, odd);
    let answer =
        companion.hello(&mut client, PHONE, "ABCD1234", &ephemeral, "Chrome (Linux)").await;
    assert_eq!(error_code(&answer), Some(452));

    let end = Reaction::ThenStreamError(StreamErrorKind::XmlStreamEnd);
    script(&simulator, Moment::CompanionHello, end);
    let answer =
        companion.hello(&mut client, PHONE, "ABCD1234", &ephemeral, "Chrome (Linux)").await;
    assert_eq!(attr(&answer, "type").as_deref(), Some("result"));
    assert_eq!(client.receive().await.unwrap().tag, "xmlstreamend");
    assert!(client.receive().await.is_none());
    assert!(simulator.unused_faults().is_empty());
}
