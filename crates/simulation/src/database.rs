//! `DynamoDB`: the embedded one, called inside the SDK's own HTTP boundary. No socket and no
//! HTTP, but the real requests and the real answers, and whatever can befall a call.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::{AttributeValue, Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

use crate::call_fault::CallFault;
use crate::fate::Fates;
use crate::machine::Machine;
use crate::tame;
use crate::trace::Trace;
use crate::weights::Weights;
use crate::written::{Watcher, Written};

/// The one table, for every machine.
#[derive(Clone)]
pub(crate) struct Dynamo {
    shared: Arc<Shared>,
}

struct Shared {
    database: Database,
    fates: Fates,
    weights: Weights,
    trace: Trace,
    /// Calls that have not come to rest.
    going: AtomicUsize,
    rest: Notify,
    /// Whether anything befalls calls.
    is_disturbed: Mutex<bool>,
    watcher: Watcher,
    read_sessions: Mutex<BTreeMap<String, Option<Value>>>,
}

impl Dynamo {
    pub(crate) fn new(fates: Fates, weights: Weights, trace: Trace) -> Result<Self, DynoxideError> {
        Ok(Self {
            shared: Arc::new(Shared {
                database: Database::memory()?,
                fates,
                weights,
                trace,
                going: AtomicUsize::new(0),
                rest: Notify::new(),
                is_disturbed: Mutex::new(false),
                watcher: Watcher::default(),
                read_sessions: Mutex::default(),
            }),
        })
    }

    /// From here on calls meet what the seed has for them, or nothing.
    pub(crate) fn disturb(&self, disturbed: bool) {
        *self.shared.is_disturbed.lock().unwrap_or_else(PoisonError::into_inner) = disturbed;
    }

