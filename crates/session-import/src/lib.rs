//! Reads the `WhatsApp` session that other software stored, and makes of it what
//! [`leave_group`] logs in with.
//!
//! [`read`] opens an [`input`], finds out whose it is ([`detect`]), takes the devices
//! out of it (one module for each [`source`]), chooses one and checks its key. Nothing
//! is written, and no secret is in an [`error`] or in `Debug` output.
//!
//! Two programs must not use one session at a time: each login throws the other out.

mod baileys;
mod buffer;
mod choice;
mod database;
mod detect;
mod device;
pub mod error;
mod evolution;
pub mod input;
mod jid;
mod json;
pub mod source;
mod whatsapp_rust;
mod whatsmeow;

use leave_group::credentials::{Credentials, DeviceJid};

use crate::choice::Rows;
use crate::database::Database;
use crate::error::{ImportError, Seen};
use crate::input::{Input, Material};
use crate::source::Source;

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
        Material::Database(database) => only(&detect::of_database(&database)?),
        Material::Text(text) => match detect::of_text(text.as_str()?)? {
            Seen::From(source) => Ok(source),
            seen => Err(ImportError::Unrecognised(seen)),
        },
    }
}

fn only(sources: &[Source]) -> Result<Source, ImportError> {
    match sources {
        [] => Err(ImportError::Unrecognised(Seen::OtherDatabase)),
        [source] => Ok(*source),
        _ => Err(ImportError::TwoSources),
    }
}

fn from_database(database: &Database, from: Option<Source>) -> Result<(Source, Rows), ImportError> {
    let seen = detect::of_database(database)?;
    let source = match from {
        None => only(&seen)?,
        Some(asked) if seen.contains(&asked) => asked,
        Some(asked) => {
            let seen = seen.first().map_or(Seen::OtherDatabase, |source| Seen::From(*source));
            return Err(ImportError::NotFrom { asked, seen });
        }
    };
    let rows = if source == Source::Whatsmeow {
        whatsmeow::devices(database)?
    } else {
        whatsapp_rust::devices(database)?
    };
    Ok((source, rows))
}

fn from_text(text: &str, from: Option<Source>) -> Result<(Source, Rows), ImportError> {
    let seen = detect::of_text(text)?;
    let source = match (from, seen) {
        (None, Seen::From(source)) => source,
        (None, seen) => return Err(ImportError::Unrecognised(seen)),
        // Whoever takes the column's text out of its strings has Baileys' JSON.
        (Some(Source::Evolution), Seen::From(_)) => Source::Evolution,
        (Some(asked), Seen::From(source)) if asked == source => asked,
        (Some(asked), seen) => return Err(ImportError::NotFrom { asked, seen }),
    };
    let rows = if source == Source::Evolution {
        evolution::devices(text)?
    } else {
        vec![baileys::device(text)]
    };
    Ok((source, rows))
}
