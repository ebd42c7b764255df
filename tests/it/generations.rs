//! A name that is used again starts empty: what another generation of it left is
//! read as nothing.

use local_stack::items::{Item, text};
use local_stack::traffic::Traffic;
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, envelope};

fn with_key(identifier: &str) -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", identifier).header("Idempotency-Key", "key-1")
}

/// The session is another one from now on, of the same name.
async fn begin_anew(rig: &Rig) {
    let mut session = rig.session().await;
    session.insert("generation".to_owned(), text("another"));
    rig.provisioner.put(session).await.unwrap();
}

#[tokio::test]
async fn rows_history_and_kept_answers_carry_their_sessions_generation() {
    let rig = Rig::start().await;
    rig.group(whatsapp_simulator::NewGroup::new("Unknown").invite("Unknown1"), None).await;
    let service = rig.local(&Traffic::new());
    assert_eq!(ask(&service, &with_key(GROUP)).await.status, 200);
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetError { code: 403 }));
    assert_eq!(
        ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", "Unknown1")).await.status,
        403
    );
    let items = rig.items().await;
    let generation = Item(&items["SESSION"]).text("generation").unwrap();
    let mut kinds = Vec::new();
    for (sk, item) in items.iter().filter(|(sk, _)| *sk != "SESSION") {
        assert_eq!(Item(item).optional_text("generation"), Some(generation), "{sk}");
        kinds.push(sk.split('#').next().unwrap());
    }
    assert_eq!(kinds, ["ANSWER", "GROUP", "LEFT"]);
}

#[tokio::test]
async fn a_kept_answer_of_another_generation_is_none_and_is_written_over() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    assert_eq!(ask(&service, &with_key(GROUP)).await.status, 200);
    begin_anew(&rig).await;
    rig.simulator().add_member(GROUP, &rig.device.phone);
    let reply = ask(&service, &with_key("ABC123XYZ")).await;
    assert_eq!((reply.status, reply.header("idempotent-replayed")), (200, None));
    assert!(!rig.simulator().is_member(GROUP, &rig.device.phone), "it was left for real");
    let again = ask(&service, &with_key("ABC123XYZ")).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
}

#[tokio::test]
async fn a_row_of_another_generation_is_no_evidence() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let request = Request::leave(ACCOUNT_TOKEN, "sales", GROUP);
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(ask(&service, &request).await.status, 503);
    // The intent stands, the row is another's: one alone tells nothing.
    begin_anew(&rig).await;
    assert_eq!(ask(&service, &request).await.status, 404);
}

#[tokio::test]
async fn a_row_of_another_generation_says_nothing_about_a_groups_kind() {
    let rig = Rig::start().await;
    begin_anew(&rig).await;
    let service = rig.local(&Traffic::new());
    assert_eq!(ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await.status, 200);
    assert_eq!(rig.simulator().record().iqs(&rig.device.jid), ["query", "leave"]);
}

#[tokio::test]
async fn an_instance_that_is_being_deleted_is_none_for_callers() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    assert_eq!(ask(&service, &with_key(GROUP)).await.status, 200);
    let mut session = rig.session().await;
    session.insert("session_state".to_owned(), text("deleting"));
    rig.provisioner.put(session).await.unwrap();
    for request in [with_key(GROUP), Request::leave(ACCOUNT_TOKEN, "sales", GROUP)] {
        let reply = ask(&service, &request).await;
        assert_eq!((reply.status, reply.body), (404, envelope("Instance not found")));
    }
}
