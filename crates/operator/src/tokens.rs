//! Tokens: issued once, stored as a hash, listed and revoked by an id that is no
//! secret.

use domain::clock::UnixMillis;
use domain::tenant::{AccountId, InstanceId, InstanceName};
use domain::token::Token;
use store::gate::{NewToken, Scope};
use store::session::DELETING;
use store::table::{Attributes, Corrupt, Item, keys, text};
use zeroize::Zeroizing;

use crate::writes::{self, Condition, random};
use crate::{Operator, OperatorError, patience};

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
}

/// A token as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSummary {
    /// Its id, which is no secret.
    pub id: String,
    /// What it acts for.
    pub scope: Scope,
    /// Requests in a minute.
    pub per_minute: u64,
    /// What people recognise it by.
    pub note: Option<String>,
    /// When it was issued.
    pub issued: Option<UnixMillis>,
    /// When it ends by itself.
    pub valid_until: Option<UnixMillis>,
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
        let token = Token::new(&secret).map_err(|_| Corrupt("token"))?;
        let item = NewToken {
            hash: token.hash(),
            account: request.account,
            scope: request.scope,
            limit: request.per_minute,
            id: &id,
            note: request.note,
            issued: self.now().await?,
            valid_until: request.valid_until,
        }
        .item();
        let mut actions = vec![
            self.put(item, Some(&Condition::is_new()))?,
            self.check(keys::account(request.account), &Condition::is_open_account())?,
        ];
        let instance = match request.scope {
            Scope::Account => None,
            Scope::Instance(name) => {
                Some(InstanceId { account: request.account.clone(), name: name.clone() })
            }
        };
        if let Some(instance) = &instance {
            // So a deletion that has begun finds every token that there will be.
            let stays = Condition::new("attribute_exists(pk) AND session_state <> :deleting")
                .value(":deleting", text(DELETING));
            actions.push(self.check(keys::session(instance), &stays)?);
        }
        let refused = match self.write(actions).await {
            Ok(Ok(())) => return Ok(Issued { id, secret }),
            Ok(Err(refused)) => refused,
            // Its secret is shown this once, so a token that is there has to be known.
            Err(error) if error.leaves_open() => {
                return match self.table.get(&keys::token(token.hash()), patience()).await {
                    Ok(Some(_)) => Ok(Issued { id, secret }),
                    _ => Err(OperatorError::MayBeIssued { account: request.account.clone(), id }),
                };
            }
            Err(error) => return Err(error),
        };
        Err(match (refused.action, refused.item, instance) {
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
        let items = self.of_account(account, keys::TOKEN_PREFIX).await?;
        let mut tokens: Vec<_> = items.iter().map(summary).collect::<Result<_, _>>()?;
        tokens.sort_by_key(|token| (token.issued.map(|at| at.0), token.id.clone()));
        Ok(tokens)
    }

    /// Revokes the token whose id is `wanted`, or the only one whose id begins so:
    /// its item is deleted, so the next request with it is 401.
    ///
    /// # Errors
    /// [`OperatorError::NoToken`], [`OperatorError::AmbiguousToken`], or the table's.
    pub async fn revoke_token(
        &self,
        account: &AccountId,
        wanted: &str,
    ) -> Result<TokenSummary, OperatorError> {
        let items = self.of_account(account, keys::TOKEN_PREFIX).await?;
        let id =
            |item: &Attributes| Item(item).optional_text("token_id").unwrap_or_default().to_owned();
        let mut found: Vec<_> = items
            .iter()
            .filter(|item| !wanted.is_empty() && id(item).starts_with(wanted))
            .collect();
        if let Some(exact) = found.iter().position(|item| id(item) == wanted) {
            found = vec![found.swap_remove(exact)];
        }
        match found.as_slice() {
            [] => {
                Err(OperatorError::NoToken { account: account.clone(), wanted: wanted.to_owned() })
            }
            [token] => {
                self.delete_all(vec![writes::key(token)?]).await?;
                summary(token)
            }
            several => {
                let ids = several.iter().map(|item| id(item)).collect();
                Err(OperatorError::AmbiguousToken { wanted: wanted.to_owned(), ids })
            }
        }
    }
}

fn summary(item: &Attributes) -> Result<TokenSummary, OperatorError> {
    let item = Item(item);
    let scope = match item.text("kind")? {
        "account" => Scope::Account,
        "instance" => {
            let name = InstanceName::of_stored(item.text("instance")?);
            Scope::Instance(name.map_err(|_| Corrupt("instance"))?)
        }
        _ => return Err(Corrupt("kind").into()),
    };
    Ok(TokenSummary {
        id: item.text("token_id")?.to_owned(),
        scope,
        per_minute: item.number("max_rpm")?,
        note: item.optional_text("note").map(str::to_owned),
        issued: item.optional_number("created_at").map(UnixMillis),
        valid_until: item.optional_number("valid_until").map(UnixMillis),
    })
}

/// `tok_` and 50 random bits.
fn new_id() -> Result<String, OperatorError> {
    let letters = random::<10>()?.map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    Ok(letters.iter().fold("tok_".to_owned(), |mut id, letter| {
        id.push(*letter);
        id
    }))
}
