//! whatsmeow's table `whatsmeow_device`: in `SQLite`, or as a row out of Postgres.

use zeroize::Zeroizing;

use crate::buffer;
use crate::choice::Rows;
use crate::database::{Columns, Database};
use crate::device::{Device, NoiseKey};
use crate::error::ImportError;
use crate::record::{Cell, Record};
use crate::table::Table;

/// The devices of a database.
pub(crate) fn devices(database: &Database) -> Result<Rows, ImportError> {
    let columns =
        Columns { table: Table::Whatsmeow.name(), jid: "jid", key: "noise_key", lid: "lid" };
    let rows = database.rows(&columns)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let key = row.key.map(|private| NoiseKey { private, public: None });
            Device::new("jid", &row.jid?, row.lid.as_deref(), key)
        })
        .collect())
}

/// The device of a row that was exported as JSON or CSV.
pub(crate) fn row(record: &Record<'_>) -> Result<Device, ImportError> {
    let jid = match record.cell("jid") {
        Some(cell) if cell.is_empty() => Zeroizing::new(String::new()),
        Some(cell) => cell.text().ok_or(ImportError::Malformed("jid"))?,
        None => return Err(ImportError::Missing("jid")),
    };
    let key = record.cell("noise_key").ok_or(ImportError::Missing("noise_key")).and_then(key);
    let key = key.map(|private| NoiseKey { private, public: None });
    Device::new("jid", &jid, record.text("lid").as_ref().map(|lid| lid.as_str()), key)
}

/// Postgres writes bytes in hex (`bytea_output`), other tools as they like.
fn key(cell: &Cell<'_>) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    const FORM: ImportError = ImportError::KeyText("noise_key");
    let Some(text) = cell.text() else {
        let Cell::Json(raw) = cell else { return Err(FORM) };
        return buffer::of_json(raw.get()).ok_or(FORM);
    };
    // `COPY` doubles the backslash.
    let prefixes = [r"\\x", r"\x", "0x"];
    let digits = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
    let is_hex =
        |text: &&str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digits.or_else(|| Some(text.as_str()).filter(is_hex)) {
        Some(digits) => {
            let mut key = Zeroizing::new(vec![0; digits.len() / 2]);
            hex::decode_to_slice(digits, &mut key).map_err(|_| FORM)?;
            Ok(key)
        }
        None => buffer::of_text(&text).ok_or(FORM),
    }
}
