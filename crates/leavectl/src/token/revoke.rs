//! `leavectl token revoke`.

use clap::Args;
use domain::tenant::AccountId;

use crate::failure::Failure;
use crate::{output, place};

/// Revoke a token: the next request with it is refused
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl token revoke acme tok_k3b5qvx2ma\n  leavectl token revoke acme tok_k3b"
)]
pub(crate) struct Revoke {
    /// The account
    account: AccountId,
    /// The token's id, or a beginning that only one id has
    #[arg(value_name = "ID")]
    id: String,
}

impl Revoke {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let revoked = place::operator().await?.revoke_token(&self.account, &self.id).await?;
        output::line(&format!("Token {} is revoked.", revoked.id))
    }
}
