//! DynamoDB's calls, counted and recorded on the SDK's own HTTP boundary, and
//! faults injected there.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use serde_json::{Value, json};

/// One call, as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `UpdateItem`, `GetItem`, …
    pub operation: String,
    /// The request.
    pub body: Value,
}

/// What happens to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallFault {
    /// Nothing: the fault planned next is for the call after it.
    Pass,
    /// A transaction is cancelled because it met another.
    Conflict,
    /// It is applied, and its reply is lost.
    LoseReply,
    /// It never arrives.
    Reset,
    /// It is refused with that error code, as DynamoDB words it.
    Refuse(&'static str),
    /// It is refused as a whole with a 500.
    ServerError,
}

/// A fault for the next call of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Planned {
    operation: String,
    fault: CallFault,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    planned: VecDeque<Planned>,
}

/// The recorder; clones share what they saw.
#[derive(Clone, Default)]
pub struct Traffic(Arc<Mutex<State>>);

impl std::fmt::Debug for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Traffic")
    }
}

impl Traffic {
    /// Nothing seen, nothing planned.
    pub fn new() -> Self {
        Self::default()
    }

    /// `inner`, watched.
    pub fn watch(&self, inner: SharedHttpClient) -> SharedHttpClient {
        let traffic = self.clone();
        http_client_fn(move |settings, components| {
            let inner = aws_smithy_runtime_api::client::http::HttpClient::http_connector(
                &inner, settings, components,
            );
            SharedHttpConnector::new(Watched { inner, traffic: traffic.clone() })
        })
    }

    /// The calls so far, each attempt its own.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// The calls so far, by their operation.
    pub fn operations(&self) -> Vec<String> {
        self.state().calls.iter().map(|call| call.operation.clone()).collect()
    }

    /// Forgets the calls so far.
    pub fn clear(&self) {
        self.state().calls.clear();
    }

    /// Plans a fault for the next call of `operation` that has none yet.
    pub fn plan(&self, operation: &str, fault: CallFault) {
        self.state().planned.push_back(Planned { operation: operation.to_owned(), fault });
    }

    /// How many planned faults have not come to pass.
    pub fn unused_faults(&self) -> usize {
        self.state().planned.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self, request: &HttpRequest) -> Option<CallFault> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        let mut state = self.state();
        let place = state.planned.iter().position(|planned| planned.operation == operation);
        state.calls.push(Call { operation, body });
        place.and_then(|place| state.planned.remove(place)).map(|planned| planned.fault)
    }
}

#[derive(Debug)]
struct Watched {
    inner: SharedHttpConnector,
    traffic: Traffic,
}

impl HttpConnector for Watched {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let fault = self.traffic.seen(&request);
        let inner = self.inner.clone();
        match fault {
            None | Some(CallFault::Pass) => inner.call(request),
            Some(CallFault::Conflict) => {
                let body = json!({
                    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                    "message": "cancelled",
                    "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
                });
                HttpConnectorFuture::ready(answer(400, &body))
            }
            Some(CallFault::LoseReply) => HttpConnectorFuture::new(async move {
                inner.call(request).await?;
                Err(ConnectorError::io("the reply was lost".into()))
            }),
            Some(CallFault::Reset) => {
                HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset".into())))
            }
            Some(CallFault::Refuse(code)) => {
                let body = json!({
                    "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
                    "message": "refused",
                });
                HttpConnectorFuture::ready(answer(400, &body))
            }
            Some(CallFault::ServerError) => {
                let body =
                    json!({"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"});
                HttpConnectorFuture::ready(answer(500, &body))
            }
        }
    }
}

fn answer(status: u16, body: &Value) -> Result<HttpResponse, ConnectorError> {
    let status =
        StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    Ok(HttpResponse::new(status, body.to_string().into()))
}
