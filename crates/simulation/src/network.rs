//! The way to WhatsApp: bytes in memory, carried piece by piece, each with a delay, and
//! whatever can befall a connection.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::watch;
use tokio::time::sleep;
use whatsapp::{Network, Opening, Wire};
use whatsapp_simulator::Simulator;

use crate::fate::{Fates, Kind};
use crate::machine::Machine;
use crate::trace::Trace;
use crate::weights::Weights;

/// More than any message: a sender is held up by delays alone.
const ROOM: usize = 64 * 1024;
/// A piece of bytes, at most.
const PIECE: usize = 4 * 1024;

/// Where the proxy of instances that have one is.
pub(crate) const PROXY_HOST: &str = "proxy.example";

/// How long after we are gone a server counts a client out that it hears nothing of.
const COUNTED_OUT: Duration = Duration::from_secs(2);

/// One network to one WhatsApp, for every machine.
#[derive(Clone)]
pub(crate) struct Net {
    simulator: Simulator,
    fates: Fates,
    weights: Weights,
    trace: Trace,
    is_disturbed: Arc<Mutex<bool>>,
}

/// What befalls a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    Refused,
    NotAnswered,
    /// After so many pieces, counted both ways.
    Cut(u64, Cut),
}

impl Mishap {
    /// Its name, as situations are counted.
    fn name(self) -> &'static str {
        match self {
            Self::Refused => "connection: refused",
            Self::NotAnswered => "connection: not answered",
            Self::Cut(_, Cut::Reset) => "connection: reset",
            Self::Cut(_, Cut::Silence) => "connection: silent",
            Self::Cut(_, Cut::Deaf) => "connection: we are deaf",
            Self::Cut(_, Cut::Dumb) => "connection: we are dumb",
        }
    }
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Both sides see it.
    Reset,
    /// Nobody sees anything.
    Silence,
    /// What WhatsApp says is heard no more.
    Deaf,
    /// What we say is heard no more.
    Dumb,
}

impl Net {
    pub(crate) fn new(simulator: Simulator, fates: Fates, weights: Weights, trace: Trace) -> Self {
        Self { simulator, fates, weights, trace, is_disturbed: Arc::default() }
    }

    /// From here on connections meet what the seed has for them, or nothing.
    pub(crate) fn disturb(&self, disturbed: bool) {
        *self.is_disturbed.lock().unwrap_or_else(PoisonError::into_inner) = disturbed;
    }

    /// A machine's own way to it.
    pub(crate) fn port(&self, machine: &Machine) -> Arc<dyn Network> {
        Arc::new(Port { net: self.clone(), machine: machine.clone() })
    }

    fn mishap(&self, machine: &Machine) -> Option<Mishap> {
        let mut dice = self.fates.next(Kind::Connection);
        let is_disturbed = *self.is_disturbed.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_disturbed || machine.is_calm() || !self.weights.connection.strikes(&mut dice) {
            return None;
        }
        Some(match dice.u8(0..8) {
            0 => Mishap::Refused,
            1 => Mishap::NotAnswered,
            _ => {
                let cut = match dice.u8(0..4) {
                    0 => Cut::Reset,
                    1 => Cut::Silence,
                    2 => Cut::Deaf,
                    _ => Cut::Dumb,
                };
                Mishap::Cut(dice.u64(0..24), cut)
            }
        })
    }
}

struct Port {
    net: Net,
    machine: Machine,
}

