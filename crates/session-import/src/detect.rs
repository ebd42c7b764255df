//! Telling the sources apart.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::database::Database;
use crate::error::{ImportError, Seen};
use crate::json;
use crate::source::Source;
use crate::{whatsapp_rust, whatsmeow};

/// What of an object tells whose it is.
#[derive(Deserialize)]
struct Marks<'a> {
    #[serde(rename = "noiseKey")]
    noise_key: Option<IgnoredAny>,
    #[serde(borrow)]
    creds: Option<&'a RawValue>,
    keys: Option<IgnoredAny>,
}

/// The programs whose tables are in the database.
pub(crate) fn of_database(database: &Database) -> Result<Vec<Source>, ImportError> {
    let mut sources = Vec::new();
    if database.has(whatsmeow::TABLE, &[])? {
        sources.push(Source::Whatsmeow);
    }
    if database.has(whatsapp_rust::TABLE, &whatsapp_rust::COLUMNS)? {
        sources.push(Source::WhatsappRust);
    }
    Ok(sources)
}

/// Whose shape the text has.
pub(crate) fn of_text(text: &str) -> Result<Seen, ImportError> {
    let text = text.trim();
    match text.chars().next() {
        Some('{') => json::parse(text).map(|marks| object(&marks)),
        Some('[') => {
            let rows: Vec<&RawValue> = json::parse(text)?;
            let a_row = |row: &&RawValue| {
                serde_json::from_str(row.get())
                    .is_ok_and(|marks| object(&marks) == Seen::From(Source::Evolution))
            };
            Ok(known(rows.iter().any(a_row), Source::Evolution))
        }
        Some('"') => {
            let whole: &RawValue = json::parse(text)?;
            let holds_json = json::unescape(whole.get())
                .is_some_and(|inner| inner.trim_start().starts_with(['{', '"']));
            Ok(known(holds_json, Source::Evolution))
        }
        _ => Ok(Seen::OtherText),
    }
}

fn object(marks: &Marks<'_>) -> Seen {
    match marks {
        Marks { noise_key: Some(_), .. } => Seen::From(Source::Baileys),
        // Baileys' store in one file has the Signal keys beside the credentials.
        Marks { creds: Some(creds), keys: Some(_), .. } if creds.get().starts_with('{') => {
            Seen::From(Source::Baileys)
        }
        Marks { creds: Some(_), .. } => Seen::From(Source::Evolution),
        _ => Seen::OtherJson,
    }
}

fn known(known: bool, source: Source) -> Seen {
    if known { Seen::From(source) } else { Seen::OtherJson }
}
