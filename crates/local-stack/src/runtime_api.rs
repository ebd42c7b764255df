//! Lambda's Runtime API, as much of it as a function's binary uses: the next
//! invocation, its response, its error, and an error at start.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};

use crate::error::StackError;
use crate::server::Server;

/// A running Runtime API. Several functions may ask it: each takes the next event.
pub struct RuntimeApi {
    server: Server,
    state: Arc<State>,
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function's answer, as JSON text.
    Response(String),
    /// The function's error, as JSON text.
    Error(String),
}

struct Invocation {
    id: String,
    event: String,
    deadline: Duration,
    answer: oneshot::Sender<Outcome>,
}

#[derive(Default)]
struct State {
    waiting: Mutex<VecDeque<Invocation>>,
    running: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    arrived: Notify,
    asked: watch::Sender<u64>,
    count: Mutex<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RuntimeApi {
    /// Starts it on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> Result<Self, StackError> {
        let state = Arc::new(State::default());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let shared = Arc::clone(&state);
        let server = Server::start(listener, move |request, _| {
            let state = Arc::clone(&shared);
            async move { Some(serve(&state, request).await) }
        })?;
        Ok(Self { server, state })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// Waits until functions have asked for an invocation `times` times since
    /// the start. The first time, one is ready.
    pub async fn asked(&self, times: u64) {
        // The sender lives as long as this value, so the wait ends by being met.
        let _ = self.state.asked.subscribe().wait_for(|asked| *asked >= times).await;
    }

    /// Hands `event` to the next function that asks, with `timeout` until its
    /// deadline. `None` when the function never answers: it died.
    pub async fn invoke(&self, event: &str, timeout: Duration) -> Option<Outcome> {
        self.begin(event, timeout).await.ok()
    }

    /// The same, without waiting for the answer.
    pub fn begin(&self, event: &str, timeout: Duration) -> oneshot::Receiver<Outcome> {
        let (answer, answered) = oneshot::channel();
        let number = {
            let mut count = lock(&self.state.count);
            *count += 1;
            *count
        };
        let invocation = Invocation {
            id: format!("00000000-0000-4000-8000-{number:012}"),
            event: event.to_owned(),
            deadline: timeout,
            answer,
        };
        lock(&self.state.waiting).push_back(invocation);
        self.state.arrived.notify_one();
        answered
    }
}

async fn serve(state: &State, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let path = path.strip_prefix("/2018-06-01/runtime/").unwrap_or_default();
    let method = request.method().clone();
    let parts: Vec<&str> = path.split('/').collect();
    match (method, parts.as_slice()) {
        (Method::GET, ["invocation", "next"]) => next(state).await,
        (Method::POST, ["invocation", id, "response"]) => {
            finish(state, id, Outcome::Response(text(request).await))
        }
        (Method::POST, ["invocation", id, "error"]) => {
            finish(state, id, Outcome::Error(text(request).await))
        }
        (Method::POST, ["init", "error"]) => status(StatusCode::ACCEPTED),
        _ => status(StatusCode::NOT_FOUND),
    }
}

async fn next(state: &State) -> Response<Full<Bytes>> {
    state.asked.send_modify(|asked| *asked += 1);
    let invocation = loop {
        let arrived = state.arrived.notified();
        if let Some(invocation) = lock(&state.waiting).pop_front() {
            break invocation;
        }
        arrived.await;
    };
    let Invocation { id, event, deadline, answer } = invocation;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let response = Response::builder()
        .header("lambda-runtime-aws-request-id", &id)
        .header("lambda-runtime-deadline-ms", (now + deadline).as_millis().to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:leave-group",
        )
        .header("lambda-runtime-trace-id", "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c")
        .body(Full::new(event.into()));
    lock(&state.running).insert(id, answer);
    // One waiter is woken for each event; more may have come meanwhile.
    if !lock(&state.waiting).is_empty() {
        state.arrived.notify_one();
    }
    response.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn finish(state: &State, id: &str, outcome: Outcome) -> Response<Full<Bytes>> {
    match lock(&state.running).remove(id) {
        Some(answer) => {
            let _ = answer.send(outcome);
            status(StatusCode::ACCEPTED)
        }
        None => status(StatusCode::NOT_FOUND),
    }
}

async fn text(request: Request<Incoming>) -> String {
    let body = request.into_body().collect().await;
    let bytes = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
