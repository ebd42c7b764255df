//! Baileys' `creds.json`, wherever it is kept, in however many strings.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::buffer::Buffer;
use crate::device::{Device, NoiseKey};
use crate::error::ImportError;
use crate::json;
use crate::record::{Cell, Record};

/// Evolution API's column is one string; an export of its row as JSON makes it two. One
/// more is what a tool on the way may add.
const LAYERS: usize = 3;

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, rename = "noiseKey")]
    noise_key: Option<&'a RawValue>,
    #[serde(borrow)]
    me: Option<&'a RawValue>,
    /// Stores that keep everything in one file have the rest beside it.
    #[serde(borrow)]
    creds: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(borrow)]
    private: Option<&'a RawValue>,
    #[serde(borrow)]
    public: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Me {
    id: Option<String>,
    lid: Option<String>,
}

/// The device of a row that holds `creds` under its key.
pub(crate) fn key_row(record: &Record<'_>) -> Result<Device, ImportError> {
    let value = record.value().filter(|value| !value.is_empty());
    value.ok_or(ImportError::NotLinked).and_then(in_cell)
}

/// The credentials as a value: JSON, or text with JSON in it.
pub(crate) fn in_cell(cell: &Cell<'_>) -> Result<Device, ImportError> {
    match cell {
        Cell::Json(raw) => in_strings(raw.get()),
        Cell::Text(text) => inner(text, LAYERS),
    }
}

/// The credentials as JSON, or as a JSON string around it.
pub(crate) fn in_strings(json: &str) -> Result<Device, ImportError> {
    layer(json, LAYERS)
}

fn layer(json: &str, layers: usize) -> Result<Device, ImportError> {
    match json::unescape(json) {
        None => device(json),
        Some(_) if layers == 0 => Err(ImportError::Malformed("creds")),
        Some(text) => inner(&text, layers - 1),
    }
}

fn inner(text: &str, layers: usize) -> Result<Device, ImportError> {
    // A position within it would tell the reader nothing.
    let inner: &RawValue = json::parse(text).map_err(|_| ImportError::NotJson("creds"))?;
    layer(inner.get(), layers)
}

/// The one device of a `creds.json`.
pub(crate) fn device(text: &str) -> Result<Device, ImportError> {
    let mut file: File<'_> = json::parse(text)?;
    if let (None, Some(creds)) = (file.noise_key, file.creds) {
        file = json::field(creds, "creds")?;
    }
    let noise_key = file.noise_key.ok_or(ImportError::Missing("noiseKey"))?;
    // Baileys sets `me` when a phone has linked it. `registered` says nothing: it stays
    // false after linking by QR code.
    let me = file.me.ok_or(ImportError::NotLinked)?;
    let me: Me = json::field(me, "me")?;
    let id = me.id.ok_or(ImportError::Missing("me.id"))?;
    Device::new("me.id", &id, me.lid.as_deref(), pair(noise_key))
}

fn pair(noise_key: &RawValue) -> Result<NoiseKey, ImportError> {
    let Pair { private, public } = json::field(noise_key, "noiseKey")?;
    let private = private.ok_or(ImportError::Missing("noiseKey.private"))?;
    let Buffer(private) = json::field(private, "noiseKey.private")?;
    let public = public.map(|public| json::field(public, "noiseKey.public")).transpose()?;
    Ok(NoiseKey { private, public: public.map(|Buffer(bytes)| bytes.to_vec()) })
}
