//! Why something was not done, in words that say what to do next.

mod of;
mod words;

use std::time::Duration;

use domain::block::BlockReason;
use domain::gone::Gone;
use domain::tenant::{AccountId, InstanceId};
use store::seal::SealError;
use store::table::{Code, Corrupt, StoreError};
use whatsapp::Failure;

use crate::shell;
use words::{blocks, can_change, next_step, no_token, seconds, why_gone};

/// Refused, or failed. Nothing is half done unless the variant says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// No such account.
    #[error(
        "account {0} does not exist; `leavectl account create {name}` makes it",
        name = shell::words(&[.0.as_str()])
    )]
    NoAccount(AccountId),
    /// It is there already.
    #[error("account {0} exists already; pick another id")]
    AccountExists(AccountId),
    /// Someone has begun to delete it.
    #[error(
        "account {0} is being deleted; `leavectl account delete {name}` ends that",
        name = shell::words(&[.0.as_str()])
    )]
    AccountClosing(AccountId),
    /// It still has instances.
    #[error(
        "account {account} still has instances ({}); delete each with `leavectl instance delete \
         {name} NAME` first",
        .instances.join(", "), name = shell::words(&[.account.as_str()])
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
        account = shell::words(&[.0.account.as_str()])
    )]
    NoInstance(InstanceId),
    /// It is there already.
    #[error("instance {0} exists already; pick another name")]
    InstanceExists(InstanceId),
    /// Someone has begun to delete it.
    #[error(
        "instance {0} is being deleted; `leavectl instance delete {names}` ends that",
        names = shell::instance(.0)
    )]
    Deleting(InstanceId),
    /// It is being renamed, and to another name.
    #[error(
        "instance {instance} is being renamed to {to}; `leavectl instance rename {names}` ends that",
        names = shell::words(&[.instance.account.as_str(), .instance.name.as_str(), .to])
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
         {names}`: if it shows that device, `leavectl instance link --resume {names}` ends its \
         first login; if not, unlink the device on the phone and link again",
        names = shell::instance(.instance)
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
         secret is not shown; `leavectl token list {list}` tells, `leavectl token revoke \
         {revoke}` takes it back",
        list = shell::words(&[.account.as_str()]), revoke = shell::words(&[.account.as_str(), .id])
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
        "account {account} has no {}; `leavectl token list {list}` shows the ids (one issued a \
         moment ago may take a second to be listed)",
        no_token(.wanted.as_deref()), list = shell::words(&[.account.as_str()])
    )]
    NoToken {
        /// The account.
        account: AccountId,
        /// The id that was asked for; nothing where it was asked for by a secret, which is
        /// not repeated.
        wanted: Option<String>,
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
    /// KMS did not answer, or does not let us.
    #[error(
        "KMS does not unwrap the data key ({0}); check the network, SEALING_KEY_ARN and          AWS_ENDPOINT_URL_KMS, and that these credentials may use the key; then try again"
    )]
    KeyService(String),
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
    #[error(
        "DynamoDB cannot be reached ({}); check the network and AWS_ENDPOINT_URL_DYNAMODB",
        .0.why()
    )]
    Unreachable(StoreError),
    /// DynamoDB does not let us.
    #[error("DynamoDB refuses these credentials ({0}); check who you are and what you may do")]
    Denied(Code),
    /// The table is of another form.
    #[error(
        "DynamoDB refuses the call ({}); `leavectl table status` tells whether the table is as it should be",
        .0.why()
    )]
    Misfit(StoreError),
    /// An item is not what it should be.
    #[error("{0}; the item was written by something else")]
    Corrupt(Corrupt),
    /// The item of an instance is not what it should be.
    #[error("instance {instance}: {why}; the item was written by something else")]
    CorruptInstance {
        /// Which one.
        instance: InstanceId,
        /// What is wrong with it.
        why: Corrupt,
    },
    /// Anything else of DynamoDB's.
    #[error("{0}; try again")]
    Store(StoreError),
}

impl OperatorError {
    /// Whether the same can end otherwise later, without anything being mended.
    pub fn can_change(&self) -> bool {
        match self {
            Self::Busy { .. }
            | Self::Changed(_)
            | Self::Blocked { .. }
            | Self::LeaseExpired(_)
            | Self::Unreachable(_)
            | Self::KeyService(_)
            | Self::Store(_) => true,
            Self::WhatsApp(failure) => can_change(failure),
            Self::NoAccount(_)
            | Self::AccountExists(_)
            | Self::AccountClosing(_)
            | Self::AccountInUse { .. }
            | Self::NoInstance(_)
            | Self::InstanceExists(_)
            | Self::Deleting(_)
            | Self::Moving { .. }
            | Self::MayBeStored { .. }
            | Self::MayBeIssued { .. }
            | Self::NothingToResume(_)
            | Self::NotConnected { .. }
            | Self::DeviceTaken { .. }
            | Self::OtherNumber { .. }
            | Self::NoToken { .. }
            | Self::AmbiguousToken { .. }
            | Self::Seal(_)
            | Self::Credentials(_)
            | Self::Panicked(_)
            | Self::NoTable
            | Self::Denied(_)
            | Self::Misfit(_)
            | Self::Corrupt(_)
            | Self::CorruptInstance { .. } => false,
        }
    }

    /// Whether it was the instance's proxy that could not be gone through.
    pub fn is_proxys(&self) -> bool {
        matches!(self, Self::WhatsApp(failure) if failure.is_proxys())
    }

    /// Whether WhatsApp could not be reached at all: it said neither yes nor no.
    pub fn is_unreachable_whatsapp(&self) -> bool {
        use whatsapp::Step;
        matches!(
            self,
            Self::WhatsApp(Failure::Connect(_) | Failure::Timeout(Step::Dial | Step::Greet))
        )
    }
}
