//! Evolution API's table `Session`: Baileys' JSON as a string in a string.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::baileys;
use crate::choice::Rows;
use crate::device::Device;
use crate::error::ImportError;
use crate::json;

/// The column is one string; an export of the row as JSON makes it two. One more is
/// what a tool on the way may add.
const LAYERS: usize = 3;

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    creds: Option<&'a RawValue>,
}

/// The devices of the column's text, of one row as JSON, or of several.
pub(crate) fn devices(text: &str) -> Result<Rows, ImportError> {
    let text = text.trim_start();
    if text.starts_with('[') {
        let rows: Vec<Row<'_>> = json::parse(text)?;
        return Ok(rows.iter().map(row).collect());
    }
    if text.starts_with('{') {
        let found: Row<'_> = json::parse(text)?;
        if found.creds.is_some() {
            return Ok(vec![row(&found)]);
        }
    }
    let whole: &RawValue = json::parse(text)?;
    Ok(vec![column(whole.get(), LAYERS)])
}

fn row(row: &Row<'_>) -> Result<Device, ImportError> {
    // The row is made before the first login and has no credentials until then.
    column(row.creds.ok_or(ImportError::NotLinked)?.get(), LAYERS)
}

fn column(json: &str, layers: usize) -> Result<Device, ImportError> {
    match json::unescape(json) {
        None => baileys::device(json),
        Some(_) if layers == 0 => Err(ImportError::Malformed("creds")),
        Some(text) => {
            // A position within it would tell the reader nothing.
            let inner: &RawValue =
                json::parse(&text).map_err(|_| ImportError::Malformed("creds"))?;
            column(inner.get(), layers - 1)
        }
    }
}
