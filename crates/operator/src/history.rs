//! What an instance left, and what is unresolved.

use domain::clock::UnixMillis;
use domain::group::GroupJid;
use domain::tenant::InstanceId;

use crate::{Operator, OperatorError, patience};

pub use store::rows::left::Left as LeftGroup;

/// What an instance left, and what is unresolved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Groups that were left, the latest first. Kept for 90 days.
    pub left: Vec<LeftGroup>,
    /// Leaves that were begun and whose outcome is not known, the latest first.
    pub unresolved: Vec<Unresolved>,
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
        let left = self.table.left_by(instance, &session.generation(), patience()).await?;
        let mut left: Vec<_> = left.into_iter().collect::<Result<_, _>>()?;
        left.reverse();
        let unresolved = session.unresolved(self.now().await?)?;
        let mut unresolved: Vec<_> = unresolved.into_iter().map(Unresolved::of).collect();
        unresolved.sort_by(|one, other| other.at.cmp(&one.at).then(one.jid.cmp(&other.jid)));
        Ok(History { left, unresolved })
    }
}

impl Unresolved {
    fn of(leave: store::session::Unresolved) -> Self {
        let state = if leave.is_under_way {
            Standing::UnderWay
        } else if leave.has_ended {
            Standing::Expired
        } else {
            Standing::Lost
        };
        Self { jid: leave.jid, at: leave.at, state }
    }
}
