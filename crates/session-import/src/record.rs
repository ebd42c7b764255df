//! One row of a table or one document, with what of it can matter.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::json;
use crate::source::Source;

/// Under which a row says which of Baileys' keys it holds, and where the value is.
const KEYS: [&str; 6] = ["id", "_id", "key", "name", "filename", "file"];
const VALUES: [&str; 4] = ["value", "data", "content", "json"];
/// All other names that are looked at.
const OTHERS: [&str; 10] =
    ["noiseKey", "creds", "keys", "noise_key", "jid", "pn", "lid", "private", "public", "keyPair"];
/// With what the names of Baileys' Signal keys begin. Source: `SignalDataTypeMap` of
/// Baileys, `src/Types/Auth.ts`.
const SIGNAL: [&str; 9] = [
    "pre-key",
    "session",
    "sender-key",
    "app-state-sync",
    "lid-mapping",
    "device-list",
    "device-index",
    "tctoken",
    "identity-key",
];

/// A value as the export has it.
pub(crate) enum Cell<'a> {
    /// Of JSON.
    Json(&'a RawValue),
    /// Of CSV, unquoted.
    Text(Zeroizing<String>),
}

/// The values whose names are known; other names and values are not kept.
pub(crate) struct Record<'a> {
    cells: Vec<(&'static str, Cell<'a>)>,
    /// The whole of it, where it is JSON.
    pub(crate) json: Option<&'a RawValue>,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One that can be imported.
    Session(Form),
    /// A row of whatsapp-rust's `device`.
    WhatsappRust,
    /// Another of Baileys' keys.
    SignalKey,
    /// Nothing that is known.
    Other,
}

/// In what form a session is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Baileys' credentials themselves.
    Creds,
    /// Baileys' store in one file: the credentials beside the Signal keys.
    OneFile,
    /// A row of a store that keeps each of Baileys' keys in a row: that of `creds`.
    KeyRow,
    /// A row of Evolution API's table `Session`.
    Evolution,
    /// A row of `whatsmeow_device`.
    Whatsmeow,
}

impl Form {
    /// Whose it is.
    pub(crate) fn source(self) -> Source {
        match self {
            Self::Creds | Self::OneFile | Self::KeyRow => Source::Baileys,
            Self::Evolution => Source::Evolution,
            Self::Whatsmeow => Source::Whatsmeow,
        }
    }
}

impl<'a> Record<'a> {
    /// A line of CSV.
    pub(crate) fn of_text<'n>(cells: impl Iterator<Item = (&'n str, Zeroizing<String>)>) -> Self {
        let known = cells.filter_map(|(name, text)| Some((known(name)?, Cell::Text(text))));
        Self { cells: known.collect(), json: None }
    }

    /// An object.
    pub(crate) fn of_json(json: &'a RawValue) -> Option<Self> {
        let Cells(cells) = serde_json::from_str(json.get()).ok()?;
        Some(Self { cells, json: Some(json) })
    }

    /// Whether columns of these names can make a record.
    pub(crate) fn is_known<'n>(names: impl Iterator<Item = &'n str>) -> bool {
        let names: Vec<_> = names.collect();
        let has = |name: &&str| names.contains(name);
        has(&"creds")
            || (has(&"noise_key") && (has(&"jid") || has(&"pn")))
            || (KEYS.iter().any(has) && VALUES.iter().any(has))
    }

    /// The first value of this name.
    pub(crate) fn cell(&self, name: &str) -> Option<&Cell<'a>> {
        self.cells.iter().find(|(known, _)| *known == name).map(|(_, cell)| cell)
    }

    /// The first value of this name, if it is text.
    pub(crate) fn text(&self, name: &str) -> Option<Zeroizing<String>> {
        self.cell(name).and_then(Cell::text)
    }

    /// The value of a [`Form::KeyRow`].
    pub(crate) fn value(&self) -> Option<&Cell<'a>> {
        VALUES.iter().find_map(|name| self.cell(name))
    }

    pub(crate) fn kind(&self) -> Kind {
        let has = |name| self.cell(name).is_some();
        let is_object = |name| {
            let starts =
                |cell: &Cell<'_>| matches!(cell, Cell::Json(raw) if raw.get().starts_with('{'));
            self.cell(name).is_some_and(starts)
        };
        if has("noiseKey") {
            return Kind::Session(Form::Creds);
        }
        let has_value = self.value().is_some();
        let is_key = |fits: &dyn Fn(&str) -> bool| {
            has_value && KEYS.iter().any(|name| self.text(name).is_some_and(|key| fits(&key)))
        };
        if is_key(&is_creds) {
            return Kind::Session(Form::KeyRow);
        }
        if has("creds") {
            let is_file = has("keys") && is_object("creds");
            return Kind::Session(if is_file { Form::OneFile } else { Form::Evolution });
        }
        match (has("noise_key"), has("jid"), has("pn")) {
            (true, true, _) => Kind::Session(Form::Whatsmeow),
            (true, false, true) => Kind::WhatsappRust,
            _ if has("keyPair") || (has("private") && has("public")) => Kind::SignalKey,
            // A session's name may stand before it.
            _ if is_key(&|key| SIGNAL.iter().any(|beginning| key.contains(beginning))) => {
                Kind::SignalKey
            }
            _ => Kind::Other,
        }
    }
}

