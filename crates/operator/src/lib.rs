//! What an operator does to the table: accounts, tokens, instances, rosters, keys.
//!
//! It writes items as the function reads them, with the function's own code, and
//! knows no terminal: `leavectl` shows what is returned here.
//!
//! | module | what it is |
//! |---|---|
//! | [`schema`] | the table as `template.yaml` makes it; creating and comparing one |
//! | [`accounts`] | whom instances and tokens belong to |
//! | [`tokens`] | issuing, listing, revoking |
//! | [`instances`] | creating, listing, showing, deleting |
//! | [`link`] | storing the session of a linked device |
//! | [`device`] | a device that is to be stored |
//! | [`first_login`] | the first login of a device that is stored already |
//! | [`rename`] | another name for an instance |
//! | [`roster`] | the groups that an instance is in, as WhatsApp lists them |
//! | [`history`] | what was left, and what is unresolved |
//! | [`rehearsal`] | what a leave would do |
//! | [`data_keys`] | the data key to seal with, and a new one in its place |
//! | [`probe`] | whether WhatsApp is there and takes our client version |
//! | [`proxies`] | the proxy before an instance's connections |
//! | [`verify`] | whether WhatsApp knows a device, before it is stored |
//! | [`version`] | the client version that is shown to WhatsApp |
//! | [`shell`] | the names in commands that are pasted |
//! | [`visit`] | one short connection under the lease, for the above |
//!
//! Everything is a method of [`Operator`]. Other people's runs are respected: what
//! replaces a session's device or ends the session takes its lease, and what only
//! seals it anew does so on condition of the sealed value that was read.
//!
//! Much is public for a crate of this size: what `leavectl` shows and sorts is returned in
//! types of its own, a few fields each.
//!
//! A lost reply is not a no: a write is repeated with its token until its outcome is
//! known, and where that stays open nothing that rests on it is done.

pub mod accounts;
pub mod data_keys;
pub mod device;
mod error;
pub mod first_login;
pub mod history;
pub mod instances;
pub mod link;
pub mod probe;
pub mod proxies;
pub mod rehearsal;
pub mod rename;
pub mod roster;
pub mod schema;
pub mod shell;
pub mod tokens;
pub mod verify;
pub mod version;
pub mod visit;

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Budget, Clock, UnixMillis};
use operation::config::Config;
use operation::engine::{Engine, Ports, StartError};
use store::table::Table;

pub use error::OperatorError;

/// Longest time of one step that needs the table only.
const PATIENCE: Duration = Duration::from_secs(15);

/// Operates one table, with the function's own engine.
pub struct Operator {
    engine: Engine,
    table: Table,
}

impl Operator {
    /// For the table, the keys and the WhatsApp of a configuration. Connects to
    /// nothing.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        Self::through(config, clock, Ports::of_machine()?)
    }

    /// The same through other ports.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn through(
        config: &Config,
        clock: Arc<dyn Clock>,
        ports: Ports,
    ) -> Result<Self, StartError> {
        let engine = Engine::through(config, clock, ports)?;
        Ok(Self { table: engine.table.clone(), engine })
    }

    /// What every run stands on.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Now, by a clock that was compared with DynamoDB's: nothing is taken, compared
    /// or written by another.
    ///
    /// # Errors
    /// The table's.
    pub async fn now(&self) -> Result<UnixMillis, OperatorError> {
        Ok(self.engine.sessions.now(patience()).await?)
    }
}

fn patience() -> Budget {
    Budget::of(PATIENCE)
}
