//! Tokens: issued once, stored as a hash, listed and revoked by an id that is no
//! secret.

use domain::clock::UnixMillis;
use domain::tenant::{AccountId, InstanceId};
use domain::token::Scope;
use domain::token::Token;
use store::random;
use store::rows::token::{self, NewToken, StoredToken};
use store::rows::{account, session};
use store::table::{Corrupt, MOST_ACTIONS};
use zeroize::Zeroizing;

use crate::{Operator, OperatorError, PATIENCE, patience};

pub use store::rows::token::TokenSummary;

/// The letters of an id: lower case, and no digit that looks like one.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What a new token is to be.
#[derive(Debug, Clone)]
pub struct TokenRequest<'a> {
    /// Whose it is.
    pub account: &'a AccountId,
    /// What it acts for.
    pub scope: &'a Scope,
    /// Requests in a minute, at least 1.
    pub per_minute: u64,
    /// What people recognise it by.
    pub note: Option<&'a str>,
    /// When it ends by itself.
    pub valid_until: Option<UnixMillis>,
}

/// A token that was issued. This is the only time that its secret is there.
pub struct Issued {
    /// Its id, which is no secret.
    pub id: String,
    /// The secret: `lg_` and 256 random bits in hex.
    pub secret: Zeroizing<String>,
    /// When it was issued.
    pub at: UnixMillis,
}

/// The token that is to be revoked.
pub enum Revoked {
    /// By its id, or a beginning that only one id has.
    Id(String),
    /// By its secret, which is looked up by its hash and repeated nowhere.
    Secret(Token),
}

impl Operator {
    /// Issues a token.
    ///
    /// # Errors
    /// [`OperatorError::NoAccount`], [`OperatorError::NoInstance`], or the table's.
    pub async fn issue_token(&self, request: &TokenRequest<'_>) -> Result<Issued, OperatorError> {
        let id = new_id()?;
        let secret =
            Zeroizing::new(format!("lg_{}", hex::encode(*Zeroizing::new(random::<32>()?))));
        // Hex and a prefix: it is always a token that can exist.
        let hash = Token::new(&secret).map_err(|_| Corrupt("token"))?.hash();
        let at = self.now().await?;
        let new = NewToken {
            hash,
            account: request.account,
            scope: request.scope,
            limit: request.per_minute,
            id: &id,
            note: request.note,
            issued: at,
            valid_until: request.valid_until,
        };
        let mut actions = vec![token::put_new(&new), account::is_open(request.account)];
        let instance = match request.scope {
            Scope::Account => None,
            Scope::Instance(name) => {
                Some(InstanceId { account: request.account.clone(), name: name.clone() })
            }
        };
        if let Some(instance) = &instance {
            // So a deletion that has begun finds every token that there will be.
            actions.push(session::is_open(instance));
        }
        let refused = match self.table.write(actions, PATIENCE).await {
            Ok(Ok(())) => return Ok(Issued { id, secret, at }),
            Ok(Err(refused)) => refused,
            // Its secret is shown this once, so a token that is there has to be known.
            Err(error) if error.leaves_open() => {
                return match self.table.has_token(hash, patience()).await {
                    Ok(true) => Ok(Issued { id, secret, at }),
                    _ => Err(OperatorError::MayBeIssued { account: request.account.clone(), id }),
                };
            }
            Err(error) => return Err(error.into()),
        };
        Err(match (refused.action, refused.found, instance) {
            (2, None, Some(instance)) => OperatorError::NoInstance(instance),
            (2, Some(_), Some(instance)) => OperatorError::Deleting(instance),
            (_, Some(_), _) => OperatorError::AccountClosing(request.account.clone()),
            (_, None, _) => OperatorError::NoAccount(request.account.clone()),
        })
    }

    /// The tokens of an account, those that have ended included; by when they were
    /// issued.
    ///
    /// # Errors
    /// The table's.
    pub async fn tokens(&self, account: &AccountId) -> Result<Vec<TokenSummary>, OperatorError> {
        let tokens = self.table.listed_tokens(account).await?;
        let mut tokens: Vec<_> =
            tokens.iter().map(StoredToken::summary).collect::<Result<_, _>>()?;
        tokens.sort_by_key(|token| (token.issued.map(|at| at.0), token.id.clone()));
        Ok(tokens)
    }

    /// Finds the token that is to be revoked, as it is listed.
    ///
    /// # Errors
    /// [`OperatorError::NoToken`], [`OperatorError::AmbiguousToken`], or the table's.
    pub async fn token(
        &self,
        account: &AccountId,
        wanted: &Revoked,
    ) -> Result<TokenSummary, OperatorError> {
        Ok(self.stored_token(account, wanted).await?.summary()?)
    }

    /// Revokes a token: its item is deleted, so the next request with it is 401.
    ///
    /// # Errors
    /// As those of [`Self::token`].
    pub async fn revoke_token(
        &self,
        account: &AccountId,
        wanted: &Revoked,
    ) -> Result<TokenSummary, OperatorError> {
        let token = self.stored_token(account, wanted).await?;
        self.delete_all(std::slice::from_ref(&token)).await?;
        Ok(token.summary()?)
    }

    async fn stored_token(
        &self,
        account: &AccountId,
        wanted: &Revoked,
    ) -> Result<StoredToken, OperatorError> {
        let none = |wanted: Option<&str>| OperatorError::NoToken {
            account: account.clone(),
            wanted: wanted.map(str::to_owned),
        };
        let wanted = match wanted {
            Revoked::Id(wanted) => wanted,
            Revoked::Secret(secret) => {
                let there = self.table.token(secret.hash(), account, patience()).await?;
                return there.ok_or_else(|| none(None));
            }
        };
        let mut found = self.table.listed_tokens(account).await?;
        found.retain(|token| !wanted.is_empty() && token.id().starts_with(wanted.as_str()));
        if let Some(exact) = found.iter().position(|token| token.id() == wanted) {
            return Ok(found.swap_remove(exact));
        }
        match found.len() {
            0 => Err(none(Some(wanted))),
            1 => found.pop().ok_or_else(|| none(Some(wanted))),
            _ => Err(OperatorError::AmbiguousToken {
                wanted: wanted.clone(),
                ids: found.iter().map(|token| token.id().to_owned()).collect(),
            }),
        }
    }

    /// Deletes tokens, a transaction's worth at a time.
    pub(crate) async fn delete_all(&self, tokens: &[StoredToken]) -> Result<(), OperatorError> {
        for chunk in tokens.chunks(MOST_ACTIONS) {
            let actions = chunk.iter().map(StoredToken::delete).collect::<Result<_, _>>()?;
            // Without a condition nothing can be refused.
            let _ = self.table.write(actions, PATIENCE).await?;
        }
        Ok(())
    }
}

/// `tok_` and 50 random bits.
fn new_id() -> Result<String, OperatorError> {
    let letters = random::<10>()?.map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    Ok(letters.iter().fold("tok_".to_owned(), |mut id, letter| {
        id.push(*letter);
        id
    }))
}
