//! What someone can do who may write the table, and what not: `docs/sealing.md`.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::token::Scope;
use domain::token::Token;
use local_stack::items::{Attributes, number, text};
use local_stack::traffic::Traffic;
use whatsapp_simulator::NewGroup;

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, envelope};

async fn session(rig: &Rig, name: &str) -> Attributes {
    let pk = format!("INSTANCE#acme#{name}");
    rig.provisioner.item(&pk, "SESSION").await.unwrap().unwrap()
}

/// `acme/sales` with the sealed value of `from`.
async fn with_value_of(rig: &Rig, from: &Attributes) {
    let mut forged = session(rig, "sales").await;
    for name in ["sealed", "key_id"] {
        forged.insert(name.to_owned(), from[name].clone());
    }
    rig.provisioner.put(forged).await.unwrap();
}

#[tokio::test]
async fn a_token_of_ones_own_acts_for_any_account() {
    let rig = Rig::start().await;
    let own = "leave-group-token-of-somebody-else";
    let account = "acme".parse().unwrap();
    let token = Token::new(own).unwrap();
    rig.provisioner.token(&token, &account, &Scope::Account, 1_000_000).await.unwrap();
    let reply = ask(&rig.local(&Traffic::new()), &Request::leave(own, "sales", GROUP)).await;
    assert_eq!((reply.status, reply.number("x-ratelimit-limit")), (200, 1_000_000));
}

#[tokio::test]
async fn a_kept_answer_says_what_was_written_there() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let request = Request::leave(ACCOUNT_TOKEN, "sales", GROUP).header("Idempotency-Key", "key-1");
    assert_eq!(ask(&service, &request).await.status, 200);
    let items = rig.items().await;
    let mut kept =
        items.into_iter().find(|(sk, _)| sk.starts_with("ANSWER#")).map(|(_, item)| item).unwrap();
    kept.insert("status_code".to_owned(), number(404));
    kept.insert("body".to_owned(), text("forged"));
    rig.provisioner.put(kept).await.unwrap();
    let reply = ask(&service, &request).await;
    assert_eq!((reply.status, reply.body.as_str()), (404, "forged"));
}

#[tokio::test]
async fn another_instances_credentials_do_not_open() {
    let rig = Rig::start().await;
    let other = rig.link("acme", "other", "5511999990002").await;
    with_value_of(&rig, &session(&rig, "other").await).await;
    let service = rig.local(&Traffic::new());
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
    assert_eq!((reply.status, reply.body), (500, envelope("Internal error")));
    let record = rig.simulator().record();
    assert_eq!((record.logins(&other.jid), record.logins(&rig.device.jid)), (0, 0));
}

#[tokio::test]
async fn credentials_of_ones_own_making_do_not_open() {
    let rig = Rig::start().await;
    let mut forged = session(&rig, "sales").await;
    let made = AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(vec![7_u8; 200]));
    forged.insert("sealed".to_owned(), made);
    rig.provisioner.put(forged).await.unwrap();
    let service = rig.local(&Traffic::new());
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
    assert_eq!(reply.status, 500, "{reply:?}");
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn an_older_value_of_the_same_instance_opens() {
    let rig = Rig::start().await;
    let before = session(&rig, "sales").await;
    let now = rig.link("acme", "sales", "5511999990002").await;
    let group = rig.simulator().create_group(
        NewGroup::new("Both are in it")
            .member(&rig.device.phone, whatsapp_simulator::Rank::Member)
            .member(&now.phone, whatsapp_simulator::Rank::Member),
    );
    with_value_of(&rig, &before).await;
    let service = rig.local(&Traffic::new());
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", &group)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(!rig.simulator().is_member(&group, &rig.device.phone), "the number before left");
    assert!(rig.simulator().is_member(&group, &now.phone));

    // What ends it: the device is unlinked at WhatsApp.
    rig.simulator().unlink_device(&rig.device.jid);
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", &group)).await;
    let message = "Instance is not connected to WhatsApp";
    assert_eq!((reply.status, reply.body), (400, envelope(message)));
}
