//! Every refusal once: its status, its text, and after how long to try again.

use std::time::Duration;

/// The message of a 200.
pub const LEFT: &str = "Successfully left the group";

/// Why a request, or one target of it, got no 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// It cannot be parsed as a request at all.
    Malformed,
    /// Another path.
    RouteNotFound,
    /// Another method on the path.
    MethodNotAllowed,
    /// No token.
    MissingToken,
    /// An unknown, revoked or impossible token.
    InvalidToken,
    /// The token's window is full.
    RateLimited {
        /// Until the window ends.
        retry_after: Duration,
    },
    /// An instance's token on another name.
    ForeignInstance,
    /// The same `Idempotency-Key` with another identifier.
    IdempotencyKeyReused,
    /// No identifier.
    IdentifierRequired,
    /// Neither a group JID nor an invite.
    IdentifierInvalid,
    /// No such instance in the account.
    InstanceNotFound,
    /// Never linked, or logged out.
    NotConnected,
    /// The invite was revoked.
    InviteRevoked,
    /// No such group, or we are not in it.
    NotMember,
    /// WhatsApp refuses although we are in it.
    NotAllowed,
    /// WhatsApp throttled us.
    Throttled {
        /// Until WhatsApp should listen again.
        retry_after: Duration,
    },
    /// WhatsApp banned the number for a while.
    Banned {
        /// Until the ban ends.
        retry_after: Duration,
    },
    /// Another run held the session for the whole wait.
    Busy {
        /// Until that run's lease ends at the latest.
        retry_after: Duration,
    },
    /// As many leaves as may be open have no known outcome, and this group's is none
    /// of them; nothing was sent.
    TooManyOpen {
        /// Until the oldest of them counts no more.
        retry_after: Duration,
    },
    /// WhatsApp cannot be reached, or refuses the connection; nothing was sent.
    WhatsAppUnavailable,
    /// The leave may have been sent, and its outcome is not known.
    Unconfirmed,
    /// Storage cannot be reached.
    Unavailable,
    /// Anything else.
    Internal,
}

/// How one refusal is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// The text in the envelope.
    pub message: &'static str,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

/// What to wait when WhatsApp cannot be reached.
const UNAVAILABLE: Duration = Duration::from_secs(5);
/// Longest wait that is asked for until an open leave counts no more: a retry of one
/// of them makes room at any time.
const LONGEST_UNTIL_ROOM: Duration = Duration::from_hours(1);
/// What to wait when only the outcome is missing: the next run can learn it at once.
const SOON: Duration = Duration::from_secs(1);

impl Problem {
    /// The table: status, text and waiting time of every refusal.
    pub fn answered(self) -> Answered {
        let (status, message, retry_after) = match self {
            Self::Malformed => (400, "Malformed request", None),
            Self::RouteNotFound => (404, "Route not found", None),
            Self::MethodNotAllowed => (405, "Method not allowed", None),
            Self::MissingToken => (401, "Missing token in header", None),
            Self::InvalidToken => (401, "Invalid token", None),
            Self::RateLimited { retry_after } => {
                (429, "Rate limit exceeded. Try again later.", Some(retry_after))
            }
            Self::ForeignInstance => (403, "Instance token does not match this instance", None),
            Self::IdempotencyKeyReused => {
                (422, "Idempotency-Key was used for another request", None)
            }
            Self::IdentifierRequired => (400, "Identifier is required", None),
            Self::IdentifierInvalid => {
                (400, "Invalid identifier: expected a group JID, invite code or invite link", None)
            }
            Self::InstanceNotFound => (404, "Instance not found", None),
            Self::NotConnected => (400, "Instance is not connected to WhatsApp", None),
            Self::InviteRevoked => (404, "Invite link has been revoked or expired", None),
            Self::NotMember => (404, "Group not found or you are not a member of this group", None),
            Self::NotAllowed => (403, "Not allowed to leave this group", None),
            Self::Throttled { retry_after } => {
                (429, "WhatsApp rate limit reached. Try again later.", Some(retry_after))
            }
            Self::Banned { retry_after } => {
                (503, "Instance is temporarily banned by WhatsApp", Some(retry_after))
            }
            Self::Busy { retry_after } => {
                (503, "Instance is busy. Try again later.", Some(retry_after))
            }
            Self::TooManyOpen { retry_after } => (
                503,
                "Too many leaves of this instance have no known outcome. Try again later.",
                Some(retry_after.min(LONGEST_UNTIL_ROOM)),
            ),
            Self::WhatsAppUnavailable => {
                (503, "WhatsApp is unavailable. Try again later.", Some(UNAVAILABLE))
            }
            Self::Unconfirmed => (
                503,
                "WhatsApp did not confirm the leave. Try again to learn the outcome.",
                Some(SOON),
            ),
            Self::Unavailable => {
                (503, "Service is temporarily unavailable. Try again later.", Some(SOON))
            }
            Self::Internal => (500, "Internal error", None),
        };
        Answered { status, message, retry_after }
    }

    /// `Retry-After` in whole seconds, at least 1.
    pub fn retry_after_seconds(self) -> Option<u64> {
        let wait = self.answered().retry_after?;
        Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).map(|seconds| seconds.max(1))
    }

    /// Whether the same request can end otherwise later.
    pub fn is_retryable(self) -> bool {
        matches!(self.answered().status, 429 | 500..)
    }
}
