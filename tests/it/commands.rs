//! Typed commands, one by one. As a batch of SQS messages: [`crate::queue`].

use std::sync::Arc;
use std::time::Duration;

use domain::group::GroupKind;
use leave_group::entry::{self, EntryError, Invocation};
use leave_group::service::Service;
use local_stack::traffic::Traffic;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use crate::support::{GROUP, Rig};

pub async fn send(service: &Service, event: &Value) -> Result<Value, EntryError> {
    let event = RawValue::from_string(event.to_string()).unwrap();
    let invocation = Invocation {
        request_id: "request".to_owned(),
        trace_id: None,
        remaining: Duration::from_mins(1),
    };
    let answer = entry::handle(service, &event, invocation).await?;
    Ok(serde_json::from_str(answer.get()).unwrap())
}

pub fn command(instance: &str, identifiers: &[&str]) -> Value {
    json!({"action": "leave", "account": "acme", "instance": instance, "identifiers": identifiers})
}

pub fn message(id: &str, body: &str) -> Value {
    json!({"messageId": id, "body": body, "eventSource": "aws:sqs"})
}

/// The ids that SQS is to deliver again, in order.
pub async fn failures(service: &Service, messages: Vec<Value>) -> Vec<String> {
    let answer = send(service, &json!({"Records": messages})).await.unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    let mut ids: Vec<_> = failures
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_command_answers_each_identifier_in_order_over_one_connection() {
    let rig = Rig::start().await;
    let other = rig.group(NewGroup::new("Other").invite("OtherInvite"), None).await;
    rig.simulator().create_group(NewGroup::new("Strangers").invite("Strangers1"));
    let gone = rig.simulator().invite(GROUP);
    rig.simulator().revoke_invite(&gone);
    let service = rig.local(&Traffic::new());
    let identifiers = [
        GROUP,
        "https://chat.whatsapp.com/OtherInvite",
        "Strangers1",
        &gone,
        "not an identifier",
        "",
    ];
    let answer = send(&service, &command("sales", &identifiers)).await.unwrap();
    let missing = "Group not found or you are not a member of this group";
    let expected = json!({"results": [
        {"identifier": GROUP, "status": 200, "message": "Successfully left the group", "groupJid": GROUP},
        {"identifier": identifiers[1], "status": 200, "message": "Successfully left the group", "groupJid": other},
        {"identifier": "Strangers1", "status": 404, "message": missing},
        {"identifier": gone, "status": 404, "message": "Invite link has been revoked or expired"},
        {"identifier": "not an identifier", "status": 400,
         "message": "Invalid identifier: expected a group JID, invite code or invite link"},
        {"identifier": "", "status": 400, "message": "Identifier is required"},
    ]});
    assert_eq!(answer, expected);
    let record = rig.simulator().record();
    assert_eq!((record.connections, record.logins(&rig.device.jid)), (1, 1));
    let leaves = record.iqs(&rig.device.jid).into_iter().filter(|iq| iq == "leave").count();
    assert_eq!(leaves, 1, "one stanza for all groups");
    rig.assert_settled().await;
}

#[tokio::test]
async fn the_same_group_twice_is_left_once_and_answered_twice() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let answer = send(&service, &command("sales", &[GROUP, "ABC123XYZ", GROUP])).await.unwrap();
    for result in answer["results"].as_array().unwrap() {
        assert_eq!(
            (&result["status"], &result["groupJid"]),
            (&json!(200), &json!(GROUP)),
            "{answer}"
        );
    }
    assert_eq!(rig.history().await, 1);
    rig.assert_settled().await;
}

#[tokio::test]
async fn groups_and_communities_are_left_by_two_stanzas_of_one_connection() {
    let rig = Rig::start().await;
    let kind = whatsapp_simulator::GroupKind::Community;
    let community = rig.group(NewGroup::new("Ours").kind(kind), Some(GroupKind::Community)).await;
    let service = rig.local(&Traffic::new());
    let answer = send(&service, &command("sales", &[GROUP, &community])).await.unwrap();
    let statuses: Vec<_> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["status"].clone())
        .collect();
    assert_eq!(statuses, [json!(200), json!(200)]);
    assert_eq!(rig.simulator().record().logins(&rig.device.jid), 1);
}

