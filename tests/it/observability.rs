//! One line for each request, and the metrics in it.

use std::sync::{Arc, Mutex};

use domain::clock::SystemClock;
use domain::group::GroupKind;
use leave_group::config::Config;
use leave_group::report::Reporter;
use leave_group::service::Service;
use local_stack::proxy::Proxy;
use local_stack::traffic::Traffic;
use operation::engine::Ports;
use serde_json::{Value, json};
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use crate::support::{
    ACCOUNT_TOKEN, GROUP, Observed, Request, Rig, Shape, fixture, leave_all, read_line as read,
    statuses,
};

/// The metrics of a line that count something, with their numbers.
fn counts(line: &Value) -> Vec<(&str, u64)> {
    let counting = |name: &&str| !name.ends_with("Ms");
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    let names = metrics.iter().map(|metric| metric["Name"].as_str().unwrap());
    let mut counts: Vec<_> =
        names.filter(counting).map(|name| (name, line[name].as_u64().unwrap())).collect();
    counts.sort_unstable();
    counts
}

fn usual() -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", GROUP)
}

#[tokio::test]
async fn a_leave_is_one_line_with_everything_that_happened() {
    let rig = Rig::start().await;
    let observed = Observed::start(&rig);
    observed.service.engine.preload().await;
    let line = observed.line(&usual()).await;
    let said = [
        ("level", json!("INFO")),
        ("kind", json!("http")),
        ("trace_id", json!("Root=1-2-3")),
        ("account", json!("acme")),
        ("instance", json!("sales")),
        ("outcome", json!("left")),
        ("status", json!(200)),
        ("attempt", json!(1)),
        ("round_trips", json!(4)),
        ("storage_calls", json!(4)),
    ];
    for (name, value) in said {
        assert_eq!(line[name], value, "{name}: {line}");
    }
    assert_eq!(line["token"].as_str().unwrap().len(), 8, "{line}");
    assert!(line["request_id"].as_str().unwrap().len() > 8, "{line}");
    assert!(line.get("failure").is_none() && line.get("whatsapp_code").is_none(), "{line}");
    for step in ["Gate", "Lease", "Connect", "Login", "Resolve", "Leave", "Settle", "Total"] {
        assert!(line[format!("{step}Ms")].as_f64().unwrap() >= 0.0, "{step}: {line}");
    }
    assert_eq!(counts(&line), [("Left", 1)]);
}

#[tokio::test]
async fn an_outcome_has_its_name_its_code_and_its_metric() {
    let rig = Rig::start().await;
    let observed = Observed::start(&rig);
    let login = |reason| Fault::new(Moment::Login, Reaction::Failure { reason, expire: None });
    let leave = |reaction| Fault::new(Moment::Leave, reaction);
    let cases = [
        (login(405), "whatsapp_unavailable", "version_refused", Some(405), "ClientVersionRefused"),
        (login(503), "whatsapp_unavailable", "login_refused", Some(503), "WhatsAppLoginRefused"),
        (
            Fault::new(Moment::Connect, Reaction::Drop),
            "whatsapp_unavailable",
            "unreachable",
            None,
            "WhatsAppUnreachable",
        ),
        (leave(Reaction::Drop), "unconfirmed", "closed", None, "WhatsAppDisconnected"),
    ];
    for (fault, outcome, failure, code, metric) in cases {
        rig.simulator().script(fault);
        let line = observed.line(&usual()).await;
        assert_eq!(line["outcome"], outcome, "{line}");
        assert_eq!(line["failure"], failure, "{line}");
        assert_eq!(line.get("whatsapp_code").and_then(Value::as_u64), code, "{line}");
        assert!(counts(&line).contains(&(metric, 1)), "{metric}: {line}");
    }
    // The last one's outcome was lost: this is the second attempt.
    let line = observed.line(&usual()).await;
    assert_eq!((&line["outcome"], &line["attempt"]), (&json!("left"), &json!(2)), "{line}");
    let line = observed.line(&usual()).await;
    assert_eq!((&line["outcome"], &line["status"]), (&json!("not_member"), &json!(404)), "{line}");
    assert_eq!(line["whatsapp_code"], 403, "{line}");
    let line = observed.line(&usual().header("token", "nobody-knows-this-token")).await;
    assert_eq!(line["outcome"], "invalid_token", "{line}");
    assert_eq!(counts(&line), [("Unauthorized", 1)]);
    assert!(line.get("account").is_none(), "{line}");
    let line = observed.line(&usual().method("GET")).await;
    assert_eq!(line["outcome"], "method_not_allowed", "{line}");
    assert_eq!(counts(&line), [("BadRequests", 1)]);
}

