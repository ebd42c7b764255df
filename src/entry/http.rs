//! One HTTP request, in the order of `docs/contract.md`, whose rows are named by number.

use std::panic::AssertUnwindSafe;

use domain::clock::Budget;
use domain::idempotency::IdempotencyKey;
use domain::identifier::Identifier;
use domain::problem::Problem;
use domain::tenant::InstanceName;
use domain::token::Token;
use domain::trace::{Step, Trace};
use futures_util::FutureExt;
use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_TYPE,
    HeaderName, HeaderValue, RETRY_AFTER, VARY,
};
use lambda_http::http::{HeaderMap, StatusCode};
use operation::leave::{self, Left, Served};
use operation::order::{Idempotency, Order};
use store::gate::{Caller, Limit, Refusal};
use tokio::time::Instant;

use super::Invocation;
use super::path;
use super::request::{Request, Unreadable};
use crate::answer;
use crate::config::Origins;
use crate::report::{Outcome, Report};
use crate::service::Service;

const METHODS: HeaderValue = HeaderValue::from_static("DELETE, OPTIONS");

/// An answer, before it takes the form of its origin.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
}

/// How a request ended, before it is an answer.
enum End {
    /// `OPTIONS`.
    Preflight,
    Result(Result<Left, Problem>),
    /// An answer kept for an `Idempotency-Key`.
    Replayed {
        status: u16,
        body: String,
    },
}

/// What is known of a request besides its end: for the headers and the log.
#[derive(Default)]
struct Known {
    limit: Option<Limit>,
    account: String,
    instance: String,
    token: String,
    trace: Trace,
}

/// Answers a request, whatever it is.
pub(super) async fn answer(
    service: &Service,
    request: Result<Request, Unreadable>,
    invocation: &Invocation,
    budget: Budget,
) -> Answer {
    let began = Instant::now();
    let calls = service.engine.table.calls();
    let mut known = Known::default();
    let (id, origin, end) = match &request {
        Ok(request) => {
            let ending = AssertUnwindSafe(end(service, request, budget, &mut known));
            let end = ending.catch_unwind().await.unwrap_or_else(|_| {
                tracing::error!(request_id = request.id, "panicked");
                End::Result(Err(Problem::Internal))
            });
            (&request.id, request.header("origin"), end)
        }
        Err(Unreadable { id, origin }) => {
            (id, origin.as_deref(), End::Result(Err(Problem::Malformed)))
        }
    };
    let outcome = end.outcome();
    let answer = write(end, id, origin, &service.origins, known.limit);
    service.reporter.report(&Report {
        kind: "http",
        request_id: id,
        trace_id: invocation.trace_id.as_deref(),
        account: &known.account,
        instance: &known.instance,
        token: &known.token,
        status: Some(answer.status.as_u16()),
        outcomes: &[outcome],
        received: None,
        counts: &[],
        trace: known.trace,
        storage_calls: service.engine.table.calls() - calls,
        took: began.elapsed(),
    });
    answer
}

impl End {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Preflight => Outcome::Preflight,
            Self::Replayed { .. } => Outcome::Replayed,
            Self::Result(result) => Outcome::from(result),
        }
    }
}

/// The request's way: path, method, token, limit, scope, identifier, leave.
async fn end(service: &Service, request: &Request, budget: Budget, known: &mut Known) -> End {
    let instance = match path::instance(&request.path, request.path_is_encoded) {
        Ok(instance) => instance,
        Err(problem) => return End::Result(Err(problem)),
    };
    match request.method.as_str() {
        "OPTIONS" => return End::Preflight,
        "DELETE" => {}
        _ => return End::Result(Err(Problem::MethodNotAllowed)),
    }
    let idempotency = match request.header("idempotency-key").map(IdempotencyKey::parse) {
        Some(None) => return End::Result(Err(Problem::Malformed)),
        Some(key) => key.map(|key| Idempotency { key, render: answer::render }),
        None => None,
    };
    let caller = match admit(service, request, budget, known).await {
        Ok(caller) => caller,
        Err(problem) => return End::Result(Err(problem)),
    };
    match serve(service, request, &caller, instance, idempotency, budget, known).await {
        Ok(Served { outcome, trace }) => {
            known.trace.merge(&trace);
            match outcome {
                leave::Outcome::Replayed(kept) => {
                    End::Replayed { status: kept.status, body: kept.body }
                }
                leave::Outcome::Ran(results) => {
                    End::Result(results.into_iter().next().unwrap_or(Err(Problem::Internal)))
                }
            }
        }
        Err(problem) => End::Result(Err(problem)),
    }
}