#[tokio::test]
async fn a_hundred_identifiers_are_left_forty_at_a_time() {
    let rig = Rig::start().await;
    let mut groups = Vec::new();
    for _ in 0..100 {
        groups.push(rig.group(NewGroup::new("One of many"), Some(GroupKind::Group)).await);
    }
    let identifiers: Vec<&str> = groups.iter().map(String::as_str).collect();
    let service = rig.local(&Traffic::new());
    let answer = send(&service, &command("sales", &identifiers)).await.unwrap();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 100);
    for (result, jid) in results.iter().zip(&groups) {
        assert_eq!(
            (&result["status"], &result["groupJid"]),
            (&json!(200), &json!(jid)),
            "{result}"
        );
    }
    assert_eq!(rig.history().await, 100);
    assert_eq!(rig.simulator().record().logins(&rig.device.jid), 3);
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_result_that_can_end_otherwise_says_when() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::Drop));
    let answer = send(&service, &command("sales", &[GROUP])).await.unwrap();
    assert_eq!(answer["results"][0]["status"], json!(503));
    assert_eq!(answer["results"][0]["retryAfter"], json!(1));
}

#[tokio::test]
async fn what_is_no_command_is_refused_with_what_one_looks_like() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    for event in [
        json!({"action": "join", "account": "acme"}),
        json!({"action": "leave", "account": "acme", "instance": "sales"}),
        json!({"action": "leave", "account": "Acme#", "instance": "sales", "identifiers": []}),
        json!({"action": "leave", "account": "acme", "instance": "", "identifiers": []}),
        json!({"action": "leave", "account": "acme", "instance": "100%", "identifiers": []}),
        json!({"action": "leave", "account": "acme", "instance": "a", "identifiers": [], "more": 1}),
        json!({"action": ["leave"], "account": "acme", "instance": "sales", "identifiers": []}),
        json!({"action": "leave", "account": "acme", "instance": "sales", "identifiers": GROUP}),
        command("sales", &vec![GROUP; 1_001]),
    ] {
        let error = send(&service, &event).await.unwrap_err().to_string();
        assert!(error.contains("not a command") && error.contains("\"identifiers\""), "{error}");
    }
    let answer = send(&service, &command("sales", &[])).await.unwrap();
    assert_eq!(answer, json!({"results": []}));
}

#[tokio::test]
async fn a_command_of_a_thousand_identifiers_is_answered_in_one_bounded_line() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let event = command("nobody", &vec!["no identifier"; 1_000]);
    let answer = process.outcome(&event.to_string()).await;
    let local_stack::runtime_api::Outcome::Response(answer) = answer else { panic!("{answer:?}") };
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["results"].as_array().map(Vec::len), Some(1_000));
    let output = process.function.kill().await.unwrap();
    let longest = output.lines().map(str::len).max().unwrap();
    assert!((10_000..256 * 1024).contains(&longest), "{longest}");
}

/// A structure that is derived reads an array of its values, a command too.
#[tokio::test]
async fn an_array_is_no_command_wherever_it_stands() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let array = json!(["leave", "acme", "sales", [GROUP]]);
    for event in [array.clone(), json!([array]), json!([command("sales", &[GROUP])])] {
        assert_eq!(send(&service, &event).await.unwrap_err(), EntryError::Unknown, "{event}");
    }
    let body = array.to_string();
    assert_eq!(failures(&service, vec![message("1", &body)]).await, ["1"]);
    for records in [
        json!([["1", command("sales", &[GROUP]).to_string(), {}, "aws:sqs"]]),
        json!([{"messageId": "1", "body": command("sales", &[GROUP]).to_string()}]),
    ] {
        let event = json!({"Records": records});
        assert_eq!(send(&service, &event).await.unwrap_err(), EntryError::Unknown, "{event}");
    }
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_and_a_request_for_one_session_take_turns() {
    let rig = Rig::start().await;
    let second = rig.group(NewGroup::new("Second"), Some(GroupKind::Group)).await;
    let service = rig.local(&Traffic::new());
    let commanding = {
        let service = Arc::clone(&service);
        let event = command("sales", &[&second]);
        tokio::spawn(async move { send(&service, &event).await.unwrap() })
    };
    let request = crate::support::Request::leave(crate::support::ACCOUNT_TOKEN, "sales", GROUP);
    assert_eq!(crate::support::ask(&service, &request).await.status, 200);
    assert_eq!(commanding.await.unwrap()["results"][0]["status"], json!(200));
    assert!(rig.simulator().record().overlaps.is_empty());
}
