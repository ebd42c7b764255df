//! Frames over the WebSocket: a 3-byte length before each payload.

use std::future::poll_fn;
use std::pin::Pin;

use bytes::BytesMut;
use futures_util::{Sink, SinkExt, StreamExt};
use tokio_websockets::{
    ClientBuilder, CloseCode, Limits, MaybeTlsStream, Message, WebSocketStream,
};
use wacore::framing::{FrameDecoder, encode_frame};

use super::failure::Failure;
use super::network::Wire;

/// Largest frame that is read, in bytes. A group's metadata has some 60 bytes
/// for each of its at most 2048 participants; the protocol would allow 16 MiB.
const LARGEST_FRAME: usize = 4 * 1024 * 1024;
/// Largest frame of a server that has not proved to be WhatsApp: its hello has a
/// certificate chain of some hundred bytes.
const LARGEST_HELLO: usize = 64 * 1024;
/// What a WebSocket message may have beside a frame.
const AROUND_A_FRAME: usize = 64 * 1024;
/// Most messages without data from one frame to the next. Each ping queues a
/// pong, which stays in memory while the server reads nothing.
const MOST_WITHOUT_DATA: u32 = 64;

/// An open WebSocket to WhatsApp. Dropping it closes the connection under it.
pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<Box<dyn Wire>>>,
    decoder: FrameDecoder,
    /// Largest frame that is read.
    largest: usize,
    /// Messages without data since the last frame.
    without_data: u32,
}

impl Socket {
    /// Over a stream whose server has agreed to speak WebSocket.
    pub(super) fn new(stream: MaybeTlsStream<Box<dyn Wire>>) -> Self {
        let stream = ClientBuilder::new().limits(limits(LARGEST_HELLO)).take_over(stream);
        let decoder = FrameDecoder::new();
        Self { stream, decoder, largest: LARGEST_HELLO, without_data: 0 }
    }

    /// The server has proved to be WhatsApp: larger frames are read from now on.
    pub(super) fn trust(&mut self) {
        self.largest = LARGEST_FRAME;
        *self.stream.limits_mut() = limits(LARGEST_FRAME);
    }

    /// Sends one frame, with the connection's header before the first.
    pub(super) async fn send(
        &mut self,
        payload: &[u8],
        header: Option<&[u8]>,
    ) -> Result<(), Failure> {
        self.ready().await?;
        self.hand_over(payload, header)?;
        self.flush().await
    }

    /// Waits until a frame can be handed over.
    pub(super) async fn ready(&mut self) -> Result<(), Failure> {
        poll_fn(|context| Pin::new(&mut self.stream).poll_ready(context))
            .await
            .map_err(|_| Failure::Closed)
    }

    /// Hands one frame over, after [`Self::ready`]. Until this returned `Ok`
    /// nothing of the frame can leave the process; from then on it may.
    pub(super) fn hand_over(
        &mut self,
        payload: &[u8],
        header: Option<&[u8]>,
    ) -> Result<(), Failure> {
        let frame =
            encode_frame(payload, header).map_err(|_| Failure::Protocol("frame to send"))?;
        Pin::new(&mut self.stream).start_send(Message::binary(frame)).map_err(|_| Failure::Closed)
    }

    /// Writes what was handed over.
    pub(super) async fn flush(&mut self) -> Result<(), Failure> {
        self.stream.flush().await.map_err(|_| Failure::Closed)
    }

    /// The next frame's payload. Cancel safe.
    pub(super) async fn receive(&mut self) -> Result<BytesMut, Failure> {
        loop {
            if let Some(frame) = self.decoder.decode_frame() {
                self.without_data = 0;
                if frame.len() > self.largest {
                    return Err(Failure::Protocol("oversized frame"));
                }
                return Ok(frame);
            }
            if self.decoder.buffered_len() > self.largest {
                return Err(Failure::Protocol("oversized frame"));
            }
            let Some(Ok(message)) = self.stream.next().await else { return Err(Failure::Closed) };
            if message.is_close() {
                return Err(Failure::Closed);
            }
            if message.is_binary() {
                self.decoder.feed(message.as_payload());
            } else if self.without_data == MOST_WITHOUT_DATA {
                return Err(Failure::Protocol("control frames without data"));
            } else {
                self.without_data += 1;
            }
        }
    }

    /// Says good-bye, and waits until the server has hung up.
    pub(super) async fn close(mut self) {
        let close = Message::close(Some(CloseCode::NORMAL_CLOSURE), "");
        if self.stream.send(close).await.is_ok() {
            while let Some(Ok(_)) = self.stream.next().await {}
        }
    }
}

fn limits(frame: usize) -> Limits {
    Limits::default().max_payload_len(Some(frame + AROUND_A_FRAME))
}
