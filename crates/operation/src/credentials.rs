//! A session's credentials, opened under its lease.

use domain::clock::Budget;
use domain::credentials::Credentials;
use domain::problem::Problem;
use store::seal::SealError;
use store::session::Leased;

use crate::engine::Engine;

/// Why there are no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// They do not open, or their key cannot be had.
    #[error("the credentials cannot be opened: {0}")]
    Seal(#[from] SealError),
    /// What was opened is something else.
    #[error("the credentials cannot be read")]
    Unreadable,
}

impl From<&Unopened> for Problem {
    fn from(error: &Unopened) -> Self {
        match error {
            Unopened::Seal(SealError::Store(error)) => Self::from(error),
            Unopened::Seal(SealError::KeyService(_)) => Self::Unavailable,
            Unopened::Seal(
                SealError::UnknownKey | SealError::DoesNotOpen | SealError::NotSealed,
            )
            | Unopened::Unreadable => Self::Internal,
        }
    }
}

/// The session's credentials.
pub(crate) async fn open(
    engine: &Engine,
    leased: &Leased,
    budget: Budget,
) -> Result<Credentials, Unopened> {
    let opened = read(engine, leased, budget).await;
    opened.inspect_err(
        |error| tracing::error!(instance = %leased.instance(), %error, "no credentials"),
    )
}

async fn read(engine: &Engine, leased: &Leased, budget: Budget) -> Result<Credentials, Unopened> {
    let opened = engine.keyring.open(leased.sealed(), leased.instance(), budget).await?;
    let mut credentials = Credentials::from_bytes(&opened).map_err(|_| Unopened::Unreadable)?;
    // Imported without one, and told by WhatsApp at an earlier login.
    credentials.lid = credentials.lid.or_else(|| leased.device_lid().map(str::to_owned));
    Ok(credentials)
}
