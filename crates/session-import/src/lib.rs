//! Reads the `WhatsApp` session that other software stored, and makes of it what
//! the function logs in with.
//!
//! [`read`] opens an [`input`], finds out whose it is ([`detect`]), takes the devices
//! out of it (one module for each [`source`]), chooses one and checks its key. A
//! database may be anyone's: it is read within bounds (`confine`). Nothing is written, and no secret is in an [`error`] or in `Debug` output.
//!
//! Two programs must not use one session at a time: each login throws the other out.

mod baileys;
mod buffer;
mod choice;
mod confine;
mod csv;
mod database;
mod detect;
mod device;
pub mod error;
mod evolution;
mod export;
pub mod input;
mod jid;
mod json;
mod record;
pub mod source;
mod table;
mod whatsapp_rust;
mod whatsmeow;

use domain::credentials::{Credentials, DeviceJid};
use serde_json::value::RawValue;

use crate::choice::Rows;
use crate::database::Database;
use crate::device::Device;
use crate::error::{ImportError, Seen};
use crate::export::{Entry, Export};
use crate::input::{Input, Material};
use crate::record::Form;
use crate::source::Source;
use crate::table::Table;

/// One device's credentials, checked as far as that goes without logging in.
#[derive(Debug)]
pub struct Imported {
    /// Whose store they are from.
    pub source: Source,
    /// What a login needs.
    pub credentials: Credentials,
    /// The other linked devices of the same store.
    pub others: Vec<DeviceJid>,
}

/// Takes one device out of a store. Without `from`, the source is detected; `jid`
/// chooses among several devices: a whole JID, `user:device`, or the phone number.
///
/// # Errors
/// An [`ImportError`] that says what to do next.
pub fn read(
    input: &Input,
    from: Option<Source>,
    jid: Option<&str>,
) -> Result<Imported, ImportError> {
    let (source, rows) = match input::open(input)? {
        Material::Database(database) => from_database(&database, from)?,
        Material::Text(text) => from_text(text.as_str()?, from)?,
    };
    let (device, others) = choice::choose(rows, jid)?;
    Ok(Imported { source, credentials: device.credentials()?, others })
}

/// Whose store the input is, by its content.
///
/// # Errors
/// An [`ImportError`] that names what is accepted and what was seen.
pub fn detect(input: &Input) -> Result<Source, ImportError> {
    match input::open(input)? {
        Material::Database(database) => {
            only(&detect::tables(&database)?, Seen::OtherDatabase).map(Table::source)
        }
        Material::Text(text) => {
            let export = Export::of(text.as_str()?)?;
            only(&export.sources(), export.seen())
        }
    }
}

fn only<T: Copy>(found: &[T], seen: Seen) -> Result<T, ImportError> {
    match found {
        [] => Err(ImportError::Unrecognised(seen)),
        [one] => Ok(*one),
        [_, _, ..] => Err(ImportError::TwoSources),
    }
}

fn from_database(database: &Database, from: Option<Source>) -> Result<(Source, Rows), ImportError> {
    let seen = detect::tables(database)?;
    let table = match from {
        None => only(&seen, Seen::OtherDatabase)?,
        Some(asked) => {
            let wanted = seen.iter().copied().find(|table| table.source() == asked);
            let instead =
                seen.first().map_or(Seen::OtherDatabase, |table| Seen::From(table.source()));
            wanted.ok_or(ImportError::NotFrom { asked, seen: instead })?
        }
    };
    let rows = match table {
        Table::Whatsmeow => whatsmeow::devices(database)?,
        Table::WhatsappRust => whatsapp_rust::devices(database)?,
    };
    Ok((table.source(), rows))
}

fn from_text(text: &str, from: Option<Source>) -> Result<(Source, Rows), ImportError> {
    let export = Export::of(text)?;
    let sources = export.sources();
    let (stored, source) = match from {
        None => {
            let source = only(&sources, export.seen())?;
            (source, source)
        }
        Some(asked) if sources.contains(&asked) => (asked, asked),
        // Whoever takes the column's text out of its strings has Baileys' JSON.
        Some(Source::Evolution) if sources.contains(&Source::Baileys) => {
            (Source::Baileys, Source::Evolution)
        }
        Some(asked) => return Err(ImportError::NotFrom { asked, seen: export.seen() }),
    };
    let entries = export.entries.iter().filter(|entry| entry.source() == stored);
    Ok((source, entries.map(device).collect()))
}

fn device(entry: &Entry<'_>) -> Result<Device, ImportError> {
    match entry {
        Entry::Column(column) => evolution::column(column.get()),
        Entry::Record(form, record) => match form {
            Form::Creds | Form::OneFile => {
                baileys::device(record.json.map_or("null", RawValue::get))
            }
            Form::KeyRow => baileys::key_row(record),
            Form::Evolution => evolution::row(record),
            Form::Whatsmeow => whatsmeow::row(record),
        },
    }
}
