//! Evolution API's table `Session`: Baileys' JSON as a string in a string.

use serde_json::value::RawValue;

use crate::baileys;
use crate::device::Device;
use crate::error::ImportError;
use crate::json;
use crate::record::{Cell, Record};

/// The column is one string; an export of the row as JSON makes it two. One more is
/// what a tool on the way may add.
const LAYERS: usize = 3;

/// The device of a row.
pub(crate) fn row(record: &Record<'_>) -> Result<Device, ImportError> {
    // The row is made before the first login and has no credentials until then.
    let creds = record.cell("creds").filter(|creds| !creds.is_empty());
    value(creds.ok_or(ImportError::NotLinked)?)
}

/// Baileys' credentials as a value: JSON, or text with JSON in it.
pub(crate) fn value(cell: &Cell<'_>) -> Result<Device, ImportError> {
    match cell {
        Cell::Json(raw) => column(raw.get()),
        Cell::Text(text) => inner(text, LAYERS),
    }
}

/// The column's text, or a JSON string around it.
pub(crate) fn column(json: &str) -> Result<Device, ImportError> {
    layer(json, LAYERS)
}

fn layer(json: &str, layers: usize) -> Result<Device, ImportError> {
    match json::unescape(json) {
        None => baileys::device(json),
        Some(_) if layers == 0 => Err(ImportError::Malformed("creds")),
        Some(text) => inner(&text, layers - 1),
    }
}

fn inner(text: &str, layers: usize) -> Result<Device, ImportError> {
    // A position within it would tell the reader nothing.
    let inner: &RawValue = json::parse(text).map_err(|_| ImportError::NotJson("creds"))?;
    layer(inner.get(), layers)
}
