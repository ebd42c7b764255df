//! What `--json` prints of the things that several commands speak of: one word for one
//! thing. What a command alone prints is a type beside it; the schemas of all are in
//! `docs/json/`.

#![expect(clippy::struct_field_names, reason = "they are the names of what is printed")]

use domain::block::BlockReason;
use domain::clock::UnixMillis;
use domain::gone::Gone;
use domain::group::GroupJid;
use domain::tenant::InstanceId;
use domain::token::Scope;
use operator::instances::InstanceSummary;
use operator::tokens::TokenSummary;
use serde::Serialize;
use whatsapp::Listed;

use crate::moment;

/// An account.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    /// Its id.
    pub(crate) account: String,
    /// What people recognise it by.
    pub(crate) note: Option<String>,
    /// When it was made, in UTC.
    pub(crate) created_at: String,
}

impl From<&operator::accounts::Account> for Account {
    fn from(account: &operator::accounts::Account) -> Self {
        Self {
            account: account.id.to_string(),
            note: account.note.clone(),
            created_at: moment::shown(account.created),
        }
    }
}

/// The name of an instance.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Named {
    /// The account's id.
    pub(crate) account: String,
    /// Its name within the account.
    pub(crate) instance: String,
}

impl From<&InstanceId> for Named {
    fn from(id: &InstanceId) -> Self {
        Self { account: id.account.to_string(), instance: id.name.to_string() }
    }
}

/// An instance.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instance {
    /// Account and name.
    #[serde(flatten)]
    pub(crate) named: Named,
    /// What it is: `linked`, `logged_out`, `never_linked` or `deleting`.
    pub(crate) state: &'static str,
    /// Its device's JID.
    pub(crate) jid: Option<String>,
    /// When it was made, in UTC.
    pub(crate) created_at: Option<String>,
    /// When its device was linked, in UTC.
    pub(crate) linked_at: Option<String>,
    /// When it was checked last, in UTC.
    pub(crate) checked_at: Option<String>,
    /// What that check found.
    pub(crate) health: Option<String>,
    /// Why its device cannot log in again: `unlinked`, `locked` or `banned`.
    pub(crate) logged_out_by: Option<&'static str>,
}

impl From<&InstanceSummary> for Instance {
    fn from(found: &InstanceSummary) -> Self {
        Self {
            named: Named::from(&found.id),
            state: found.state.name(),
            jid: found.device.clone(),
            created_at: found.created.map(moment::shown),
            linked_at: found.linked.map(moment::shown),
            checked_at: found.checked.map(moment::shown),
            health: found.check_result.clone(),
            logged_out_by: found.gone.map(Gone::name),
        }
    }
}

/// For how long WhatsApp does not listen to an instance.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Block {
    /// Why: `banned` or `throttled`.
    pub(crate) reason: &'static str,
    /// When that ends, in UTC.
    pub(crate) ends_at: String,
}

impl Block {
    pub(crate) fn of(reason: BlockReason, until: UnixMillis) -> Self {
        let reason = match reason {
            BlockReason::Throttled => "throttled",
            BlockReason::Banned => "banned",
        };
        Self { reason, ends_at: moment::shown(until) }
    }
}

/// A token, without its secret.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token {
    /// What it is listed and revoked by.
    pub(crate) id: String,
    /// The one instance that it acts for; nothing where it acts for each of the account.
    pub(crate) instance: Option<String>,
    /// Requests in a minute.
    pub(crate) per_minute: u64,
    /// What people recognise it by.
    pub(crate) note: Option<String>,
    /// When it was issued, in UTC.
    pub(crate) created_at: Option<String>,
    /// When it ends by itself, in UTC.
    pub(crate) expires_at: Option<String>,
}

impl From<&TokenSummary> for Token {
    fn from(token: &TokenSummary) -> Self {
        Self {
            id: token.id.clone(),
            instance: match &token.scope {
                Scope::Account => None,
                Scope::Instance(name) => Some(name.to_string()),
            },
            per_minute: token.per_minute,
            note: token.note.clone(),
            created_at: token.issued.map(moment::shown),
            expires_at: token.valid_until.map(moment::shown),
        }
    }
}

/// A group.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    /// Its JID.
    pub(crate) group_jid: String,
    /// `group`, `community`, `subgroup` or `announcement`.
    pub(crate) kind: &'static str,
    /// The JID of the community that it belongs to.
    pub(crate) community_jid: Option<String>,
    /// Its subject: text of whoever may write it.
    pub(crate) subject: Option<String>,
}

impl From<&Listed> for Group {
    fn from(listed: &Listed) -> Self {
        Self {
            group_jid: listed.group.jid.to_string(),
            kind: listed.group.kind.name(),
            community_jid: listed.group.kind.parent().map(GroupJid::to_string),
            subject: listed.subject.clone(),
        }
    }
}

/// Why a command did not do what was asked, on stderr.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Refusal {
    /// The error.
    pub(crate) error: ErrorMessage,
}

/// An error.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ErrorMessage {
    /// What is wrong, and what to do.
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(message: String) -> Self {
        Self { error: ErrorMessage { message } }
    }
}
