//! Companions are linked by QR text and by code.

use wacore::libsignal::protocol::KeyPair;
use wacore::pair_code::PairCodeUtils;
use whatsapp_simulator::{
    AccountKind, LinkError, PairingAnswer, PairingNotification, Simulator, World,
};

use crate::client::Client;
use crate::companion::{Companion, bytes, linked};
use crate::{PHONE, attr, error_code, start};

const DISPLAY: &str = "Chrome (Linux)";

#[tokio::test]
async fn links_by_qr_code() {
    let simulator = start().await;
    let phone = simulator.phone(PHONE);
    let companion = Companion::new();
    let (mut client, refs) = companion.register(&simulator).await;
    assert_eq!(refs.len(), 6);
    assert_eq!(simulator.waiting_companions(), 1);

    // The second of six: any ref that was given out will do.
    let qr = companion.qr(&refs[1]);
    let (linked, ()) = tokio::join!(phone.scan(&qr), companion.sign(&mut client));
    let linked = linked.unwrap();
    assert_eq!(linked.jid, format!("{PHONE}:1@s.whatsapp.net"));
    assert_eq!((linked.os.as_str(), linked.platform.as_str()), ("Linux", "CHROME"));
    let error = client.next("stream:error").await.unwrap();
    assert_eq!(attr(&error, "code").as_deref(), Some("515"));
    drop(client);

    assert!(simulator.is_linked(&linked.jid));
    assert_eq!(phone.companions(), std::slice::from_ref(&linked.jid));
    let pairing = simulator.record().pairings[0].clone();
    assert!(pairing.acknowledged);
    assert_eq!((pairing.pings_sent, pairing.pings_answered), (1, 1));
    assert_eq!(pairing.answers, [PairingAnswer::Signed]);
    assert_eq!(pairing.device.as_ref(), Some(&linked.jid));
    Client::logged_in(&simulator, &companion.device(&linked)).await;
}

#[tokio::test]
async fn links_to_business_accounts() {
    let simulator = start().await;
    for kind in [AccountKind::Business, AccountKind::Hosted] {
        let phone = simulator.phone(PHONE).of_kind(kind);
        let companion = Companion::new();
        let (mut client, refs) = companion.register(&simulator).await;
        let qr = companion.qr(&refs[0]);
        let (linked, ()) = tokio::join!(phone.scan(&qr), companion.sign(&mut client));
        Client::logged_in(&simulator, &companion.device(&linked.unwrap())).await;
    }
}

#[tokio::test]
async fn links_by_code() {
    let simulator = start().await;
    let phone = simulator.phone(PHONE);
    let mut companion = Companion::new();
    let (mut client, _) = companion.register(&simulator).await;
    assert_eq!(phone.enter_code("1234-5678").await, Err(LinkError::NoCompanion));
    let code = PairCodeUtils::generate_code();
    let ephemeral = KeyPair::generate(&mut rand::rng());
    let answer = companion.hello(&mut client, PHONE, &code, &ephemeral, DISPLAY).await;
    assert!(PairCodeUtils::parse_companion_hello_response(&answer.as_node_ref()).is_some());

    // Both sides go on as if nothing were wrong until the phone cannot open the bundle.
    let wrong = if code == "ABCD1234" { "ABCD1235" } else { "ABCD1234" };
    let (outcome, answer) = tokio::join!(
        phone.enter_code(wrong),
        companion.finish(&mut client, PHONE, &code, &ephemeral)
    );
    assert_eq!(outcome, Err(LinkError::WrongCode));
    assert_eq!(attr(&answer, "type").as_deref(), Some("result"));

    let dashed = format!("{}-{}", &code[..4], &code[4..].to_lowercase());
    let (linked, ()) = tokio::join!(phone.enter_code(&dashed), async {
        companion.finish(&mut client, PHONE, &code, &ephemeral).await;
        companion.sign(&mut client).await;
    });
    let linked = linked.unwrap();
    assert_eq!(attr(&client.next("stream:error").await.unwrap(), "code").unwrap(), "515");
    let pairing = simulator.record().pairings[0].clone();
    assert_eq!(pairing.finishes, 2);
    assert_eq!(pairing.hellos[0].platform_display, DISPLAY);
    Client::logged_in(&simulator, &companion.device(&linked)).await;
}