/// Rows 5 to 7: token and limit.
async fn admit(
    service: &Service,
    request: &Request,
    budget: Budget,
    known: &mut Known,
) -> Result<Caller, Problem> {
    let bearer = || {
        let (scheme, token) = request.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    };
    let token = request
        .header("token")
        .filter(|token| !token.is_empty())
        .or_else(bearer)
        .unwrap_or_default();
    if token.is_empty() {
        return Err(Problem::MissingToken);
    }
    let token = Token::new(token).map_err(|_| Problem::InvalidToken)?;
    known.token = token.hash().prefix();
    let began = Instant::now();
    let admitted = service.gate.admit(&token, budget).await;
    known.trace.spent(Step::Gate, began);
    match admitted {
        Ok(caller) => {
            known.limit = Some(caller.limit());
            caller.account().as_str().clone_into(&mut known.account);
            Ok(caller)
        }
        Err(refusal) => {
            match &refusal {
                Refusal::Limited { limit, .. } => known.limit = Some(*limit),
                Refusal::Store(error) => tracing::error!(%error, "the gate is shut"),
                Refusal::Unknown => {}
            }
            Err(Problem::from(&refusal))
        }
    }
}

/// Row 8 and on: scope, identifier, the leave.
async fn serve(
    service: &Service,
    request: &Request,
    caller: &Caller,
    instance: InstanceName,
    idempotency: Option<Idempotency>,
    budget: Budget,
    known: &mut Known,
) -> Result<Served, Problem> {
    instance.as_str().clone_into(&mut known.instance);
    let identifier = identifier(&request.query);
    let order =
        Order::of_caller(caller, instance, vec![identifier], idempotency, request.id.clone())?;
    Ok(leave::serve(&service.engine, &order, budget).await)
}

/// A repeated parameter names no one group.
fn identifier(query: &[(String, String)]) -> Result<Identifier, Problem> {
    let mut given = query.iter().filter(|(name, _)| name == "identifier");
    match (given.next(), given.next()) {
        (None, _) => Err(Problem::IdentifierRequired),
        (Some((_, text)), None) => Ok(Identifier::parse(text)?),
        (Some(_), Some(_)) => Err(Problem::IdentifierInvalid),
    }
}

fn write(
    end: End,
    id: &str,
    origin: Option<&str>,
    origins: &Origins,
    limit: Option<Limit>,
) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    cors(&mut headers, origin, origins);
    if let Some(limit) = limit {
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), limit.limit.into());
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), limit.remaining.into());
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), limit.reset.seconds().into());
    }
    let (status, body) = match end {
        End::Preflight => {
            return Answer { status: StatusCode::NO_CONTENT, headers, body: None };
        }
        End::Replayed { status, body } => {
            let replayed = HeaderName::from_static("idempotent-replayed");
            headers.insert(replayed, HeaderValue::from_static("true"));
            (status, body)
        }
        End::Result(result) => {
            if let Err(problem) = &result {
                if let Some(seconds) = problem.retry_after_seconds() {
                    headers.insert(RETRY_AFTER, seconds.into());
                }
                if *problem == Problem::MethodNotAllowed {
                    headers.insert(ALLOW, METHODS);
                }
            }
            let answer =
                answer::render(result.as_ref().map(Left::group).map_err(|problem| *problem));
            (answer.status, answer.body)
        }
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer { status, headers, body: Some(body) }
}

/// CORS is the function's own, on every entry alike. No cookies.
fn cors(headers: &mut HeaderMap, origin: Option<&str>, origins: &Origins) {
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin.filter(|origin| origins.allow(origin)) else {
        return;
    };
    let Ok(origin) = HeaderValue::from_str(origin) else {
        return;
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Content-Type, Authorization, token, Idempotency-Key"),
    );
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, \
             X-Request-Id, Idempotent-Replayed",
        ),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
}
