//! Telling the kinds of event apart. A kind is recognised whole or not at all: an
//! event that merely has a part of one is an error of its invocation, so that whoever
//! sent it does not count it as done.
//!
//! Sources: "Create AWS Lambda proxy integrations for HTTP APIs" (payloads 1.0 and
//! 2.0), "Set up Lambda proxy integrations" (REST API), "Lambda functions as targets
//! for Application Load Balancers", "Using Lambda with Amazon SQS", "`EventBridge` Pipes
//! batching and concurrency"; cargo-lambda 1.9's `trigger_router.rs`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::batch::{Batch, Record};
use super::object::Object;

/// Who sent an HTTP event: where its parts are still percent-encoded, and the form
/// of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// API Gateway's HTTP API, payload 2.0.
    HttpApi,
    /// The same with payload 1.0: the REST API's form, its path decoded.
    HttpApiV1,
    /// A Function URL: payload 2.0, with its path as the caller wrote it.
    FunctionUrl,
    /// `cargo lambda watch`: the same, under the name `localhost`.
    CargoLambda,
    /// API Gateway's REST API.
    RestApi,
    /// A load balancer's target group.
    LoadBalancer {
        /// Whether the group is set to multi-value headers.
        multi_value: bool,
    },
}

/// What an event is.
pub(super) enum Kind {
    /// An HTTP request.
    Http(Origin),
    /// SQS messages, from the queue itself or through a pipe.
    Batch(Vec<Record>),
    /// A typed command, not read yet.
    Command,
    /// None of these.
    Unknown,
}

/// What each kind has and no other. An event with two of them is neither.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marks {
    request_context: Option<IgnoredAny>,
    #[serde(rename = "Records")]
    records: Option<IgnoredAny>,
    action: Option<IgnoredAny>,
}

/// Which kind the event is of.
pub(super) fn kind(event: &RawValue) -> Kind {
    let text = event.get();
    if let Ok(records) = serde_json::from_str(text) {
        return batch(records);
    }
    let Ok(Object(marks)) = serde_json::from_str::<Object<Marks>>(text) else {
        return Kind::Unknown;
    };
    match (marks.request_context, marks.records, marks.action) {
        (Some(_), None, None) => serde_json::from_str::<Object<Shape>>(text)
            .ok()
            .and_then(|Object(shape)| shape.origin())
            .map_or(Kind::Unknown, Kind::Http),
        (None, Some(_), None) => serde_json::from_str::<Object<Batch>>(text)
            .map_or(Kind::Unknown, |Object(Batch { records })| batch(records)),
        (None, None, Some(_)) => Kind::Command,
        _ => Kind::Unknown,
    }
}

/// Both the queue's and the pipe's answer name messages, so there has to be one.
fn batch(records: Vec<Object<Record>>) -> Kind {
    if records.is_empty() {
        return Kind::Unknown;
    }
    Kind::Batch(records.into_iter().map(|Object(record)| record).collect())
}

/// The parts that make an event an HTTP request. What callers write (query, headers,
/// body) is no part of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    version: Option<String>,
    raw_path: Option<String>,
    http_method: Option<String>,
    path: Option<String>,
    /// API Gateway's, in payload 1.0 and from REST APIs.
    resource: Option<String>,
    multi_value_headers: Option<IgnoredAny>,
    request_context: Object<Context>,
    // A request to an authorizer is a request, but the question is another one.
    method_arn: Option<IgnoredAny>,
    route_arn: Option<IgnoredAny>,
    identity_source: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    http: Option<Object<Http>>,
    elb: Option<Object<TargetGroup>>,
    resource_id: Option<String>,
    resource_path: Option<String>,
    domain_name: Option<String>,
    api_id: Option<String>,
    // A WebSocket API's.
    connection_id: Option<IgnoredAny>,
    event_type: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Http {
    #[serde(rename = "method")]
    _method: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetGroup {
    #[serde(rename = "targetGroupArn")]
    _arn: String,
}

impl Shape {
    /// Who sent it; `None` when a part is missing or is another kind's.
    fn origin(&self) -> Option<Origin> {
        let Object(context) = &self.request_context;
        let is_authorizers =
            self.method_arn.is_some() || self.route_arn.is_some() || self.identity_source.is_some();
        let is_web_sockets = context.connection_id.is_some() || context.event_type.is_some();
        if is_authorizers || is_web_sockets {
            return None;
        }
        let has_route = self.http_method.is_some() && self.path.is_some();
        let has_resource = context.resource_id.is_some() || context.resource_path.is_some();
        let is_gateways = has_route && self.resource.is_some() && has_resource;
        match (self.version.as_deref(), &context.http, &context.elb) {
            (Some("2.0"), Some(_), None) if self.raw_path.is_some() => Some(context.payload_2()),
            (Some("1.0"), None, None) if is_gateways => Some(Origin::HttpApiV1),
            (None, None, None) if is_gateways => Some(Origin::RestApi),
            (None, None, Some(_)) if has_route => {
                Some(Origin::LoadBalancer { multi_value: self.multi_value_headers.is_some() })
            }
            _ => None,
        }
    }
}

impl Context {
    fn payload_2(&self) -> Origin {
        match (self.domain_name.as_deref(), &self.api_id) {
            // Other emulators call themselves `localhost` too, but have an API.
            (Some("localhost"), None) => Origin::CargoLambda,
            (Some(name), _) if name.contains(".lambda-url.") => Origin::FunctionUrl,
            _ => Origin::HttpApi,
        }
    }
}
