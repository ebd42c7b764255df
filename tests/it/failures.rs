//! An invocation that fails says so once in the log, and by a name that Step
//! Functions can match.

use local_stack::runtime_api::Outcome;
use serde_json::{Value, json};

use crate::support::{GROUP, Process, Rig};

/// The error that the function reported.
async fn failed(process: &Process, event: &str) -> Value {
    match process.outcome(event).await {
        Outcome::Error(error) => serde_json::from_str(&error).unwrap(),
        Outcome::Response(answer) => panic!("{event} was answered: {answer}"),
    }
}

/// The lines of the log, each an object.
fn lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_failed_invocation_is_one_line_at_error_with_its_id_its_type_and_its_reason() {
    let rig = Rig::start().await;
    let process = rig.process_with(&[("LOG_LEVEL", "ERROR")]).await;
    let wrong =
        json!({"action": "leave", "account": "acme", "instance": "sales", "identifier": GROUP});
    let many = json!({"action": "leave", "account": "acme", "instance": "sales",
        "identifiers": vec![GROUP; 1_001]});
    let cases = [
        ("{}".to_owned(), "UnknownEvent", "unknown event: expected an HTTP request"),
        ("[]".to_owned(), "UnknownEvent", "unknown event: expected an HTTP request"),
        ("{\"a\":".to_owned(), "UnknownEvent", "unknown event: EOF"),
        (wrong.to_string(), "InvalidCommand", "not a command: unknown field `identifier`"),
        (
            many.to_string(),
            "InvalidCommand",
            "not a command: 1001 identifiers, and 1000 are the most",
        ),
    ];
    for (event, error_type, reason) in &cases {
        let error = failed(&process, event).await;
        assert_eq!(error["errorType"], *error_type, "{event} {error}");
        assert!(error["errorMessage"].as_str().unwrap().starts_with(reason), "{event} {error}");
    }
    let output = process.function.kill().await.unwrap();
    let lines = lines(&output);
    assert_eq!(lines.len(), cases.len(), "{output}");
    for (number, (line, (_, error_type, reason))) in lines.iter().zip(&cases).enumerate() {
        assert_eq!(line["level"], "ERROR", "{line}");
        assert_eq!(line["requestId"], format!("00000000-0000-4000-8000-{:012}", number + 1));
        assert_eq!(line["errorType"], *error_type, "{line}");
        assert!(line["reason"].as_str().unwrap().starts_with(reason), "{line}");
    }
}

#[tokio::test]
async fn a_check_that_storage_does_not_serve_fails_as_such() {
    let rig = Rig::start().await;
    // A port that was just free: nobody listens on it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let process = rig.process_with(&[("AWS_ENDPOINT_URL_DYNAMODB", &nowhere)]).await;
    let error = failed(&process, r#"{"action":"check"}"#).await;
    assert_eq!(error["errorType"], "StorageUnavailable", "{error}");
    let output = process.function.kill().await.unwrap();
    let of_invocation: Vec<Value> =
        lines(&output).into_iter().filter(|line| line.get("requestId").is_some()).collect();
    let [line] = of_invocation.as_slice() else { panic!("{output}") };
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["errorType"], "StorageUnavailable");
    assert!(line["reason"].as_str().unwrap().contains("storage is unavailable"), "{line}");
}

/// What a sender got wrong may be an invite, which lets anyone join, or very long.
#[tokio::test]
async fn a_failed_invocation_quotes_no_value_and_is_bounded() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for identifiers in
        [json!("S3cretInviteCode"), json!({"S3cretInviteCode": 1}), json!([["S3cretInviteCode"]])]
    {
        let event = json!({"action": "leave", "account": "acme", "instance": "sales",
            "identifiers": identifiers});
        failed(&process, &event.to_string()).await;
    }
    let long = "x".repeat(1_000_000);
    let event = json!({"action": &long, "account": "acme"});
    let error = failed(&process, &event.to_string()).await;
    assert!(error["errorMessage"].as_str().unwrap().len() < 2_000);
    let output = process.function.kill().await.unwrap();
    assert!(!output.contains("S3cret"), "{output}");
    assert!(output.lines().all(|line| line.len() < 8_000), "a line is too long");
}
