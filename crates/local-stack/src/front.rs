//! HTTP in, a real API Gateway HTTP API v2 event to the function's entry, HTTP out.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::clock::SystemClock;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use leave_group::entry::{self, Invocation};
use leave_group::service::Service;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::backends::{Backends, Persistence};
use crate::error::StackError;
use crate::server::Server;

/// What the function may take, as Lambda's timeout would have it.
const TIMEOUT: Duration = Duration::from_secs(29);
/// Largest body that an HTTP API takes, in bytes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// The function behind HTTP.
pub struct Front {
    server: Server,
}

impl Front {
    /// The API's port, taken before there is anything to answer with; port 0 picks one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(address: SocketAddr) -> Result<TcpListener, StackError> {
        let bound = TcpListener::bind(address).await;
        bound.map_err(|error| StackError::Listen { address, error })
    }

    /// Serves `service` on `listener`. What is answered is on disk before, where
    /// `persistence` says that there is one.
    fn start(
        listener: TcpListener,
        service: Arc<Service>,
        persistence: Persistence,
    ) -> Result<Self, StackError> {
        let server = Server::start(listener, move |request, peer| {
            let service = Arc::clone(&service);
            let persistence = persistence.clone();
            async move {
                let answer = answer(&service, request, peer).await;
                persistence.caught_up().await;
                Some(answer)
            }
        })?;
        Ok(Self { server })
    }

    /// The function on these back ends, behind HTTP.
    ///
    /// # Errors
    /// When it cannot be built.
    pub async fn of(listener: TcpListener, backends: &Backends) -> Result<Self, StackError> {
        let service = Service::new(&backends.config()?, Arc::new(SystemClock::new()))?;
        service.engine.preload().await;
        Self::start(listener, Arc::new(service), backends.persistence())
    }

    /// `http://ADDRESS`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }
}

async fn answer(
    service: &Service,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let Some(path) = gateway_path(parts.uri.path()) else {
        return malformed();
    };
    let request_id = request_id();
    let event = event(&parts, &path, &body.to_bytes(), peer, &request_id);
    let Ok(event) = RawValue::from_string(event.to_string()) else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let invocation = Invocation { request_id, trace_id: None, remaining: TIMEOUT };
    match entry::handle(service, &event, invocation).await {
        Ok(answer) => http_answer(answer.get()),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// The event as API Gateway sends it: the path decoded, the query not, header
/// names in lower case and repeated ones joined by commas.
fn event(parts: &Parts, path: &str, body: &Bytes, peer: SocketAddr, request_id: &str) -> Value {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert(value);
    }
    let host = headers.get("host").cloned().unwrap_or_default();
    let method = parts.method.as_str();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": "local",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": peer.ip().to_string(),
                "userAgent": headers.get("user-agent").cloned().unwrap_or_default(),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": u64::try_from(now.as_millis()).unwrap_or_default(),
        },
        "isBase64Encoded": false,
    });
    if !body.is_empty() {
        if let Ok(text) = std::str::from_utf8(body) {
            event["body"] = json!(text);
        } else {
            event["body"] = json!(STANDARD.encode(body));
            event["isBase64Encoded"] = json!(true);
        }
    }
    event
}

/// The answer in payload format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
}

fn http_answer(text: &str) -> Response<Full<Bytes>> {
    let Ok(answered) = serde_json::from_str::<Answered>(text) else {
        return plain(StatusCode::BAD_GATEWAY);
    };
    let mut builder = Response::builder().status(answered.status_code);
    for (name, value) in &answered.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(Full::new(answered.body.unwrap_or_default().into()))
        .unwrap_or_else(|_| plain(StatusCode::BAD_GATEWAY))
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// What the gateway answers by itself, in its own form.
fn malformed() -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::BAD_REQUEST);
    *response.body_mut() = Full::from(r#"{"message":"Bad Request"}"#);
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}

/// What an HTTP API makes of a path: it decodes it, cuts it at a `?`, and decodes it
/// once more; what cannot be decoded it refuses. Source: the captures of live gateways
/// in hotsock/voker, `vokerhttp/testdata/ingress-paths.json`.
fn gateway_path(sent: &str) -> Option<String> {
    let decode = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8().ok()?.into_owned();
        (!has_stray_percent(text)).then_some(decoded)
    };
    let once = decode(sent)?;
    decode(once.split('?').next().unwrap_or_default())
}

fn has_stray_percent(path: &str) -> bool {
    path.split('%').skip(1).any(|after| {
        let digits = after.as_bytes().get(..2);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

fn request_id() -> String {
    let mut bytes = [0; 8];
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    format!("local-{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_arrives_as_it_does_from_a_live_gateway() {
        for (sent, arrived) in [
            ("/capture/plain", Some("/capture/plain")),
            ("/capture/space%20value", Some("/capture/space value")),
            ("/capture/question%3Fvalue", Some("/capture/question")),
            ("/capture/percent%25done", None),
            ("/capture/hash%23value", Some("/capture/hash#value")),
            ("/capture/slash%2Fvalue", Some("/capture/slash/value")),
            ("/capture/unicode-%CE%BB-%E4%B8%96%E7%95%8C", Some("/capture/unicode-λ-世界")),
            ("/capture/literal%252Fvalue", Some("/capture/literal/value")),
            ("/capture/literal%253Fvalue", Some("/capture/literal?value")),
            ("/capture/literal%2525value", Some("/capture/literal%value")),
        ] {
            assert_eq!(gateway_path(sent).as_deref(), arrived, "{sent}");
        }
    }
}
