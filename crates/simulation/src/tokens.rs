//! Tokens: one for each account, and one for each instance, which has a small limit.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::tenant::InstanceId;
use domain::token::Scope;
use operator::tokens::{Revoked, TokenRequest};
use operator::{Operator, OperatorError};

use crate::steps::Bearer;
use crate::tame;
use crate::world::INSTANCES;

/// Requests in a minute that an instance's own token has.
pub(crate) const OWN_LIMIT: u64 = 4;
/// More than any seed asks for.
pub(crate) const NO_LIMIT: u64 = 1_000_000;
/// As the issued ones, and never issued.
const NEVER_ISSUED: &str = "lg_0000000000000000000000000000000000000000000000000000000000000000";

/// An instance's own.
#[derive(Debug, Clone, Default)]
struct Own {
    id: String,
    secret: String,
    /// The one that was revoked last, and when, of time that no clock's move changes.
    former: Option<(String, u64)>,
    /// Whether nobody knows if it works.
    is_doubtful: bool,
}

#[derive(Default)]
struct State {
    accounts: BTreeMap<&'static str, String>,
    own: BTreeMap<usize, Own>,
    /// How many deletions are at an instance's tokens.
    deleting: BTreeMap<usize, u64>,
    /// How often anybody began to change an instance's tokens.
    changes: BTreeMap<usize, u64>,
}

/// Every token. Clones are the same ones.
#[derive(Clone, Default)]
pub(crate) struct Tokens(Arc<Mutex<State>>);

/// A token that a request carries. Its `Debug` form has no secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) secret: String,
    pub(crate) limit: u64,
    /// Whether it may be refused, because nobody knows whether it works.
    pub(crate) is_doubtful: bool,
    /// When it was revoked.
    pub(crate) revoked: Option<u64>,
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried")
            .field("limit", &self.limit)
            .field("is_doubtful", &self.is_doubtful)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn knows(&self, account: &str) -> bool {
        self.state().accounts.contains_key(account)
    }

    pub(crate) fn of_account(&self, account: &'static str, secret: String) {
        self.state().accounts.insert(account, secret);
    }

    /// The token that a bearer carries to an instance.
    pub(crate) fn carried(&self, instance: usize, bearer: Bearer) -> Carried {
        let state = self.state();
        let (account, ..) = INSTANCES[instance];
        let own = state.own.get(&instance).cloned().unwrap_or_default();
        let plain = |secret: &str, limit, is_doubtful| Carried {
            secret: secret.to_owned(),
            limit,
            is_doubtful,
            revoked: None,
        };
        match bearer {
            Bearer::Account => plain(&state.accounts[account], NO_LIMIT, false),
            Bearer::Own => plain(&own.secret, OWN_LIMIT, own.is_doubtful),
            Bearer::Former => match own.former {
                Some((secret, at)) => {
                    Carried { revoked: Some(at), ..plain(&secret, OWN_LIMIT, false) }
                }
                None => plain(NEVER_ISSUED, OWN_LIMIT, false),
            },
            Bearer::Neighbour => {
                let other = (0..INSTANCES.len())
                    .find(|other| *other != instance && INSTANCES[*other].0 == account);
                // With one instance in its account there is no neighbour.
                let other = other.and_then(|other| state.own.get(&other)).cloned();
                other.map_or_else(
                    || plain(NEVER_ISSUED, OWN_LIMIT, false),
                    |other| plain(&other.secret, OWN_LIMIT, other.is_doubtful),
                )
            }
            Bearer::Nobody => plain(NEVER_ISSUED, OWN_LIMIT, false),
        }
    }

    fn doubt(&self, instance: usize) -> u64 {
        let mut state = self.state();
        state.own.entry(instance).or_default().is_doubtful = true;
        let changes = state.changes.entry(instance).or_default();
        *changes += 1;
        *changes
    }

    /// How often anybody began to change an instance's tokens.
    pub(crate) fn changes(&self, instance: usize) -> u64 {
        self.state().changes.get(&instance).copied().unwrap_or_default()
    }

    /// An instance is deleted, for as long as what is returned is kept.
    pub(crate) fn deleting(&self, instance: usize) -> Deleting {
        self.doubt(instance);
        *self.state().deleting.entry(instance).or_default() += 1;
        Deleting { tokens: self.clone(), instance }
    }

    /// An instance was deleted: its token works no more, unless somebody else was at it.
    pub(crate) fn deleted(&self, instance: usize, changes: u64) {
        let mut state = self.state();
        // The beginning and the end of the deletion are changes of its own.
        let is_alone = state.changes.get(&instance) == Some(&(changes + 2));
        let own = state.own.entry(instance).or_default();
        if is_alone && !own.secret.is_empty() {
            own.former = Some((own.secret.clone(), tame::elapsed()));
        }
    }

    /// Revokes an instance's own token, where there is one, and issues another.
    pub(crate) async fn renew(
        &self,
        operator: &Operator,
        id: &InstanceId,
        instance: usize,
    ) -> Result<(), OperatorError> {
        let own = self.state().own.get(&instance).cloned().unwrap_or_default();
        let changes = self.doubt(instance);
        let mut former = own.former;
        if !own.id.is_empty() {
            match operator.revoke_token(&id.account, &Revoked::Id(own.id)).await {
                // A deletion takes it too.
                Ok(_) | Err(OperatorError::NoToken { .. }) => {
                    former = Some((own.secret, tame::elapsed()));
                }
                Err(error) => return Err(error),
            }
        }
        let request = TokenRequest {
            account: &id.account,
            scope: &Scope::Instance(id.name.clone()),
            per_minute: OWN_LIMIT,
            note: None,
            valid_until: None,
        };
        let issued = operator.issue_token(&request).await?;
        let mut state = self.state();
        let is_deleting = state.deleting.get(&instance).is_some_and(|count| *count > 0);
        let is_alone = state.changes.get(&instance) == Some(&changes);
        let own = Own {
            id: issued.id,
            secret: issued.secret.to_string(),
            former,
            is_doubtful: is_deleting || !is_alone,
        };
        state.own.insert(instance, own);
        Ok(())
    }
}

/// A deletion at an instance's tokens.
pub(crate) struct Deleting {
    tokens: Tokens,
    instance: usize,
}

impl Drop for Deleting {
    fn drop(&mut self) {
        self.tokens.doubt(self.instance);
        if let Some(count) = self.tokens.state().deleting.get_mut(&self.instance) {
            *count = count.saturating_sub(1);
        }
    }
}
