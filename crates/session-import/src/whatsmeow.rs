//! whatsmeow's table `whatsmeow_device`.

use crate::choice::Rows;
use crate::database::{Columns, Database};
use crate::device::{Device, NoiseKey};
use crate::error::ImportError;

/// Its name has the library's in it, so no other program is likely to have one.
pub(crate) const TABLE: &str = "whatsmeow_device";

/// The devices of a database.
pub(crate) fn devices(database: &Database) -> Result<Rows, ImportError> {
    let columns = Columns { table: TABLE, jid: "jid", key: "noise_key", lid: "lid" };
    let rows = database.rows(&columns)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let key = row.key.map(|private| NoiseKey { private, public: None });
            Device::new("jid", &row.jid?, row.lid.as_deref(), key)
        })
        .collect())
}