/// `creds`, `creds.json`, or that behind a session's name.
fn is_creds(key: &str) -> bool {
    let key = key.strip_suffix(".json").unwrap_or(key);
    key.strip_suffix("creds")
        .is_some_and(|before| before.is_empty() || before.ends_with([':', '-', '_', '/', '.']))
}

impl Cell<'_> {
    /// Its text; `None` for another value of JSON.
    pub(crate) fn text(&self) -> Option<Zeroizing<String>> {
        match self {
            Self::Json(raw) => json::unescape(raw.get()),
            Self::Text(text) => Some(text.clone()),
        }
    }

    /// Whether nothing is stored there.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Json(raw) => matches!(raw.get(), "null" | "\"\""),
            Self::Text(text) => text.is_empty(),
        }
    }
}

fn known(name: &str) -> Option<&'static str> {
    KEYS.into_iter().chain(VALUES).chain(OTHERS).find(|known| *known == name)
}

struct Cells<'a>(Vec<(&'static str, Cell<'a>)>);

impl<'de> Deserialize<'de> for Cells<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Cells<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Cells<'de>, A::Error> {
        let mut cells: Vec<(&'static str, Cell<'de>)> = Vec::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value: &RawValue = fields.next_value()?;
            let new = known(&name).filter(|name| cells.iter().all(|(other, _)| other != name));
            if let Some(name) = new {
                cells.push((name, Cell::Json(value)));
            }
        }
        Ok(Cells(cells))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_is() {
        for (json, kind) in [
            (r#"{"noiseKey":{},"me":{}}"#, Kind::Session(Form::Creds)),
            (r#"{"_id":"creds","noiseKey":{}}"#, Kind::Session(Form::Creds)),
            (r#"{"creds":{},"keys":{}}"#, Kind::Session(Form::OneFile)),
            (r#"{"creds":"{}","keys":{}}"#, Kind::Session(Form::Evolution)),
            (r#"{"id":"one","sessionId":"one","creds":null}"#, Kind::Session(Form::Evolution)),
            (r#"{"id":"creds","data":"{}"}"#, Kind::Session(Form::KeyRow)),
            (r#"{"_id":{"$oid":"0"},"key":"shop:creds","value":{}}"#, Kind::Session(Form::KeyRow)),
            (r#"{"filename":"shop/creds.json","content":"{}"}"#, Kind::Session(Form::KeyRow)),
            (r#"{"id":"increds","data":"{}"}"#, Kind::Other),
            (r#"{"id":"creds"}"#, Kind::Other),
            (r#"{"id":"shop-pre-key-1","data":"{}"}"#, Kind::SignalKey),
            (r#"{"private":{},"public":{}}"#, Kind::SignalKey),
            (r#"{"jid":null,"noise_key":"\\x00"}"#, Kind::Session(Form::Whatsmeow)),
            (r#"{"pn":"","lid":"","noise_key":[]}"#, Kind::WhatsappRust),
            (r#"{"noise_key":"\\x00"}"#, Kind::Other),
            ("{}", Kind::Other),
        ] {
            let raw: &RawValue = serde_json::from_str(json).unwrap();
            assert_eq!(Record::of_json(raw).unwrap().kind(), kind, "{json}");
        }
    }
}
