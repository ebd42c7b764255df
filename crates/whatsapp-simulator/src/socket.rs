//! Frames over a WebSocket, before and after encryption.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio_websockets::{Message, WebSocketStream};
use wacore::framing::{FrameDecoder, encode_frame};
use wacore_binary::consts::WA_CONN_HEADER;

use crate::hold::HoldHandle;
use crate::wire::Wire;

/// The peer is gone, or has to go.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed")]
pub(crate) struct Closed;

const ROUTING_INTRO: &[u8] = b"ED\0\x01";
const ROUTING_LENGTH: usize = 3;

/// One socket. Receiving can be cancelled at any time without losing a byte.
pub(crate) struct Socket {
    stream: Option<WebSocketStream<Box<dyn Wire>>>,
    /// What came before the connection header was complete.
    intro: Option<BytesMut>,
    frames: FrameDecoder,
    /// Frames that came while an earlier one was held.
    backlog: VecDeque<BytesMut>,
}

impl Socket {
    pub(crate) fn new(stream: WebSocketStream<Box<dyn Wire>>) -> Self {
        Self {
            stream: Some(stream),
            intro: Some(BytesMut::new()),
            frames: FrameDecoder::new(),
            backlog: VecDeque::new(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    pub(crate) async fn receive(&mut self) -> Result<BytesMut, Closed> {
        if let Some(frame) = self.backlog.pop_front() {
            return Ok(frame);
        }
        self.next_frame().await
    }

    /// Keeps the next frame for later, or finds that there will be none.
    pub(crate) async fn set_next_aside(&mut self) -> Result<(), Closed> {
        let frame = self.next_frame().await?;
        self.backlog.push_back(frame);
        Ok(())
    }

    /// Whether the peer has not closed yet, as far as its bytes have come.
    pub(crate) fn is_live(&mut self) -> bool {
        loop {
            match self.set_next_aside().now_or_never() {
                None => return true,
                Some(Ok(())) => {}
                Some(Err(Closed)) => return false,
            }
        }
    }

    /// Waits for a release, whatever becomes of the socket.
    pub(crate) async fn hold(&mut self, handle: &HoldHandle) {
        handle.mark_reached();
        loop {
            tokio::select! {
                biased;
                () = handle.released() => return,
                _ = self.set_next_aside(), if self.is_open() => {}
            }
        }
    }

    async fn next_frame(&mut self) -> Result<BytesMut, Closed> {
        loop {
            if let Some(frame) = self.frames.decode_frame() {
                return Ok(frame);
            }
            let stream = self.stream.as_mut().ok_or(Closed)?;
            let understood = match stream.next().await {
                Some(Ok(message)) if message.is_binary() => {
                    self.feed(&Bytes::from(message.into_payload()))
                }
                Some(Ok(_)) => Ok(()),
                Some(Err(_)) | None => Err(Closed),
            };
            if understood.is_err() {
                self.stream = None;
                return Err(Closed);
            }
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        let Some(mut intro) = self.intro.take() else {
            self.frames.feed(bytes);
            return Ok(());
        };
        intro.extend_from_slice(bytes);
        match header_length(&intro)? {
            Some(length) => self.frames.feed(&intro[length..]),
            None => self.intro = Some(intro),
        }
        Ok(())
    }

    pub(crate) async fn send_frame(&mut self, payload: &[u8]) -> Result<(), Closed> {
        let frame = encode_frame(payload, None).map_err(|_| Closed)?;
        self.send_bytes(frame).await
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Closed> {
        let stream = self.stream.as_mut().ok_or(Closed)?;
        if stream.send(Message::binary(bytes)).await.is_err() {
            self.stream = None;
            return Err(Closed);
        }
        Ok(())
    }

    /// Pings without an end, and never reads a pong: until the peer goes.
    pub(crate) async fn ping_forever(&mut self) -> Closed {
        // FIN and ping, 125 bytes, not masked (RFC 6455, 5.2): many in one write.
        const LENGTH: u8 = 125;
        let one: Vec<u8> = [0x89, LENGTH].into_iter().chain([0; LENGTH as usize]).collect();
        let many = one.repeat(512);
        while let Some(stream) = self.stream.as_mut() {
            if stream.get_mut().write_all(&many).await.is_err() {
                self.stream = None;
            }
        }
        Closed
    }

    /// Closes so that what was sent still arrives: unread bytes would make the kernel reset the
    /// connection.
    pub(crate) async fn finish(&mut self) {
        let Some(mut stream) = self.stream.take() else {
            return;
        };
        if stream.send(Message::close(None, "")).await.is_ok() {
            let _ = stream.get_mut().shutdown().await;
        }
        while let Some(Some(Ok(_))) = stream.next().now_or_never() {}
    }

    /// Closes without a word.
    pub(crate) fn abort(&mut self) {
        self.stream = None;
    }
}

/// The length of routing intro and connection header together, once they are complete.
fn header_length(bytes: &[u8]) -> Result<Option<usize>, Closed> {
    let known = bytes.len().min(ROUTING_INTRO.len());
    let mut start = 0;
    if bytes[..known] == ROUTING_INTRO[..known] {
        let Some(length) =
            bytes.get(ROUTING_INTRO.len()..).and_then(|rest| rest.first_chunk::<ROUTING_LENGTH>())
        else {
            return Ok(None);
        };
        let routing = length.iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte));
        start = ROUTING_INTRO.len() + ROUTING_LENGTH + routing;
    }
    let end = start + WA_CONN_HEADER.len();
    match bytes.get(start..end) {
        None => Ok(None),
        Some(header) if header == WA_CONN_HEADER => Ok(Some(end)),
        Some(_) => Err(Closed),
    }
}
