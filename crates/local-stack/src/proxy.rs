//! A proxy before DynamoDB that counts calls and injects faults, for a function
//! that runs in another process.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

use crate::error::StackError;
use crate::server::Server;
use crate::traffic::{Passed, Traffic, carry_out};

type Forward = Client<HttpConnector, Full<Bytes>>;

/// A running proxy.
pub struct Proxy {
    server: Server,
    traffic: Traffic,
}

impl Proxy {
    /// Starts a proxy before the DynamoDB at `dynamodb`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(dynamodb: &str) -> Result<Self, StackError> {
        let traffic = Traffic::new();
        let client: Forward = Client::builder(TokioExecutor::new()).build_http();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let shared = Arc::new((client, dynamodb.to_owned(), traffic.clone()));
        let server = Server::start(listener, move |request, _| {
            let shared = Arc::clone(&shared);
            async move { pass(&shared.0, &shared.1, &shared.2, request).await }
        })?;
        Ok(Self { server, traffic })
    }

    /// Its address, to be used in place of DynamoDB's.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// What passes through it.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}

async fn pass(
    client: &Forward,
    dynamodb: &str,
    traffic: &Traffic,
    request: Request<Incoming>,
) -> Option<Response<Full<Bytes>>> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let target = header("x-amz-target").unwrap_or_default();
    let fault = traffic.seen(target, header("x-amzn-trace-id"), &body);
    parts.uri = format!("{dynamodb}{}", parts.uri.path()).parse().ok()?;
    let forward = async {
        // The client that asked may be gone by now: the call is applied all the same.
        let answer = client.request(Request::from_parts(parts, Full::new(body))).await.ok()?;
        let (parts, body) = answer.into_parts();
        Some(Response::from_parts(parts, Full::new(body.collect().await.ok()?.to_bytes())))
    };
    match carry_out(fault, forward).await {
        Passed::Answered(answer) => answer,
        Passed::Unheard(_) | Passed::Reset => None,
        Passed::Refused { status, body } => {
            Response::builder().status(status).body(Full::new(body.into())).ok()
        }
    }
}
