//! Telling the sources apart in a database.

use crate::database::{Database, Kept};
use crate::error::ImportError;
use crate::source::Source;
use crate::{whatsapp_rust, whatsmeow};

/// The programs whose tables are in the database.
pub(crate) fn of_database(database: &Database) -> Result<Vec<Source>, ImportError> {
    let mut sources = Vec::new();
    match database.kept(whatsmeow::TABLE)? {
        Kept::Table(_) => sources.push(Source::Whatsmeow),
        Kept::Code => return Err(ImportError::NotPlain(whatsmeow::TABLE)),
        Kept::Nothing => {}
    }
    // Many programs have something of the other name.
    if let Kept::Table(columns) = database.kept(whatsapp_rust::TABLE)?
        && whatsapp_rust::COLUMNS.iter().all(|name| columns.iter().any(|column| column == name))
    {
        sources.push(Source::WhatsappRust);
    }
    Ok(sources)
}
