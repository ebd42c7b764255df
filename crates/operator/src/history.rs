//! What an instance left, and what is unresolved.

use domain::clock::UnixMillis;
use domain::group::GroupJid;
use domain::lease::LEASE;
use domain::tenant::InstanceId;
use store::table::{Attributes, Corrupt, Item, keys};

use crate::{Operator, OperatorError};

/// What an instance left, and what is unresolved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Groups that were left, the latest first. Kept for 90 days.
    pub left: Vec<LeftGroup>,
    /// Leaves that were begun and whose outcome is not known, the latest first.
    pub unresolved: Vec<Unresolved>,
}

/// A group that was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftGroup {
    /// The group.
    pub jid: GroupJid,
    /// `group`, `community`, `subgroup` or `announcement`.
    pub kind: String,
    /// When.
    pub at: UnixMillis,
    /// The request that did it.
    pub request_id: String,
    /// Whether WhatsApp confirmed it; otherwise the outcome was lost and learned later.
    pub confirmed: bool,
    /// Whether it was done under another name, before the instance got this one.
    pub moved: bool,
}

/// A leave whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The group.
    pub jid: GroupJid,
    /// When it was begun.
    pub at: UnixMillis,
    /// What stands there.
    pub state: Standing,
}

/// What stands behind an unresolved leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A run is at it.
    UnderWay,
    /// The outcome was lost: asking again learns it.
    Lost,
    /// The outcome was lost more than 24 hours ago, and counts no more.
    Expired,
}

impl Standing {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnderWay => "under_way",
            Self::Lost => "lost",
            Self::Expired => "expired",
        }
    }
}

impl Operator {
    /// The history of an instance.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], or the table's.
    pub async fn history(&self, instance: &InstanceId) -> Result<History, OperatorError> {
        let session = self.session(instance).await?;
        let rows = self.list_of(instance, &session, keys::LEFT_PREFIX).await?;
        let mut left: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
        left.reverse();
        let mut unresolved = unresolved(Item(&session), self.now().await?)?;
        unresolved.sort_by(|one, other| other.at.cmp(&one.at).then(one.jid.cmp(&other.jid)));
        Ok(History { left, unresolved })
    }
}

fn read(item: &Attributes) -> Result<LeftGroup, OperatorError> {
    let truth = |name: &str| item.get(name).and_then(|value| value.as_bool().ok()).copied();
    let (confirmed, moved) = (truth("confirmed"), truth("moved"));
    let item = Item(item);
    Ok(LeftGroup {
        jid: item.text("jid")?.parse()?,
        kind: item.text("group_kind")?.to_owned(),
        at: UnixMillis(item.number("left_at")?),
        request_id: item.text("request_id")?.to_owned(),
        confirmed: confirmed.ok_or(Corrupt("confirmed"))?,
        moved: moved.unwrap_or_default(),
    })
}

fn unresolved(session: Item<'_>, now: UnixMillis) -> Result<Vec<Unresolved>, OperatorError> {
    let is_leased = session.optional_number("lease_until").is_some_and(|until| until > now.0);
    let owner = session.optional_text("lease_owner").filter(|_| is_leased);
    session
        .map("intents")?
        .iter()
        .map(|(jid, intent)| {
            let intent = Item(intent.as_m().map_err(|_| Corrupt("intents"))?);
            let at = UnixMillis(intent.number("at")?);
            let state = if owner == Some(intent.text("by")?) {
                Standing::UnderWay
            } else if at.plus(LEASE.intent) <= now {
                Standing::Expired
            } else {
                Standing::Lost
            };
            Ok(Unresolved { jid: jid.parse()?, at, state })
        })
        .collect()
}
