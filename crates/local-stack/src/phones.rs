//! The simulated phones, for another process: `POST /NUMBER/scan` with a QR
//! code's text, `POST /NUMBER/enter` with a pairing code.

mod refused;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use whatsapp_simulator::{LinkedByPhone, Simulator};

use crate::error::StackError;
use crate::server::Server;

/// The environment variable that names the address.
pub const ADDRESS: &str = "SIMULATED_PHONES";
/// Longest wait for a phone, which itself gives a device a minute.
const PATIENCE: Duration = Duration::from_secs(75);
/// Longest text, in bytes: a QR code holds less.
const LONGEST: usize = 4096;

/// The phones behind HTTP on loopback.
pub struct Phones {
    server: Server,
}

/// What a phone is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Scan the QR code with this text.
    Scan(String),
    /// Enter this pairing code.
    Enter(String),
}

impl Phones {
    /// Serves the phones of `simulator` on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(simulator: &Simulator) -> Result<Self, StackError> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let simulator = simulator.clone();
        let server = Server::start(listener, move |request, _| {
            let simulator = simulator.clone();
            async move { Some(answer(&simulator, request).await) }
        })?;
        Ok(Self { server })
    }

    /// `http://ADDRESS`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }
}

async fn answer(simulator: &Simulator, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let text = match Limited::new(body, LONGEST).collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).trim().to_owned(),
        Err(_) => return response(StatusCode::PAYLOAD_TOO_LARGE, "too long"),
    };
    let mut path = parts.uri.path().trim_matches('/').split('/');
    let (Some(number), Some(what), None) = (path.next(), path.next(), path.next()) else {
        return response(StatusCode::NOT_FOUND, "no such phone");
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if parts.method != Method::POST || !is_number {
        return response(StatusCode::BAD_REQUEST, "POST /NUMBER/scan or /NUMBER/enter");
    }
    let phone = simulator.phone(number);
    let linked = match what {
        "scan" => phone.scan(&text).await,
        "enter" => phone.enter_code(&text).await,
        _ => return response(StatusCode::NOT_FOUND, "a phone can scan and enter"),
    };
    match linked {
        Ok(LinkedByPhone { jid, .. }) => response(StatusCode::OK, &jid),
        Err(error) => response(StatusCode::CONFLICT, &refused::told(&error, number)),
    }
}

fn response(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *response.status_mut() = status;
    response
}

/// Why a phone linked no device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotLinked {
    /// It says why.
    #[error("{0}")]
    Refused(String),
    /// It does not answer.
    #[error("{0}")]
    Silent(String),
}

/// Asks a phone at `address`, and returns the JID of the device that it linked.
///
/// # Errors
/// [`NotLinked`].
pub async fn ask(address: &str, number: &str, asked: &Asked) -> Result<String, NotLinked> {
    let asking = tokio::time::timeout(PATIENCE, question(address, number, asked));
    asking.await.unwrap_or_else(|_| {
        Err(NotLinked::Silent(format!(
            "the simulated phones at {address} have not answered for {} s: look whether their \
             stack is stopped",
            PATIENCE.as_secs()
        )))
    })
}

async fn question(address: &str, number: &str, asked: &Asked) -> Result<String, NotLinked> {
    let silent = |error: &dyn std::fmt::Display| NotLinked::Silent(error.to_string());
    let (what, text) = match asked {
        Asked::Scan(text) => ("scan", text),
        Asked::Enter(code) => ("enter", code),
    };
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post(format!("{address}/{number}/{what}"))
        .body(Full::new(Bytes::copy_from_slice(text.as_bytes())))
        .map_err(|error| silent(&error))?;
    let answer = client.request(request).await.map_err(|_| {
        NotLinked::Silent(format!(
            "the simulated phones at {address} do not answer: their stack has ended. Start one \
                 with `leavectl up --data DIR`, and here `eval \"$(leavectl env --data DIR)\"`"
        ))
    })?;
    let status = answer.status();
    let body = answer.into_body().collect().await.map_err(|error| silent(&error))?.to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    if status.is_success() { Ok(text) } else { Err(NotLinked::Refused(text)) }
}
