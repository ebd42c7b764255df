//! Reading the HTTP events. Only the fields that are used are read, because
//! `lambda_http`'s own conversion panics on a raw quote in the query, an invalid
//! `Host` and a body that lies about base64.
//!
//! Where percent-encoding still stands (captures of live gateways, published with
//! hotsock/voker#8 and middleapi/standard-server#93): an HTTP API has decoded the path,
//! with either payload, and with payload 2.0 not the query; a REST API has decoded the
//! query and not the path; a Function URL and a load balancer have decoded neither.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Invocation;
use super::encoding;
use super::kind::Origin;
use super::object::Object;

/// Longest query, in bytes.
const LONGEST_QUERY: usize = 64 * 1024;
/// Longest request id that is taken from a gateway. Theirs have 16 or 36 characters.
const LONGEST_ID: usize = 128;

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

/// A request that cannot be understood: what its answer needs all the same.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) id: String,
    /// The browser's `Origin` header.
    pub(super) origin: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: Object<Context>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    http_method: Option<String>,
    path: Option<String>,
    // Absent, null or a map; a header that is null is none.
    headers: Option<BTreeMap<String, Option<String>>>,
    multi_value_headers: Option<BTreeMap<String, Option<Vec<String>>>>,
    query_string_parameters: Option<BTreeMap<String, Option<String>>>,
    multi_value_query_string_parameters: Option<BTreeMap<String, Option<Vec<String>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    request_id: Option<String>,
    http: Option<Object<HttpContext>>,
}

#[derive(Deserialize)]
struct HttpContext {
    method: String,
}

/// Reads the event as a request.
///
/// # Errors
/// [`Unreadable`], which is answered as malformed.
pub(super) fn request(
    event: &RawValue,
    origin: Origin,
    invocation: &Invocation,
) -> Result<Request, Unreadable> {
    let Object(event): Object<Event> = serde_json::from_str(event.get())
        .map_err(|_| Unreadable { id: invocation.request_id.clone(), origin: None })?;
    let Object(context) = event.request_context;
    let id = context
        .request_id
        .filter(|id| {
            (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .unwrap_or_else(|| invocation.request_id.clone());

    let headers = headers(event.headers, event.multi_value_headers);
    let parameters =
        || pairs(event.query_string_parameters, event.multi_value_query_string_parameters);
    let (method, path, length, query) = match origin {
        Origin::HttpApi | Origin::FunctionUrl | Origin::CargoLambda => {
            let method = context.http.map(|Object(http)| http.method);
            let raw = event.raw_query_string.unwrap_or_default();
            (method, event.raw_path, raw.len(), encoding::query(&raw))
        }
        Origin::RestApi | Origin::HttpApiV1 => {
            let pairs = parameters();
            (event.http_method, event.path, length(&pairs), Some(pairs))
        }
        Origin::LoadBalancer { .. } => {
            let pairs = parameters();
            let length = length(&pairs);
            let decoded = pairs
                .into_iter()
                .map(|(name, value)| Some((encoding::form(&name)?, encoding::form(&value)?)));
            (event.http_method, event.path, length, decoded.collect())
        }
    };
    match (method, path, query) {
        (Some(method), Some(path), Some(query)) if length <= LONGEST_QUERY => Ok(Request {
            id,
            method,
            path,
            path_is_encoded: path_is_encoded(origin),
            query,
            headers,
        }),
        _ => Err(Unreadable { id, origin: headers.get("origin").cloned() }),
    }
}

/// How long a query of these names and values is, its `=` and `&` included.
fn length(pairs: &[(String, String)]) -> usize {
    let with_signs = pairs.iter().map(|(name, value)| name.len() + value.len() + 2);
    with_signs.sum::<usize>().saturating_sub(1)
}

fn path_is_encoded(origin: Origin) -> bool {
    match origin {
        Origin::HttpApi | Origin::HttpApiV1 => false,
        Origin::FunctionUrl
        | Origin::CargoLambda
        | Origin::RestApi
        | Origin::LoadBalancer { .. } => true,
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
