//! Typed commands as a batch of SQS messages, from the queue or through a pipe.

use domain::group::GroupKind;
use local_stack::traffic::Traffic;
use serde_json::json;
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use crate::commands::{command, failures, message, send};
use crate::support::{GROUP, Rig};

/// A pipe sends the records alone, and reads the same answer as the queue.
#[tokio::test]
async fn a_pipes_messages_are_answered_like_the_queues() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let messages = json!([
        message("1", &command("sales", &[GROUP]).to_string()),
        message("2", "not a command"),
    ]);
    let answer = send(&service, &messages).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "2"}]}));
    assert!(!rig.simulator().is_member(GROUP, &rig.device.phone));
}

/// More identifiers of one instance than one run takes, a group in two messages, and
/// one message whose group fails: each message has its own result.
#[tokio::test]
async fn each_message_keeps_its_own_result_past_the_limit_of_a_run() {
    let rig = Rig::start().await;
    let mut messages = Vec::new();
    for number in 0..45 {
        let group = rig.group(NewGroup::new("One of many"), Some(GroupKind::Group)).await;
        messages.push(message(&format!("{number:02}"), &command("sales", &[&group]).to_string()));
    }
    let twice = message("50", &command("sales", &[GROUP]).to_string());
    messages.push(twice.clone());
    messages.push(message("51", &command("sales", &["ABC123XYZ", "no identifier"]).to_string()));
    messages.insert(0, message("52", &command("sales", &[GROUP, GROUP]).to_string()));
    messages.push(message("53", &command("sales", &vec![GROUP; 1_001]).to_string()));
    let service = rig.local(&Traffic::new());
    assert_eq!(failures(&service, messages).await, ["53"]);
    assert_eq!(rig.history().await, 46);
    assert!(!rig.simulator().is_member(GROUP, &rig.device.phone));
    rig.assert_settled().await;
    // WhatsApp fails for one of them: that one comes again, and nobody else's.
    rig.simulator().add_member(GROUP, &rig.device.phone);
    rig.roster(GROUP, GroupKind::Group).await;
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetError { code: 500 }));
    let other = message("54", &command("sales", &["no identifier"]).to_string());
    assert_eq!(failures(&service, vec![other, twice]).await, ["50"]);
}

#[tokio::test]
async fn messages_of_one_instance_share_a_login_and_only_what_may_change_comes_again() {
    let rig = Rig::start().await;
    let second = rig.group(NewGroup::new("Second"), Some(GroupKind::Group)).await;
    let third = rig.group(NewGroup::new("Third"), None).await;
    let other = rig.link("acme", "support", "5511999990002").await;
    rig.simulator().add_member(&second, &other.phone);
    // The other instance's WhatsApp fails.
    let fault = Fault::new(Moment::Leave, Reaction::Drop).for_device(&other.jid);
    rig.simulator().script(fault);
    let service = rig.local(&Traffic::new());
    let messages = vec![
        message("1", &command("sales", &[GROUP]).to_string()),
        message("2", &command("support", &[&second]).to_string()),
        message("3", &command("sales", &[&second, &third]).to_string()),
        message("4", &command("sales", &["120363400000000000"]).to_string()),
        message("5", "not a command"),
        message("6", &command("nobody", &[GROUP]).to_string()),
    ];
    assert_eq!(failures(&service, messages.clone()).await, ["2", "5"]);
    let record = rig.simulator().record();
    assert_eq!(record.logins(&rig.device.jid), 1, "one login for three messages");
    for jid in [GROUP, &second, &third] {
        assert!(!rig.simulator().is_member(jid, &rig.device.phone), "{jid}");
    }
    // Delivered again, what was done is final, and what was not is done.
    assert_eq!(failures(&service, messages).await, ["5"]);
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_poison_message_is_logged_with_its_reason() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let many = command("sales", &vec![GROUP; 1_001]).to_string();
    for (body, reason) in [("{\"action\":\"dance\"}", "dance"), (many.as_str(), "1001 identifiers")]
    {
        let event = json!({"Records": [message("poison-1", body)]});
        let answer = process.outcome(&event.to_string()).await;
        let local_stack::runtime_api::Outcome::Response(answer) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(answer, r#"{"batchItemFailures":[{"itemIdentifier":"poison-1"}]}"#);
        let output = process.function.output();
        assert!(output.contains("poison-1") && output.contains(reason), "{output}");
    }
}