    /// Tells of each write that is applied.
    pub(crate) fn watch(&self, watch: impl Fn(&Written<'_>) + Send + Sync + 'static) {
        self.shared.watcher.watch(watch);
    }

    fn is_disturbed(&self) -> bool {
        *self.shared.is_disturbed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The HTTP client of a machine.
    pub(crate) fn port(&self, machine: &Machine) -> SharedHttpClient {
        let port = Port { dynamo: self.clone(), machine: machine.clone() };
        let connector = SharedHttpConnector::new(port);
        http_client_fn(move |_, _| connector.clone())
    }

    /// Waits until no call is under way.
    pub(crate) async fn rest(&self) {
        while self.shared.going.load(Ordering::Relaxed) > 0 {
            self.shared.rest.notified().await;
        }
    }

    /// Every item of the table, as JSON has it.
    pub(crate) fn items(&self) -> Vec<Value> {
        let (_, answer) = self.apply("Scan", r#"{"TableName":"leave-group"}"#);
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        answer["Items"].as_array().cloned().unwrap_or_default()
    }

    /// One item.
    pub(crate) fn item(&self, pk: &str, sk: &str) -> Option<Value> {
        if sk != "SESSION" {
            return self.read(pk, sk);
        }
        let read = self.read_sessions().get(pk).cloned();
        read.unwrap_or_else(|| {
            let session = self.read(pk, sk);
            self.read_sessions().insert(pk.to_owned(), session.clone());
            session
        })
    }

    /// Sessions as they were read last, until anything is written of them.
    fn read_sessions(&self) -> MutexGuard<'_, BTreeMap<String, Option<Value>>> {
        self.shared.read_sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, pk: &str, sk: &str) -> Option<Value> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let request = GetItemRequest {
            table_name: "leave-group".to_owned(),
            key: [("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))].into(),
            consistent_read: Some(true),
            projection_expression: None,
            expression_attribute_names: None,
            return_consumed_capacity: None,
            attributes_to_get: None,
        };
        let item = self.shared.database.get_item(request).ok()?.item?;
        serde_json::to_value(item).ok()
    }

    /// The roster rows of a partition.
    pub(crate) fn rows(&self, pk: &str) -> Vec<Value> {
        let request = json!({"TableName": "leave-group",
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :group)",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":group": {"S": "GROUP#"}}});
        let (_, answer) = self.apply("Query", &request.to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        answer["Items"].as_array().cloned().unwrap_or_default()
    }

    /// Leaves of these groups had no outcome at these times, in milliseconds. Nothing is done
    /// where there is no session.
    pub(crate) fn plant_intents(&self, pk: &str, groups: &[(String, u64)]) {
        let (mut names, mut values, mut sets) = (json!({}), json!({}), Vec::new());
        for (number, (group, at)) in groups.iter().enumerate() {
            names[format!("#g{number}")] = group.as_str().into();
            values[format!(":v{number}")] = json!({"M": {"by": {"S": "0".repeat(32)},
                "began": {"N": at.to_string()}, "at": {"N": at.to_string()}}});
            sets.push(format!("intents.#g{number} = :v{number}"));
        }
        let request = json!({"TableName": "leave-group",
            "Key": {"pk": {"S": pk}, "sk": {"S": "SESSION"}},
            "ConditionExpression": "attribute_exists(intents)",
            "UpdateExpression": format!("SET {}", sets.join(", ")),
            "ExpressionAttributeNames": names, "ExpressionAttributeValues": values});
        self.apply("UpdateItem", &request.to_string());
    }

    async fn carry_out(
        &self,
        operation: String,
        body: String,
        machine: &Machine,
    ) -> Option<(u16, String)> {
        let (before, fault, after) =
            CallFault::draw(&self.shared.fates, &self.shared.weights, machine, self.is_disturbed());
        if let Some(fault) = fault {
            machine.met(fault.name(), fault.hides());
            self.shared.trace.note(|| format!("    {operation}: {fault:?}"));
        }
        sleep(before).await;
        let refused = |status: u16, code: &str, more: Value| {
            let mut body = json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}")});
            if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
                body.extend(more);
            }
            Some((status, body.to_string()))
        };
        let reply = match fault {
            Some(CallFault::Reset) => None,
            Some(CallFault::ServerError) => refused(500, "InternalServerError", json!({})),
            Some(CallFault::Throttled) => {
                refused(400, "ProvisionedThroughputExceededException", json!({"message": "slow"}))
            }
            Some(CallFault::Conflict) if operation == "TransactWriteItems" => {
                let reasons = json!([{"Code": "TransactionConflict"}, {"Code": "None"}]);
                refused(
                    400,
                    "TransactionCanceledException",
                    json!({"message": "cancelled", "CancellationReasons": reasons}),
                )
            }
            Some(CallFault::LateBefore(late)) => {
                sleep(late).await;
                Some(self.carried(&operation, &body, machine))
            }
            Some(CallFault::LateAfter(late)) => {
                let reply = self.carried(&operation, &body, machine);
                sleep(late).await;
                Some(reply)
            }
            Some(CallFault::LoseReply) => {
                self.carried(&operation, &body, machine);
                None
            }
            Some(CallFault::Conflict) | None => Some(self.carried(&operation, &body, machine)),
        };
        sleep(after).await;
        reply
    }

    /// Applies a machine's call.
    fn carried(&self, operation: &str, body: &str, machine: &Machine) -> (u16, String) {
        let item = |pk: &str, sk: &str| self.item(pk, sk);
        let apply = || self.apply(operation, body);
        self.shared.watcher.see(machine, (operation, body), item, apply)
    }

    fn apply(&self, operation: &str, body: &str) -> (u16, String) {
        let database = &self.shared.database;
        let done = match operation {
            "GetItem" => call(body, |request| database.get_item(request)),
            "PutItem" => call(body, |request| database.put_item(request)),
            "UpdateItem" => call(body, |request| database.update_item(request)),
            "DeleteItem" => call(body, |request| database.delete_item(request)),
            "Query" => call(body, |request| database.query(request)),
            "Scan" => call(body, |request| database.scan(request)),
            "BatchGetItem" => call(body, |request| database.batch_get_item(request)),
            "TransactWriteItems" => call(body, |request| database.transact_write_items(request)),
            "TransactGetItems" => call(body, |request| database.transact_get_items(request)),
            "CreateTable" => call(body, |request| database.create_table(request)),
            "DescribeTable" => call(body, |request| database.describe_table(request)),
            "UpdateTable" => call(body, |request| database.update_table(request)),
            "UpdateTimeToLive" => call(body, |request| database.update_time_to_live(request)),
            "DescribeTimeToLive" => call(body, |request| database.describe_time_to_live(request)),
            _ => Err((
                400,
                json!({"__type": "com.amazon.coral.service#UnknownOperationException"}).to_string(),
            )),
        };
        match done {
            Ok(answer) => {
                if !matches!(operation, "GetItem" | "Query" | "Scan" | "BatchGetItem") {
                    self.read_sessions().retain(|pk, _| !body.contains(pk.as_str()));
                }
                (200, answer)
            }
            Err(refused) => refused,
        }
    }
}

fn call<Request: DeserializeOwned, Answer: Serialize>(
    body: &str,
    apply: impl FnOnce(Request) -> Result<Answer, DynoxideError>,
) -> Result<String, (u16, String)> {
    let unreadable = |error: serde_json::Error| {
        let body = json!({"__type": "com.amazon.coral.service#SerializationException",
            "message": error.to_string()});
        (400, body.to_string())
    };
    let request = serde_json::from_str(body).map_err(unreadable)?;
    let answer = apply(request).map_err(|error| (error.status_code(), error.to_json()))?;
    serde_json::to_string(&answer).map_err(unreadable)
}

/// A machine's way to it.
#[derive(Clone)]
struct Port {
    dynamo: Dynamo,
    machine: Machine,
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Port")
    }
}

impl HttpConnector for Port {
    /// A call goes on when whoever asked is gone: a packet that was sent is sent.
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().map(|body| String::from_utf8_lossy(body).into_owned());
        let (reply, replied) = oneshot::channel();
        let (dynamo, machine) = (self.dynamo.clone(), self.machine.clone());
        dynamo.shared.going.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let answer = dynamo.carry_out(operation, body.unwrap_or_default(), &machine).await;
            if dynamo.shared.going.fetch_sub(1, Ordering::Relaxed) == 1 {
                dynamo.shared.rest.notify_waiters();
            }
            let _ = reply.send(answer);
        });
        HttpConnectorFuture::new(async move {
            let lost = || ConnectorError::io("the connection was reset".into());
            let (status, body) = replied.await.ok().flatten().ok_or_else(lost)?;
            let status = StatusCode::try_from(status)
                .map_err(|error| ConnectorError::other(error.into(), None))?;
            let mut answer = HttpResponse::new(status, body.into());
            answer.headers_mut().insert("content-type", "application/x-amz-json-1.0");
            answer.headers_mut().insert("date", date(tame::world_now()));
            Ok(answer)
        })
    }
}

/// As HTTP has it (RFC 9110, section 5.6.7).
fn date(milliseconds: u64) -> String {
    use aws_smithy_types::date_time::{DateTime, Format};
    let seconds = i64::try_from(milliseconds / 1_000).unwrap_or_default();
    DateTime::from_secs(seconds).fmt(Format::HttpDate).unwrap_or_default()
}