impl Network for Port {
    fn open(&self, host: &str, _: u16) -> Opening {
        let (net, machine) = (self.net.clone(), self.machine.clone());
        let by_proxy = host == PROXY_HOST;
        Box::pin(async move {
            let mishap = net.mishap(&machine);
            if let Some(mishap) = mishap {
                machine.met(mishap.name(), true);
                net.trace.note(|| format!("    connection: {mishap:?}"));
            }
            sleep(Duration::from_millis(net.fates.next(Kind::Piece).u64(1..=6))).await;
            match mishap {
                Some(Mishap::Refused) => {
                    return Err(io::Error::from(io::ErrorKind::ConnectionRefused));
                }
                Some(Mishap::NotAnswered) => std::future::pending().await,
                Some(Mishap::Cut(..)) | None => {}
            }
            let (ours, mut near) = duplex(ROOM);
            let (far, theirs) = duplex(ROOM);
            let connection = net.simulator.connect(Box::new(theirs));
            machine.connected(connection, by_proxy);
            let cut = match mishap {
                Some(Mishap::Cut(after, cut)) => Some((after, cut)),
                _ => None,
            };
            tokio::spawn(async move {
                if !by_proxy || tunnel(&mut near).await.is_ok() {
                    carry(&net, near, far, cut);
                }
            });
            Ok(Box::new(ours) as Box<dyn Wire>)
        })
    }
}

/// The proxy's side of `CONNECT` (RFC 9110, section 9.3.6).
async fn tunnel(near: &mut DuplexStream) -> io::Result<()> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        asked.push(near.read_u8().await?);
    }
    near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await
}

/// Carries bytes both ways until either end closes.
fn carry(net: &Net, near: DuplexStream, far: DuplexStream, cut: Option<(u64, Cut)>) {
    let (from_us, to_us) = split(near);
    let (from_them, to_them) = split(far);
    let pieces = Arc::new(Mutex::new(0));
    let (ended, end) = watch::channel(false);
    let ended = Arc::new(ended);
    for (from, to, is_ours) in [(from_us, to_them, true), (from_them, to_us, false)] {
        let way = Way {
            fates: net.fates.clone(),
            pieces: pieces.clone(),
            cut,
            is_ours,
            ended: ended.clone(),
            end: end.clone(),
        };
        tokio::spawn(way.carry(from, to));
    }
}

/// One direction of a connection.
struct Way {
    fates: Fates,
    pieces: Arc<Mutex<u64>>,
    cut: Option<(u64, Cut)>,
    is_ours: bool,
    ended: Arc<watch::Sender<bool>>,
    end: watch::Receiver<bool>,
}

impl Way {
    async fn carry(mut self, mut from: ReadHalf<DuplexStream>, mut to: WriteHalf<DuplexStream>) {
        let mut piece = vec![0; PIECE];
        loop {
            let read = tokio::select! {
                biased;
                _ = self.end.wait_for(|ended| *ended) => return,
                read = from.read(&mut piece) => read,
            };
            let Ok(length @ 1..) = read else {
                let _ = to.shutdown().await;
                return;
            };
            let number = {
                let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
                *pieces += 1;
                *pieces
            };
            match self.cut.filter(|(after, _)| number > *after).map(|(_, cut)| cut) {
                Some(Cut::Reset) => {
                    self.ended.send_replace(true);
                    return;
                }
                Some(Cut::Silence) => return self.swallow(from, piece).await,
                Some(Cut::Deaf) if !self.is_ours => return self.swallow(from, piece).await,
                Some(Cut::Dumb) if self.is_ours => return self.swallow(from, piece).await,
                Some(Cut::Deaf | Cut::Dumb) | None => {}
            }
            sleep(Duration::from_millis(self.fates.next(Kind::Piece).u64(1..=6))).await;
            if to.write_all(&piece[..length]).await.is_err() {
                return;
            }
        }
    }

    /// Takes what is sent, and lets nobody hear it. Once we are gone, the other side finds
    /// out: its server counts a silent client out.
    async fn swallow(mut self, mut from: ReadHalf<DuplexStream>, mut piece: Vec<u8>) {
        loop {
            let read = tokio::select! {
                biased;
                _ = self.end.wait_for(|ended| *ended) => return,
                read = from.read(&mut piece) => read,
            };
            if !read.is_ok_and(|length| length > 0) {
                break;
            }
        }
        if self.is_ours {
            sleep(COUNTED_OUT).await;
            self.ended.send_replace(true);
        }
    }
}
