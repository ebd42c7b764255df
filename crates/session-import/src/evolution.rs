//! Evolution API's table `Session`: Baileys' JSON as a string in a string.

use crate::baileys;
use crate::device::Device;
use crate::error::ImportError;
use crate::record::Record;

/// The device of a row.
pub(crate) fn row(record: &Record<'_>) -> Result<Device, ImportError> {
    // The row is made before the first login and has no credentials until then.
    let creds = record.cell("creds").filter(|creds| !creds.is_empty());
    creds.ok_or(ImportError::NotLinked).and_then(baileys::in_cell)
}

/// The text of its column `creds` alone.
pub(crate) fn column(json: &str) -> Result<Device, ImportError> {
    baileys::in_strings(json)
}