#[tokio::test]
async fn a_learned_outcome_is_told_apart_from_a_confirmed_one() {
    let rig = Rig::start().await;
    let observed = Observed::start(&rig);
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(observed.line(&usual()).await["outcome"], "unconfirmed");
    let line = observed.line(&usual()).await;
    assert_eq!((&line["outcome"], &line["status"]), (&json!("recovered"), &json!(200)), "{line}");
    assert_eq!(counts(&line), [("Recovered", 1)]);
}

#[tokio::test]
async fn a_busy_session_counts_how_often_it_was_waited_for() {
    let rig = Rig::start().await;
    let observed = Observed::start_with(&rig, &[("LEASE_WAIT_MS", "100")]);
    let mut session = rig.session().await;
    let until = domain::clock::Clock::now(&SystemClock::new()).0 + 20_000;
    session.insert("lease_owner".to_owned(), local_stack::items::text("another run"));
    session.insert("lease_until".to_owned(), local_stack::items::number(until));
    rig.provisioner.put(session).await.unwrap();
    let line = observed.line(&usual()).await;
    assert_eq!(line["outcome"], "busy", "{line}");
    assert!(line["LeaseWaits"].as_u64().unwrap() >= 1, "{line}");
    assert_eq!(line["Busy"], 1, "{line}");
}

/// Two requests with one key at once: one leaves, the other waits for the session and
/// is given what was kept. Its line says what that took.
#[tokio::test]
async fn a_replayed_request_keeps_its_waits_and_its_timing() {
    let rig = Rig::start().await;
    let observed = Observed::start(&rig);
    let event = usual().header("Idempotency-Key", "key-1").event(Shape::HttpApi);
    tokio::join!(observed.answered(&event), observed.answered(&event));
    let lines = observed.written();
    let replayed: Vec<&Value> = lines.iter().filter(|line| line["outcome"] == "replayed").collect();
    let ([line], 2) = (replayed.as_slice(), lines.len()) else { panic!("{lines:?}") };
    assert_eq!(line["status"], 200, "{line}");
    assert!(line["LeaseWaits"].as_u64().unwrap() >= 1, "{line}");
    for step in ["Gate", "Lease", "Total"] {
        assert!(line[format!("{step}Ms")].as_f64().unwrap() >= 0.0, "{step}: {line}");
    }
    let counted: Vec<&str> = counts(line).into_iter().map(|(name, _)| name).collect();
    assert_eq!(counted, ["LeaseWaits", "Replayed"]);
}

#[tokio::test]
async fn a_command_is_one_line_with_every_outcome() {
    let rig = Rig::start().await;
    let other = rig.group(NewGroup::new("Other"), None).await;
    let observed = Observed::start(&rig);
    let event = json!({"action": "leave", "account": "acme", "instance": "sales",
        "identifiers": [GROUP, other, "120363400000000000", "?"]});
    let lines = observed.lines(&event.to_string()).await;
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(line["kind"], "command");
    assert_eq!(line["outcomes"], json!(["left", "left", "not_member", "identifier_invalid"]));
    assert_eq!(counts(line), [("BadRequests", 1), ("Left", 2), ("NotMember", 1)]);
    assert!(line.get("token").is_none(), "{line}");
}

