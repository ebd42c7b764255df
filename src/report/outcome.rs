//! What came of one identifier, as a name.

use domain::problem::Problem;
use operation::leave::Left;

use super::metric::Metric;

/// What came of one identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// WhatsApp confirmed it.
    Left,
    /// An earlier run's, whose outcome was lost.
    Recovered,
    /// A kept answer was given again.
    Replayed,
    /// A browser's preflight.
    Preflight,
    /// It was refused.
    Refused(Problem),
}

impl From<&Result<Left, Problem>> for Outcome {
    fn from(result: &Result<Left, Problem>) -> Self {
        match result {
            Ok(left) if left.is_recovered() => Self::Recovered,
            Ok(_) => Self::Left,
            Err(problem) => Self::Refused(*problem),
        }
    }
}

impl Outcome {
    /// Its name in the log.
    pub fn name(self) -> &'static str {
        let problem = match self {
            Self::Left => return "left",
            Self::Recovered => return "recovered",
            Self::Replayed => return "replayed",
            Self::Preflight => return "preflight",
            Self::Refused(problem) => problem,
        };
        match problem {
            Problem::Malformed => "malformed",
            Problem::RouteNotFound => "route_not_found",
            Problem::MethodNotAllowed => "method_not_allowed",
            Problem::MissingToken => "missing_token",
            Problem::InvalidToken => "invalid_token",
            Problem::RateLimited { .. } => "rate_limited",
            Problem::ForeignInstance => "foreign_instance",
            Problem::IdempotencyKeyReused => "idempotency_key_reused",
            Problem::IdentifierRequired => "identifier_required",
            Problem::IdentifierInvalid => "identifier_invalid",
            Problem::InstanceNotFound => "instance_not_found",
            Problem::NotConnected => "not_connected",
            Problem::InviteRevoked => "invite_revoked",
            Problem::NotMember => "not_member",
            Problem::NotAllowed => "not_allowed",
            Problem::Throttled { .. } => "throttled",
            Problem::Banned { .. } => "banned",
            Problem::Busy { .. } => "busy",
            Problem::TooManyOpen { .. } => "too_many_open",
            Problem::WhatsAppUnavailable => "whatsapp_unavailable",
            Problem::Unconfirmed => "unconfirmed",
            Problem::Unavailable => "storage_unavailable",
            Problem::Internal => "internal",
        }
    }

    /// Where it is counted, if anywhere.
    pub fn metric(self) -> Option<Metric> {
        let problem = match self {
            Self::Left => return Some(Metric::Left),
            Self::Recovered => return Some(Metric::Recovered),
            Self::Replayed => return Some(Metric::Replayed),
            Self::Preflight => return None,
            Self::Refused(problem) => problem,
        };
        Some(match problem {
            Problem::Malformed
            | Problem::RouteNotFound
            | Problem::MethodNotAllowed
            | Problem::ForeignInstance
            | Problem::IdempotencyKeyReused
            | Problem::IdentifierRequired
            | Problem::IdentifierInvalid
            | Problem::InstanceNotFound => Metric::BadRequests,
            Problem::MissingToken | Problem::InvalidToken => Metric::Unauthorized,
            Problem::RateLimited { .. } => Metric::RateLimited,
            Problem::NotConnected => Metric::NotConnected,
            Problem::InviteRevoked | Problem::NotMember => Metric::NotMember,
            Problem::NotAllowed => Metric::NotAllowed,
            Problem::Throttled { .. } => Metric::Throttled,
            Problem::Banned { .. } => Metric::Banned,
            Problem::Busy { .. } => Metric::Busy,
            Problem::TooManyOpen { .. } => Metric::TooManyOpen,
            Problem::WhatsAppUnavailable => Metric::WhatsAppUnavailable,
            Problem::Unconfirmed => Metric::Unconfirmed,
            Problem::Unavailable => Metric::StorageUnavailable,
            Problem::Internal => Metric::InternalErrors,
        })
    }
}
