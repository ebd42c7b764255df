//! The names of the metrics. The template's dashboard and alarms use these and
//! no others, and a test compares.

use domain::trace::{Reason, Step};

/// CloudWatch's namespace of every metric.
pub const NAMESPACE: &str = "LeaveGroup";

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How often.
    Count,
    /// How long.
    Milliseconds,
}

impl Unit {
    /// CloudWatch's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $name:ident: $unit:ident,)+) => {
        /// A metric. Each that occurs in a month costs money, so outcomes that nobody
        /// would act on apart from each other share one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Metric {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Metric {
            /// Every metric.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name in CloudWatch.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// Its unit.
            pub fn unit(self) -> Unit {
                match self {
                    $(Self::$name => Unit::$unit,)+
                }
            }
        }
    };
}

metrics! {
    /// Leaves that WhatsApp confirmed.
    Left: Count,
    /// Leaves whose lost outcome a later run learned.
    Recovered: Count,
    /// Answers kept for an `Idempotency-Key` and given again.
    Replayed: Count,
    /// Groups that nobody was in, and invites that lead nowhere.
    NotMember: Count,
    /// Leaves that WhatsApp refuses.
    NotAllowed: Count,
    /// Requests that are wrong in themselves.
    BadRequests: Count,
    /// Requests without a token, or with a wrong one.
    Unauthorized: Count,
    /// Requests over their token's limit.
    RateLimited: Count,
    /// Requests for sessions that are not linked.
    NotConnected: Count,
    /// Leaves that WhatsApp throttled.
    Throttled: Count,
    /// Requests for numbers that WhatsApp banned for a while.
    Banned: Count,
    /// Requests for sessions that stayed busy.
    Busy: Count,
    /// Leaves refused because too many have no known outcome.
    TooManyOpen: Count,
    /// Leaves that could not be sent.
    WhatsAppUnavailable: Count,
    /// Leaves whose outcome is not known.
    Unconfirmed: Count,
    /// Requests that storage or the key service failed.
    StorageUnavailable: Count,
    /// Faults of our own.
    InternalErrors: Count,
    /// Looks at a session that another run held.
    LeaseWaits: Count,
    /// WhatsApp, or a proxy on the way, could not be reached.
    WhatsAppUnreachable: Count,
    /// WhatsApp did not answer in time.
    WhatsAppTimedOut: Count,
    /// WhatsApp ended the connection, with a reason or without.
    WhatsAppDisconnected: Count,
    /// WhatsApp spoke otherwise than expected, or could not prove who it is.
    WhatsAppProtocolFaults: Count,
    /// WhatsApp refused a login.
    WhatsAppLoginRefused: Count,
    /// WhatsApp refused a question.
    WhatsAppIqRefused: Count,
    /// WhatsApp refused the client version.
    ClientVersionRefused: Count,
    /// Sessions that were checked.
    SessionsChecked: Count,
    /// Sessions that a check or a leave found logged out, locked or banned for good.
    SessionsLoggedOut: Count,
    /// Checks that brought no result.
    ChecksFailed: Count,
    /// Sessions that are due for a check and wait for the next run.
    ChecksRemaining: Count,
    /// Token and limit.
    GateMs: Milliseconds,
    /// Taking the session's lease.
    LeaseMs: Milliseconds,
    /// Connecting to WhatsApp.
    ConnectMs: Milliseconds,
    /// Logging in.
    LoginMs: Milliseconds,
    /// Resolving the identifiers.
    ResolveMs: Milliseconds,
    /// The leave itself.
    LeaveMs: Milliseconds,
    /// Writing what became of it.
    SettleMs: Milliseconds,
    /// The whole request.
    TotalMs: Milliseconds,
}

impl Metric {
    /// A step's time.
    pub(crate) fn of_step(step: Step) -> Self {
        match step {
            Step::Gate => Self::GateMs,
            Step::Lease => Self::LeaseMs,
            Step::Connect => Self::ConnectMs,
            Step::Login => Self::LoginMs,
            Step::Resolve => Self::ResolveMs,
            Step::Leave => Self::LeaveMs,
            Step::Settle => Self::SettleMs,
        }
    }

    /// Where a failure of WhatsApp's is counted.
    pub(crate) fn of_failure(reason: Reason) -> Self {
        match reason {
            Reason::Unreachable => Self::WhatsAppUnreachable,
            Reason::TimedOut => Self::WhatsAppTimedOut,
            Reason::Closed | Reason::Replaced | Reason::Stream => Self::WhatsAppDisconnected,
            Reason::Protocol | Reason::Certificate => Self::WhatsAppProtocolFaults,
            Reason::LoggedOut | Reason::Locked | Reason::BannedForGood => Self::SessionsLoggedOut,
            Reason::Banned | Reason::LoginRefused => Self::WhatsAppLoginRefused,
            Reason::VersionRefused => Self::ClientVersionRefused,
            Reason::Throttled | Reason::Refused => Self::WhatsAppIqRefused,
        }
    }
}
