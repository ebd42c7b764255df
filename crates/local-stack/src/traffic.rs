//! DynamoDB's calls, counted and recorded on the SDK's own HTTP boundary, and
//! faults injected there.

mod access;
mod again;

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
use tokio::sync::watch;
use whatsapp_simulator::HoldHandle;

pub use access::Access;

/// One call, as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `UpdateItem`, `GetItem`, …
    pub operation: String,
    /// The request.
    pub body: Value,
    /// Its X-Ray trace header.
    pub trace_id: Option<String>,
}

/// What happens to one call.
#[derive(Debug, Clone)]
pub enum CallFault {
    /// It waits at the handle, and goes on when that is released.
    HoldBefore(HoldHandle),
    /// It is applied, and its reply waits at the handle.
    HoldAfter(HoldHandle),
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
#[derive(Debug, Clone)]
struct Planned {
    operation: String,
    fault: CallFault,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    planned: VecDeque<Planned>,
    going: watch::Sender<usize>,
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

    /// Forgets the faults that have not come to pass.
    pub fn forget_faults(&self) {
        self.state().planned.clear();
    }

    /// Waits until no call is under way.
    pub async fn quiet(&self) {
        let mut going = self.state().going.subscribe();
        // The sender lives in this value.
        let _ = going.wait_for(|going| *going == 0).await;
    }

    /// How many planned faults have not come to pass.
    pub fn unused_faults(&self) -> usize {
        self.state().planned.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a call, and says what is to happen to it.
    pub(crate) fn seen(
        &self,
        target: &str,
        trace_id: Option<&str>,
        body: &[u8],
    ) -> Option<CallFault> {
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        let mut state = self.state();
        let place = state.planned.iter().position(|planned| planned.operation == operation);
        state.calls.push(Call { operation, body, trace_id: trace_id.map(str::to_owned) });
        place.and_then(|place| state.planned.remove(place)).map(|planned| planned.fault)
    }
}

#[derive(Debug)]
struct Watched {
    inner: SharedHttpConnector,
    traffic: Traffic,
}

impl HttpConnector for Watched {
    /// A call goes on when whoever asked is gone: a packet that was sent is sent.
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let trace_id = request.headers().get("x-amzn-trace-id");
        let fault = self.traffic.seen(target, trace_id, request.body().bytes().unwrap_or_default());
        let going = Going::begin(self.traffic.clone());
        let inner = self.inner.clone();
        let call = tokio::spawn(async move {
            let reply = pass(&inner, request, fault).await;
            drop(going);
            reply
        });
        HttpConnectorFuture::new(async move {
            call.await.unwrap_or_else(|error| Err(ConnectorError::other(error.into(), None)))
        })
    }
}

/// One call that is under way.
struct Going(Traffic);

impl Going {
    fn begin(traffic: Traffic) -> Self {
        traffic.state().going.send_modify(|going| *going += 1);
        Self(traffic)
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.0.state().going.send_modify(|going| *going -= 1);
    }
}

async fn pass(
    inner: &SharedHttpConnector,
    request: HttpRequest,
    fault: Option<CallFault>,
) -> Result<HttpResponse, ConnectorError> {
    match carry_out(fault, async { inner.call(request).await }).await {
        Passed::Answered(reply) => reply,
        Passed::Unheard(reply) => {
            reply?;
            Err(ConnectorError::io("the reply was lost".into()))
        }
        Passed::Reset => Err(ConnectorError::io("connection reset".into())),
        Passed::Refused { status, body } => {
            let status = StatusCode::try_from(status)
                .map_err(|error| ConnectorError::other(error.into(), None))?;
            Ok(HttpResponse::new(status, body.into()))
        }
    }
}

/// What became of a call.
pub(crate) enum Passed<T> {
    /// It was applied, and this is the reply.
    Answered(T),
    /// It was applied, and nobody is to hear the reply.
    Unheard(T),
    /// It never arrived.
    Reset,
    /// It was refused, in DynamoDB's words.
    Refused {
        /// HTTP's.
        status: u16,
        /// As JSON.
        body: String,
    },
}

/// Makes a call, unless `fault` keeps it from being made.
pub(crate) async fn carry_out<T>(
    fault: Option<CallFault>,
    call: impl Future<Output = T>,
) -> Passed<T> {
    let named = |code: &str| format!("com.amazonaws.dynamodb.v20120810#{code}");
    let refused = |status, body: Value| Passed::Refused { status, body: body.to_string() };
    match fault {
        None | Some(CallFault::Pass) => Passed::Answered(call.await),
        Some(CallFault::HoldBefore(hold)) => {
            hold.hold().await;
            Passed::Answered(call.await)
        }
        Some(CallFault::HoldAfter(hold)) => {
            let reply = call.await;
            hold.hold().await;
            Passed::Answered(reply)
        }
        Some(CallFault::LoseReply) => Passed::Unheard(call.await),
        Some(CallFault::Reset) => Passed::Reset,
        Some(CallFault::Refuse(code)) => {
            refused(400, json!({"__type": named(code), "message": "refused"}))
        }
        Some(CallFault::Conflict) => refused(
            400,
            json!({
                "__type": named("TransactionCanceledException"),
                "message": "cancelled",
                "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
            }),
        ),
        Some(CallFault::ServerError) => {
            refused(500, json!({"__type": named("InternalServerError")}))
        }
    }
}
