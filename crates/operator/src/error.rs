//! Why something was not done, in words that say what to do next.

use std::time::Duration;

use domain::block::BlockReason;
use domain::gone::Gone;
use domain::group::NotAGroupJid;
use domain::tenant::{AccountId, InstanceId};
use store::seal::SealError;
use store::session::{AcquireError, SettleError};
use store::table::{Corrupt, StoreError};
use whatsapp::Failure;

/// Refused, or failed. Nothing is half done unless the variant says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// No such account.
    #[error("account {0} does not exist; `leavectl account create {0}` makes it")]
    NoAccount(AccountId),
    /// It is there already.
    #[error("account {0} exists already; pick another id")]
    AccountExists(AccountId),
    /// Someone has begun to delete it.
    #[error("account {0} is being deleted; `leavectl account delete {0}` ends that")]
    AccountClosing(AccountId),
    /// It still has instances.
    #[error(
        "account {account} still has instances ({}); delete each with `leavectl instance delete {account} NAME` first",
        .instances.join(", ")
    )]
    AccountInUse {
        /// The account.
        account: AccountId,
        /// Their names.
        instances: Vec<String>,
    },
    /// No such instance.
    #[error(
        "instance {0} does not exist; `leavectl instance list {account}` shows those that do",
        account = .0.account
    )]
    NoInstance(InstanceId),
    /// It is there already.
    #[error("instance {0} exists already; pick another name")]
    InstanceExists(InstanceId),
    /// Someone has begun to delete it.
    #[error(
        "instance {0} is being deleted; `leavectl instance delete {account} {name}` ends that",
        account = .0.account, name = .0.name
    )]
    Deleting(InstanceId),
    /// It is being renamed, and to another name.
    #[error(
        "instance {instance} is being renamed to {to}; `leavectl instance rename {account} {name} \
         {to}` ends that",
        account = .instance.account, name = .instance.name
    )]
    Moving {
        /// The instance.
        instance: InstanceId,
        /// Its new name.
        to: String,
    },
    /// No reply came, and nobody can tell.
    #[error(
        "DynamoDB did not answer, so it is not known whether device {device} is stored for \
         instance {instance}. Nothing was undone. Look later with `leavectl instance show \
         {account} {name}`: if it shows that device, `leavectl instance link {account} {name} \
         --resume` ends its first login; if not, unlink the device on the phone and link again",
        account = .instance.account, name = .instance.name
    )]
    MayBeStored {
        /// The instance.
        instance: InstanceId,
        /// The device's JID.
        device: String,
    },
    /// No reply came, and nobody can tell.
    #[error(
        "DynamoDB did not answer, so it is not known whether token {id} was issued, and its \
         secret is not shown; `leavectl token list {account}` tells, `leavectl token revoke \
         {account} {id}` takes it back"
    )]
    MayBeIssued {
        /// The account.
        account: AccountId,
        /// The token's id.
        id: String,
    },
    /// Nothing is left to be done for its first login.
    #[error("the first login of instance {0} has come to its end; there is nothing to resume")]
    NothingToResume(InstanceId),
    /// A run holds it.
    #[error(
        "instance {instance} is busy: another run holds it for up to {} s; try again then",
        seconds(*.left)
    )]
    Busy {
        /// The instance.
        instance: InstanceId,
        /// Until that run's lease ends.
        left: Duration,
    },
    /// It was written by someone else between reading and writing.
    #[error("instance {0} was changed by someone else at the same time; look at it and try again")]
    Changed(InstanceId),
    /// It has no device, or none that can log in again.
    #[error("instance {instance} is not connected to WhatsApp: {}", why_gone(*.gone))]
    NotConnected {
        /// The instance.
        instance: InstanceId,
        /// Why its device cannot log in, when it has one.
        gone: Option<Gone>,
    },
    /// WhatsApp does not listen to it for a while.
    #[error("WhatsApp {} instance {instance} for {} more s; try again then", blocks(*.reason), seconds(*.left))]
    Blocked {
        /// The instance.
        instance: InstanceId,
        /// Why.
        reason: BlockReason,
        /// How much longer.
        left: Duration,
    },
    /// The device belongs to another instance.
    #[error(
        "device {device} is linked to instance {by} already, and under two instances it would be \
         thrown out again and again; delete that instance first, or link another device"
    )]
    DeviceTaken {
        /// The device's JID.
        device: String,
        /// Whose it is.
        by: InstanceId,
    },
    /// The instance has another phone number.
    #[error(
        "instance {instance} belongs to the number of {device}: groups and history of two numbers \
         must not mix; pick another name, or delete the instance first"
    )]
    OtherNumber {
        /// The instance.
        instance: InstanceId,
        /// Its device now.
        device: String,
    },
    /// No token has that id.
    #[error(
        "account {account} has no token {wanted}; `leavectl token list {account}` shows the ids \
         (one issued a moment ago may take a second to be listed)"
    )]
    NoToken {
        /// The account.
        account: AccountId,
        /// The id that was asked for.
        wanted: String,
    },
    /// Several tokens begin with that id.
    #[error("{wanted} is the beginning of several ids ({}); write one of them in full", .ids.join(", "))]
    AmbiguousToken {
        /// The beginning that was given.
        wanted: String,
        /// The ids.
        ids: Vec<String>,
    },
    /// Stored credentials, or the data key, cannot be opened.
    #[error(
        "{0}; check that SEALING_KEY or SEALING_KEY_ARN is the one that this table was made with"
    )]
    Seal(SealError),
    /// What was opened is no credentials.
    #[error("the credentials of instance {0} cannot be read; link it again")]
    Credentials(InstanceId),
    /// WhatsApp, or the way to it.
    #[error("WhatsApp failed: {0}; nothing was changed there. {next}", next = next_step(.0))]
    WhatsApp(Failure),
    /// A fault of our own, under the lease. It was given back.
    #[error("internal error while instance {0} was held; its lease was given back")]
    Panicked(InstanceId),
    /// Our lease ran out.
    #[error("it took longer than the lease of instance {0} lasts, and was stopped; try again")]
    LeaseExpired(InstanceId),
    /// There is no such table.
    #[error(
        "the table does not exist there; check TABLE_NAME, the region and the endpoint, or make it \
         with `leavectl table create`"
    )]
    NoTable,
    /// DynamoDB cannot be reached.
    #[error("DynamoDB cannot be reached ({0}); check the network and AWS_ENDPOINT_URL_DYNAMODB")]
    Unreachable(String),
    /// DynamoDB does not let us.
    #[error("DynamoDB refuses these credentials ({0}); check who you are and what you may do")]
    Denied(String),
    /// The table is of another form.
    #[error(
        "DynamoDB refuses the call ({0}); `leavectl table status` tells whether the table is as it should be"
    )]
    Misfit(String),
    /// An item is not what it should be.
    #[error("{0}; the item was written by something else")]
    Corrupt(Corrupt),
    /// Anything else of DynamoDB's.
    #[error("{0}; try again")]
    Store(StoreError),
}

fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

fn blocks(reason: BlockReason) -> &'static str {
    match reason {
        BlockReason::Banned => "bans",
        BlockReason::Throttled => "throttles",
    }
}

fn why_gone(gone: Option<Gone>) -> &'static str {
    match gone {
        None => "it was never linked; link or import a device for it",
        Some(Gone::Unlinked) => "it was logged out; link or import a device for it",
        Some(Gone::Locked) => {
            "WhatsApp locked the account; look at the phone, which says why and where to appeal"
        }
        Some(Gone::Banned) => {
            "WhatsApp banned the number for good; linking again does not help, use another number"
        }
    }
}

fn next_step(failure: &Failure) -> &'static str {
    use whatsapp::LoginFailure;
    match failure.gone() {
        Some(Gone::Unlinked) => return "Link the device again",
        Some(Gone::Locked) => {
            return "The account is locked: look at the phone, which says why and where to appeal";
        }
        Some(Gone::Banned) => {
            return "The number is banned for good: linking again does not help";
        }
        None => {}
    }
    match failure {
        Failure::Login(LoginFailure::VersionRefused(_)) => {
            "`leavectl version refresh` sets a newer one"
        }
        Failure::Login(LoginFailure::Banned { .. }) => "Wait until the ban ends",
        failure if failure.throttled().is_some() => "Wait: WhatsApp throttles this number",
        Failure::Certificate(_) => "Check WHATSAPP_URL and WHATSAPP_ROOT_KEY",
        Failure::Connect(_) => "Check the network and WHATSAPP_URL",
        _ => "Try again",
    }
}

/// Error codes that say that no such table is there.
const NO_TABLE: &str = "ResourceNotFoundException";
/// Error codes about who asks. Source: `DynamoDB`'s list of common errors.
const DENIED: [&str; 6] = [
    "AccessDeniedException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
];

impl From<StoreError> for OperatorError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(code) if code == NO_TABLE => Self::NoTable,
            StoreError::Unavailable(code) if DENIED.contains(&code.as_str()) => Self::Denied(code),
            StoreError::Unavailable(why)
                if why == "cannot connect" || why == "timed out" || why == "no time left" =>
            {
                Self::Unreachable(why)
            }
            StoreError::Refused(code) => Self::Misfit(code),
            StoreError::Corrupt(corrupt) => Self::Corrupt(corrupt),
            error @ StoreError::Unavailable(_) => Self::Store(error),
        }
    }
}

impl From<SealError> for OperatorError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Store(error) => error.into(),
            error => Self::Seal(error),
        }
    }
}

impl From<Corrupt> for OperatorError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt(corrupt)
    }
}

impl From<NotAGroupJid> for OperatorError {
    fn from(_: NotAGroupJid) -> Self {
        Self::Corrupt(Corrupt("jid"))
    }
}

impl From<Failure> for OperatorError {
    fn from(failure: Failure) -> Self {
        Self::WhatsApp(failure)
    }
}

impl OperatorError {
    /// Whether a write that ended so may have been applied all the same.
    pub fn leaves_open(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Store(_))
    }

    /// Whether WhatsApp could not be reached at all: it said neither yes nor no.
    pub fn is_unreachable_whatsapp(&self) -> bool {
        use whatsapp::Step;
        matches!(
            self,
            Self::WhatsApp(Failure::Connect(_) | Failure::Timeout(Step::Dial | Step::Greet))
        )
    }

    /// Why `instance` could not be leased.
    pub fn of_acquire(instance: &InstanceId, error: AcquireError) -> Self {
        match error {
            AcquireError::NotFound => Self::NoInstance(instance.clone()),
            AcquireError::NotConnected(gone) => {
                Self::NotConnected { instance: instance.clone(), gone }
            }
            AcquireError::Blocked { reason, left } => {
                Self::Blocked { instance: instance.clone(), reason, left }
            }
            // The latter is for who adds intents, which nobody here does.
            AcquireError::Busy { left, .. } | AcquireError::TooManyOpen { left } => {
                Self::Busy { instance: instance.clone(), left }
            }
            AcquireError::Store(error) => error.into(),
        }
    }

    pub(crate) fn of_settle(instance: &InstanceId, error: SettleError) -> Self {
        match error {
            SettleError::Fenced => Self::LeaseExpired(instance.clone()),
            SettleError::Store(error) => error.into(),
        }
    }
}
