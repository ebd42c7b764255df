//! The WebSocket's upgrade (RFC 6455, section 4.1).
//!
//! `tokio-websockets` has one, whose buffer grows for as long as a server writes
//! its answer, and which panics over a `Sec-WebSocket-Accept` that is too long.
//! This one reads so much and no more.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::failure::Failure;

/// Largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 16 * 1024;
/// What every WebSocket server adds to the key (RFC 6455, section 1.3).
const ACCEPT_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Asks the server behind `stream` to speak WebSocket from here on.
pub(super) async fn upgrade(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    authority: &str,
    path: &str,
    origin: &str,
) -> Result<(), Failure> {
    let mut key = [0; 16];
    SystemRandom::new().fill(&mut key).map_err(|_| Failure::Protocol("no randomness"))?;
    let key = STANDARD.encode(key);
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\
         Origin: {origin}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.map_err(|error| failed(&error))?;
    stream.flush().await.map_err(|error| failed(&error))?;

    let mut head = Vec::with_capacity(512);
    // Byte by byte: what comes after the head is the WebSocket's.
    while !head.ends_with(END_OF_HEAD) {
        if head.len() == LARGEST_ANSWER {
            return Err(Failure::Protocol("oversized answer to the upgrade"));
        }
        head.push(stream.read_u8().await.map_err(|error| failed(&error))?);
    }
    accepts(&head, &key)
}

fn accepts(head: &[u8], key: &str) -> Result<(), Failure> {
    let head = str::from_utf8(head).map_err(|_| Failure::Protocol("answer to the upgrade"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    if status != "101" {
        // A status has three digits; anything longer is not for the log.
        let status: String = status.chars().take(3).collect();
        return Err(Failure::Connect(format!("the upgrade was answered with {status:?}")));
    }
    let wanted = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{ACCEPT_SUFFIX}").as_bytes());
    let wanted = STANDARD.encode(wanted);
    let is_accepted = lines.filter_map(|line| line.split_once(':')).any(|(name, value)| {
        name.eq_ignore_ascii_case("Sec-WebSocket-Accept") && value.trim() == wanted
    });
    if is_accepted { Ok(()) } else { Err(Failure::Protocol("answer to the upgrade")) }
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::Connect(format!("upgrade: {error}"))
}