#[tokio::test]
async fn a_batch_is_one_line_for_each_instance_and_says_how_often_it_came() {
    let rig = Rig::start().await;
    let observed = Observed::start(&rig);
    let mut event = fixture("sqs");
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!("3");
    let lines = observed.lines(&event.to_string()).await;
    assert!(!lines.is_empty());
    for line in &lines {
        assert_eq!(line["kind"], "batch", "{line}");
    }
    assert!(lines.iter().any(|line| line["received"] == 3), "{lines:?}");
}

#[tokio::test]
async fn neither_a_group_nor_a_secret_is_in_a_line() {
    let rig = Rig::start().await;
    let observed = Observed::start(&rig);
    let line = observed.line(&usual()).await.to_string();
    for hidden in [ACCOUNT_TOKEN, GROUP, "120363406289005073", "Leads", &rig.device.phone] {
        assert!(!line.contains(hidden), "{hidden}: {line}");
    }
}

#[tokio::test]
async fn the_trace_goes_from_lambda_to_the_line_and_to_every_call() {
    let rig = Rig::start().await;
    let proxy = Proxy::start(rig.backends.dynamodb()).await.unwrap();
    let process = rig.process_with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url())]).await;
    process.runtime.asked(1).await;
    proxy.traffic().clear();
    assert_eq!(process.send(&usual(), Shape::HttpApi).await.status, 200);
    let root = "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c";
    for call in proxy.traffic().calls() {
        assert_eq!(call.trace_id.as_deref(), Some(root), "{}", call.operation);
    }
    let output = process.function.kill().await.unwrap();
    let lines: Vec<Value> = output
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["kind"] == "http")
        .collect();
    assert_eq!(lines.len(), 1, "{output}");
    assert_eq!(lines[0]["trace_id"], root);
}

#[tokio::test]
async fn the_line_is_written_at_every_log_level() {
    let rig = Rig::start().await;
    let process = rig.process_with(&[("LOG_LEVEL", "ERROR")]).await;
    process.send(&usual(), Shape::HttpApi).await;
    let output = process.function.kill().await.unwrap();
    assert_eq!(output.lines().count(), 1, "{output}");
    read(output.trim());
}

#[tokio::test]
async fn what_a_line_counts_is_what_was_on_the_wire() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let environment = rig.environment(&[]);
    let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
    let http = traffic.watch(operation::engine::http_client().unwrap());
    let service =
        Service::through(&config, Arc::new(SystemClock::new()), Ports::with_http(http)).unwrap();
    let service = service.reporting(Reporter::to("leave-group".to_owned(), move |line| {
        sink.lock().unwrap().push(line.to_owned());
    }));
    // A call that is repeated counts again.
    traffic.plan("UpdateItem", local_stack::traffic::CallFault::LoseReply);
    for identifier in [GROUP, "ABC123XYZ"] {
        rig.simulator().add_member(GROUP, &rig.device.phone);
        rig.simulator().clear_record();
        traffic.clear();
        let request = Request::leave(ACCOUNT_TOKEN, "sales", identifier);
        assert_eq!(crate::support::ask(&service, &request).await.status, 200);
        let line = read(&lines.lock().unwrap().pop().unwrap());
        assert_eq!(line["storage_calls"], traffic.calls().len(), "{line}");
        let round_trips = rig.simulator().record().round_trips(&rig.device.jid);
        assert_eq!(line["round_trips"], round_trips, "{line}");
    }
    assert_eq!(traffic.unused_faults(), 0);
}

/// What a subscriber writes.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_throttled_stanza_is_one_warning_whatever_the_number_of_its_targets() {
    let written = Written::default();
    let sink = written.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || sink.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let rig = Rig::start().await;
    let mut jids = Vec::new();
    for _ in 0..20 {
        jids.push(rig.group(NewGroup::new("Group"), Some(GroupKind::Group)).await);
    }
    let service = rig.local(&Traffic::new());
    let throttled = Reaction::IqError { code: 429, text: "rate".to_owned(), backoff: Some(3_600) };
    rig.simulator().script(Fault::new(Moment::Leave, throttled));
    let names: Vec<&str> = jids.iter().map(String::as_str).collect();
    assert_eq!(statuses(&leave_all(&service, &names).await), [429; 20]);
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("does not listen for a while").count(), 1, "{text}");
}
