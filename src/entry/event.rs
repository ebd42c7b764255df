//! Telling the kinds of event apart, and reading the HTTP ones. Only the fields that are used are read,
//! because `lambda_http`'s own conversion panics on a raw quote in the query,
//! an invalid `Host` and a body that lies about base64.
//!
//! Where percent-encoding still stands (captures of live gateways, published
//! with middleapi/standard-server#93): an HTTP API has decoded the path and not
//! the query; a REST API has decoded the query and not the path; a Function URL
//! and a load balancer have decoded neither.

use std::collections::{BTreeMap, HashMap};

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::Invocation;
use super::batch::Batch;
use crate::problem::Problem;

/// Longest query, in bytes.
const LONGEST_QUERY: usize = 64 * 1024;

/// Who sent the event, which decides the form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// API Gateway's HTTP API, payload 2.0.
    HttpApi,
    /// A Function URL: the same payload, with its path as the caller wrote it.
    FunctionUrl,
    /// API Gateway's REST API, payload 1.0.
    RestApi,
    /// A load balancer's target group.
    LoadBalancer {
        /// Whether the group is set to multi-value headers.
        multi_value: bool,
    },
}

/// A request as it was understood, trusted for nothing.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    /// Whether the path is still percent-encoded.
    pub(super) path_is_encoded: bool,
    /// Decoded names and values, in order.
    pub(super) query: Vec<(String, String)>,
    headers: HashMap<String, String>,
}

impl Request {
    /// A header's value, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What is answered when a request cannot be understood: its id and origin of
/// the browser are still needed.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) id: String,
    pub(super) problem: Problem,
}

/// What an event is.
pub(super) enum Kind {
    /// An HTTP request.
    Http(Origin),
    /// A batch of SQS messages.
    Batch(Batch),
    /// A typed command, not read yet.
    Command,
    /// None of these.
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    request_context: Option<ContextProbe>,
    #[serde(default)]
    multi_value_headers: Option<IgnoredAny>,
    #[serde(default, rename = "Records")]
    records: Option<Vec<RecordProbe>>,
    #[serde(default)]
    action: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextProbe {
    elb: Option<IgnoredAny>,
    http: Option<IgnoredAny>,
    #[serde(default)]
    domain_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordProbe {
    event_source: Option<String>,
}

/// Which kind the event is of.
pub(super) fn kind(event: &RawValue) -> Kind {
    let Ok(probe) = serde_json::from_str::<Probe>(event.get()) else { return Kind::Unknown };
    if let Some(context) = probe.request_context {
        return Kind::Http(origin(&context, probe.multi_value_headers.is_some()));
    }
    let source = probe
        .records
        .as_deref()
        .and_then(<[_]>::first)
        .and_then(|record| record.event_source.as_deref());
    if source == Some("aws:sqs") {
        return serde_json::from_str(event.get()).map_or(Kind::Unknown, Kind::Batch);
    }
    if probe.action.is_some() { Kind::Command } else { Kind::Unknown }
}

fn origin(context: &ContextProbe, multi_value: bool) -> Origin {
    let is_function_url =
        context.domain_name.as_deref().is_some_and(|name| name.contains(".lambda-url."));
    match (&context.elb, &context.http) {
        (Some(_), _) => Origin::LoadBalancer { multi_value },
        (None, Some(_)) if is_function_url => Origin::FunctionUrl,
        (None, Some(_)) => Origin::HttpApi,
        (None, None) => Origin::RestApi,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: Context,
    #[serde(default)]
    raw_path: Option<String>,
    #[serde(default)]
    raw_query_string: Option<String>,
    #[serde(default)]
    http_method: Option<String>,
    #[serde(default)]
    path: Option<String>,
    // Absent, null or a map; a header that is null is none.
    #[serde(default)]
    headers: Option<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Option<Vec<String>>>>,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    multi_value_query_string_parameters: Option<BTreeMap<String, Option<Vec<String>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    http: Option<HttpContext>,
}

#[derive(Deserialize)]
struct HttpContext {
    method: String,
}

/// Reads the event as a request.
///
/// # Errors
/// [`Unreadable`] with [`Problem::Malformed`].
pub(super) fn request(
    event: &RawValue,
    origin: Origin,
    invocation: &Invocation,
) -> Result<Request, Unreadable> {
    let malformed = |id: String| Unreadable { id, problem: Problem::Malformed };
    let event: Event =
        serde_json::from_str(event.get()).map_err(|_| malformed(invocation.request_id.clone()))?;
    let id = event
        .request_context
        .request_id
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()) && !id.is_empty())
        .unwrap_or_else(|| invocation.request_id.clone());

    let headers = headers(event.headers, event.multi_value_headers);
    let parameters =
        || pairs(event.query_string_parameters, event.multi_value_query_string_parameters);
    let (method, path, query) = match origin {
        Origin::HttpApi | Origin::FunctionUrl => (
            event.request_context.http.map(|http| http.method),
            event.raw_path,
            parse_query(&event.raw_query_string.unwrap_or_default()),
        ),
        Origin::RestApi => (event.http_method, event.path, Some(parameters())),
        Origin::LoadBalancer { .. } => {
            let decoded = parameters()
                .into_iter()
                .map(|(name, value)| Some((decode_form(&name)?, decode_form(&value)?)));
            (event.http_method, event.path, decoded.collect())
        }
    };
    let size = |query: &[(String, String)]| -> usize {
        query.iter().map(|(name, value)| name.len() + value.len() + 2).sum()
    };
    match (method, path, query) {
        (Some(method), Some(path), Some(query)) if size(&query) <= LONGEST_QUERY => Ok(Request {
            id,
            method,
            path,
            path_is_encoded: !matches!(origin, Origin::HttpApi),
            query,
            headers,
        }),
        _ => Err(malformed(id)),
    }
}

/// Header names in lower case. Where both forms are sent, the multi-value one
/// has everything; several values of one header become one with commas, as
/// HTTP means them.
fn headers(
    single: Option<BTreeMap<String, Option<String>>>,
    multiple: Option<BTreeMap<String, Option<Vec<String>>>>,
) -> HashMap<String, String> {
    let single = single
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value?)));
    let multiple = multiple
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, values)| Some((name.to_ascii_lowercase(), values?.join(","))));
    single.chain(multiple).collect()
}

fn pairs(
    single: Option<BTreeMap<String, Option<String>>>,
    multiple: Option<BTreeMap<String, Option<Vec<String>>>>,
) -> Vec<(String, String)> {
    match multiple {
        Some(multiple) if !multiple.is_empty() => multiple
            .into_iter()
            .flat_map(|(name, values)| {
                values.unwrap_or_default().into_iter().map(move |value| (name.clone(), value))
            })
            .collect(),
        _ => single
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name, value.unwrap_or_default()))
            .collect(),
    }
}

/// Names and values of a raw query; `None` when it cannot be decoded.
fn parse_query(query: &str) -> Option<Vec<(String, String)>> {
    if query.len() > LONGEST_QUERY {
        return None;
    }
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode_form(name)?, decode_form(value)?))
        })
        .collect()
}

fn decode_form(text: &str) -> Option<String> {
    decode(&text.replace('+', " "))
}

/// Percent-decodes once; `None` for a `%` without two hex digits, and for
/// bytes that are not UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let digits = rest.get(at + 1..at + 3)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = &rest[at + 3..];
    }
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
