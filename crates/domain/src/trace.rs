//! What happened on a run's way: what its line in the log says, and its metrics.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// A step of a run whose time is worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Token and limit.
    Gate,
    /// Taking the session's lease, waiting for a busy one included.
    Lease,
    /// TCP, TLS, the WebSocket's upgrade, and the server's verified hello.
    Connect,
    /// From the login's last message to `<success>`.
    Login,
    /// From identifiers to targets.
    Resolve,
    /// The leave, and what is asked after it.
    Leave,
    /// Lease, intents, roster and history.
    Settle,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 7] = [
        Self::Gate,
        Self::Lease,
        Self::Connect,
        Self::Login,
        Self::Resolve,
        Self::Leave,
        Self::Settle,
    ];
}

/// A code number of WhatsApp's, for the log. What it means is known where it was read, and
/// nobody decides by the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhatsAppCode(u16);

impl WhatsAppCode {
    /// The number as it came.
    pub fn new(code: u16) -> Self {
        Self(code)
    }

    /// The number, for a line of the log (`clippy.toml` keeps others from it).
    pub fn number(self) -> u64 {
        self.0.into()
    }
}

impl fmt::Display for WhatsAppCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What happened on a run's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// The last code that WhatsApp gave for something that failed.
    pub whatsapp_code: Option<WhatsAppCode>,
    /// Why WhatsApp failed, if it did.
    pub failure: Option<Reason>,
    /// Round trips to WhatsApp after TCP and TLS.
    pub round_trips: u32,
    /// How often the session was found busy.
    pub lease_waits: u32,
    /// 2 when an earlier run tried the same leave and its outcome was lost, else 1.
    pub attempt: u32,
    spent: [Option<Duration>; Step::ALL.len()],
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            whatsapp_code: None,
            failure: None,
            round_trips: 0,
            lease_waits: 0,
            attempt: 1,
            spent: [None; Step::ALL.len()],
        }
    }
}

impl Trace {
    /// Adds the time since `began` to a step's.
    pub fn spent(&mut self, step: Step, began: Instant) {
        self.add(step, began.elapsed());
    }

    /// How long a step took, if it was begun.
    pub fn time(&self, step: Step) -> Option<Duration> {
        self.spent[step as usize]
    }

    /// Notes why WhatsApp failed, and with which of its codes.
    pub fn failed(&mut self, reason: Reason, code: Option<WhatsAppCode>) {
        self.failure = Some(reason);
        self.whatsapp_code = code.or(self.whatsapp_code);
    }

    /// Adds what happened on another run's way of the same request.
    pub fn merge(&mut self, other: &Self) {
        self.whatsapp_code = other.whatsapp_code.or(self.whatsapp_code);
        self.failure = other.failure.or(self.failure);
        self.round_trips += other.round_trips;
        self.lease_waits += other.lease_waits;
        self.attempt = self.attempt.max(other.attempt);
        for step in Step::ALL {
            if let Some(time) = other.time(step) {
                self.add(step, time);
            }
        }
    }

    fn add(&mut self, step: Step, time: Duration) {
        let spent = &mut self.spent[step as usize];
        *spent = Some(spent.unwrap_or_default() + time);
    }
}

/// Why a connection to WhatsApp, or a question on it, failed: what an operator
/// would tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// TCP, TLS, the WebSocket or a proxy.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The connection ended.
    Closed,
    /// Bytes that are no frame, handshake or stanza.
    Protocol,
    /// The server could not prove that it is WhatsApp.
    Certificate,
    /// The device was unlinked.
    LoggedOut,
    /// The account is locked.
    Locked,
    /// The number is banned for good.
    BannedForGood,
    /// The number is banned for a while.
    Banned,
    /// The client version is too old.
    VersionRefused,
    /// Another refused login.
    LoginRefused,
    /// Someone else opened this session.
    Replaced,
    /// Another stream error.
    Stream,
    /// WhatsApp throttled us.
    Throttled,
    /// Another refused question.
    Refused,
}

impl Reason {
    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
            Self::Certificate => "certificate",
            Self::LoggedOut => "logged_out",
            Self::Locked => "locked",
            Self::BannedForGood => "banned_for_good",
            Self::Banned => "banned",
            Self::VersionRefused => "version_refused",
            Self::LoginRefused => "login_refused",
            Self::Replaced => "replaced",
            Self::Stream => "stream",
            Self::Throttled => "throttled",
            Self::Refused => "refused",
        }
    }
}
