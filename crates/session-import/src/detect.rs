//! Telling the sources apart in a database.

use crate::database::{Database, Kept};
use crate::error::ImportError;
use crate::table::Table;

/// The tables of known programs that are in the database.
pub(crate) fn tables(database: &Database) -> Result<Vec<Table>, ImportError> {
    let mut tables = Vec::new();
    for table in Table::ALL {
        if is_there(database, table)? {
            tables.push(table);
        }
    }
    Ok(tables)
}

fn is_there(database: &Database, table: Table) -> Result<bool, ImportError> {
    let kept = database.kept(table.name())?;
    match table {
        Table::Whatsmeow => match kept {
            Kept::Table(_) => Ok(true),
            Kept::Code => Err(ImportError::NotPlain(table.name())),
            Kept::Nothing => Ok(false),
        },
        // Many programs have something of this name.
        Table::WhatsappRust => match kept {
            Kept::Table(columns) => {
                Ok(Table::MARKS.iter().all(|mark| columns.iter().any(|column| column == mark)))
            }
            Kept::Code | Kept::Nothing => Ok(false),
        },
    }
}