#[tokio::test]
async fn asks_for_a_new_code_and_refuses_odd_names() {
    let simulator = start().await;
    let phone = simulator.phone(PHONE);
    let companion = Companion::new();
    let (mut client, _) = companion.register(&simulator).await;
    let ephemeral = KeyPair::generate(&mut rand::rng());
    for display in ["leave-group", "Chrome (leave-group)", "Netscape (Linux)"] {
        let answer = companion.hello(&mut client, PHONE, "ABCD1234", &ephemeral, display).await;
        assert_eq!(error_code(&answer), Some(400), "{display}");
    }
    assert_eq!(phone.refresh_code(true), Err(LinkError::NoCompanion));
    let answer = companion.hello(&mut client, PHONE, "ABCD1234", &ephemeral, DISPLAY).await;
    let given = PairCodeUtils::parse_companion_hello_response(&answer.as_node_ref()).unwrap();

    phone.refresh_code(true).unwrap();
    let notification = client.next("notification").await.unwrap();
    let registration = notification.get_optional_child("link_code_companion_reg").unwrap();
    assert_eq!(attr(registration, "stage").as_deref(), Some("refresh_code"));
    assert_eq!(attr(registration, "force_manual_refresh").as_deref(), Some("true"));
    let named = registration.get_optional_child("link_code_pairing_ref").unwrap();
    assert_eq!(bytes(named), given);
}

#[tokio::test]
async fn a_phone_refuses_what_it_cannot_link() {
    let simulator = start().await;
    let phone = simulator.phone(PHONE);
    let mut companion = Companion::new();
    let (client, refs) = companion.register(&simulator).await;
    let good = companion.qr(&refs[0]);
    let four_fields = good.rsplit_once(',').unwrap().0;
    assert!(matches!(phone.scan(four_fields).await, Err(LinkError::NotAQrCode(_))));
    assert_eq!(phone.scan(&companion.qr("2@nobody")).await, Err(LinkError::UnknownRef));
    assert_eq!(phone.scan(&Companion::new().qr(&refs[0])).await, Err(LinkError::OtherKeys));
    assert_eq!(phone.enter_code("0123").await, Err(LinkError::NotACode));

    simulator.expire_refs();
    assert_eq!(phone.scan(&good).await, Err(LinkError::ExpiredRef));
    drop(client);

    // Once the server has retired the secret, what was shown before links nobody.
    companion = Companion::new();
    let (mut client, refs) = companion.register(&simulator).await;
    let shown = companion.qr(&refs[0]);
    simulator.refresh_registrations();
    let notification = client.next("notification").await.unwrap();
    assert_eq!(attr(&notification, "type").as_deref(), Some("companion_reg_refresh"));
    companion.adv_secret = rand::random();
    let (outcome, ()) = tokio::join!(phone.scan(&shown), companion.sign(&mut client));
    let refused = LinkError::Refused { code: 401, text: "hmac-mismatch".to_owned() };
    assert_eq!(outcome, Err(refused));
    assert!(phone.companions().is_empty());
    simulator.notify_waiting(PairingNotification::PasskeyPrologueRequest);
    let notification = client.next("notification").await.unwrap();
    assert_eq!(attr(&notification, "type").as_deref(), Some("passkey_prologue_request"));

    for _ in 0..4 {
        linked(&simulator, PHONE).await;
    }
    let (_client, refs) = companion.register(&simulator).await;
    let outcome = phone.scan(&companion.qr(&refs[0])).await;
    assert_eq!(outcome, Err(LinkError::TooManyCompanions));
}

#[tokio::test]
async fn a_linked_companion_survives_a_restart() {
    let simulator = start().await;
    let (companion, linked) = linked(&simulator, PHONE).await;
    let key = simulator.phone(PHONE).identity_key();
    let json = serde_json::to_string(&simulator.snapshot()).unwrap();
    let simulator = Simulator::start(serde_json::from_str(&json).unwrap()).await.unwrap();
    assert_eq!(simulator.phone(PHONE).identity_key(), key);
    Client::logged_in(&simulator, &companion.device(&linked)).await;
}

#[tokio::test]
async fn loads_worlds_from_before_there_were_phones() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    simulator.create_group(crate::ours("Friends"));
    let mut json = serde_json::to_value(simulator.snapshot()).unwrap();
    for account in json["accounts"].as_object_mut().unwrap().values_mut() {
        account.as_object_mut().unwrap().remove("phone").unwrap();
    }
    for device in json["devices"].as_object_mut().unwrap().values_mut() {
        for field in ["bundle", "greeting_due", "letters"] {
            device.as_object_mut().unwrap().remove(field).unwrap();
        }
    }
    for group in json["groups"].as_object_mut().unwrap().values_mut() {
        group.as_object_mut().unwrap().remove("description").unwrap();
    }
    let world: World = serde_json::from_value(json).unwrap();
    let simulator = Simulator::start(world).await.unwrap();
    Client::logged_in(&simulator, &device).await;
}
