//! whatsapp-rust's table `device`.

use zeroize::Zeroizing;

use crate::choice::Rows;
use crate::database::{Columns, Database};
use crate::device::{Device, NoiseKey};
use crate::error::ImportError;
use crate::table::Table;

/// Both halves, the private one first.
const PAIR: usize = 64;

/// The devices of a database.
pub(crate) fn devices(database: &Database) -> Result<Rows, ImportError> {
    let columns =
        Columns { table: Table::WhatsappRust.name(), jid: "pn", key: "noise_key", lid: "lid" };
    let rows = database.rows(&columns)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            Device::new("pn", &row.jid?, row.lid.as_deref(), row.key.and_then(|key| pair(&key)))
        })
        .collect())
}

fn pair(key: &[u8]) -> Result<NoiseKey, ImportError> {
    match key.split_at_checked(PAIR / 2) {
        Some((private, public)) if key.len() == PAIR => Ok(NoiseKey {
            private: Zeroizing::new(private.to_vec()),
            public: Some(public.to_vec()),
        }),
        _ => Err(ImportError::KeyLength { expected: PAIR, found: key.len() }),
    }
}
