//! A database that is only read, and never left with a file more than it had.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::confine::confine;
use crate::error::ImportError;

/// With what every `SQLite` file begins.
pub(crate) const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The most that is copied because something waits beside it, in bytes.
const LARGEST: u64 = 1 << 30;

/// A store with more devices than this is none that a person chooses from.
const MOST_ROWS: u32 = 10_000;

/// Larger than any stored key; what is larger is not even copied.
const LARGEST_VALUE: usize = 256;

/// What is stored under a table's name.
pub(crate) enum Kept {
    /// Nothing.
    Nothing,
    /// A table that `SQLite` itself keeps, with these columns.
    Table(Vec<String>),
    /// A view, a virtual table, or one with computed columns: all of them run what the
    /// file says.
    Code,
}

/// Where a table keeps what is needed.
pub(crate) struct Columns {
    pub(crate) table: &'static str,
    pub(crate) jid: &'static str,
    pub(crate) key: &'static str,
    /// Absent in old versions.
    pub(crate) lid: &'static str,
}

/// One row, as far as its values have the right type.
pub(crate) struct Row {
    pub(crate) jid: Result<String, ImportError>,
    pub(crate) lid: Option<String>,
    pub(crate) key: Result<Zeroizing<Vec<u8>>, ImportError>,
}

/// An open database. The connection goes before the folder that its files are in.
pub(crate) struct Database {
    connection: Connection,
    _copy: Option<TempDir>,
}

impl Database {
    /// Opens the file itself when nothing waits beside it to be merged, else a copy:
    /// merging writes, and so does the mere reading of a write-ahead log.
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        let unreadable = |kind| ImportError::Unreadable { path: path.to_owned(), kind };
        // SQLite, too, looks for the log beside what a link points to.
        let path = fs::canonicalize(path).map_err(|error| unreadable(error.kind()))?;
        let waiting: Vec<_> = ["-wal", "-journal"]
            .into_iter()
            .filter(|ending| {
                let file = fs::metadata(beside(&path, ending));
                file.is_ok_and(|file| file.is_file() && file.len() > 0)
            })
            .collect();
        if waiting.is_empty() {
            let path = percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            let connection = Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)
                .map_err(|error| fault(&error))?;
            return Self::guarded(connection, None);
        }
        let endings: Vec<_> = [""].into_iter().chain(waiting).collect();
        let (folder, copy) = copy(&path, &endings)?;
        let connection = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .map_err(|error| fault(&error))?;
        Self::guarded(connection, Some(folder))
    }

    /// Opens bytes in memory.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ImportError> {
        // A database in memory has no log, so one that says that it has is not opened.
        let (Some(head), Some(tail)) = (bytes.get(..18), bytes.get(20..)) else {
            return Err(ImportError::Database(ErrorCode::NotADatabase));
        };
        let image = head.chain([1, 1].as_slice()).chain(tail);
        let mut connection = Connection::open_in_memory().map_err(|error| fault(&error))?;
        connection
            .deserialize_read_exact(rusqlite::MAIN_DB, image, bytes.len(), true)
            .map_err(|error| fault(&error))?;
        Self::guarded(connection, None)
    }

    fn guarded(connection: Connection, copy: Option<TempDir>) -> Result<Self, ImportError> {
        confine(&connection).map_err(|error| fault(&error))?;
        Ok(Self { connection, _copy: copy })
    }

    /// What is stored under the name of `table`, told without touching it: to ask a
    /// virtual table for its columns would open it.
    pub(crate) fn kept(&self, table: &str) -> Result<Kept, ImportError> {
        let plain = |row: &rusqlite::Row<'_>| {
            // SQLite stores a plain table's statement with exactly this beginning.
            Ok(row.get::<_, String>(0)? == "table"
                && row.get::<_, Option<i64>>(1)?.is_some_and(|page| page > 0)
                && row.get::<_, String>(2)?.starts_with("CREATE TABLE "))
        };
        let mut statement = self
            .connection
            .prepare(
                "SELECT type, rootpage, sql FROM sqlite_schema
                 WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view') LIMIT 2",
            )
            .map_err(|error| fault(&error))?;
        let found: Vec<bool> = statement
            .query_map([table], plain)
            .and_then(Iterator::collect)
            .map_err(|error| fault(&error))?;
        match found.as_slice() {
            [] => Ok(Kept::Nothing),
            [true] => self.columns(table),
            _ => Ok(Kept::Code),
        }
    }

    fn columns(&self, table: &str) -> Result<Kept, ImportError> {
        let mut statement = self
            .connection
            .prepare(&format!("PRAGMA main.table_xinfo(\"{table}\")"))
            .map_err(|error| fault(&error))?;
        let columns: Vec<(String, i64)> = statement
            .query_map([], |row| Ok((row.get("name")?, row.get("hidden")?)))
            .and_then(Iterator::collect)
            .map_err(|error| fault(&error))?;
        // Hidden are columns of virtual tables, and computed ones.
        if columns.iter().any(|(_, hidden)| *hidden != 0) {
            return Ok(Kept::Code);
        }
        Ok(Kept::Table(columns.into_iter().map(|(name, _)| name).collect()))
    }

    /// What the table has of each device.
    pub(crate) fn rows(&self, columns: &Columns) -> Result<Vec<Row>, ImportError> {
        let Columns { table, jid, key, lid } = *columns;
        let kept = match self.kept(table)? {
            Kept::Table(columns) => columns,
            Kept::Nothing => return Err(ImportError::NoDevice),
            Kept::Code => return Err(ImportError::NotPlain(table)),
        };
        let has = |column: &str| kept.iter().any(|kept| kept == column);
        for needed in [jid, key] {
            if !has(needed) {
                return Err(ImportError::Missing(needed));
            }
        }
        let lid = if has(lid) { lid } else { "NULL" };
        let mut statement = self
            .connection
            // An index may be computed too.
            .prepare(&format!(
                "SELECT {jid}, {lid}, {key} FROM main.{table} NOT INDEXED LIMIT {MOST_ROWS}"
            ))
            .map_err(|error| fault(&error))?;
        let mut found = statement.query([]).map_err(|error| fault(&error))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(|error| fault(&error))? {
            let value = |at| row.get_ref(at).map_err(|error| fault(&error));
            rows.push(Row {
                jid: text(value(0)?).ok_or(ImportError::Malformed(jid)),
                lid: text(value(1)?),
                key: blob(value(2)?).ok_or(ImportError::Malformed(key)),
            });
        }
        Ok(rows)
    }
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Text(text) if text.len() <= LARGEST_VALUE => {
            str::from_utf8(text).ok().map(ToOwned::to_owned)
        }
        // A device that is not linked has no JID.
        ValueRef::Null => Some(String::new()),
        _ => None,
    }
}

fn blob(value: ValueRef<'_>) -> Option<Zeroizing<Vec<u8>>> {
    match value {
        ValueRef::Blob(bytes) if bytes.len() <= LARGEST_VALUE => {
            Some(Zeroizing::new(bytes.to_vec()))
        }
        _ => None,
    }
}

/// `SQLite`'s own text is left out: it quotes the schema.
fn fault(error: &rusqlite::Error) -> ImportError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::TooBig
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted
            | ErrorCode::AuthorizationForStatementDenied,
        ) => ImportError::Excessive,
        Some(code) => ImportError::Database(code),
        // A value of another type than a schema has.
        None => ImportError::Database(ErrorCode::DatabaseCorrupt),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Copies the files as they were at one moment, to where only we can read.
fn copy(path: &Path, endings: &[&str]) -> Result<(TempDir, PathBuf), ImportError> {
    let failed = |path: &Path, error: &io::Error| ImportError::Unreadable {
        path: path.to_owned(),
        kind: error.kind(),
    };
    let folder = private_folder().map_err(|error| failed(&std::env::temp_dir(), &error))?;
    let to = folder.path().join("session.db");
    let state = || endings.iter().map(|ending| state(&beside(path, ending))).collect::<Vec<_>>();
    let before = state();
    if before.iter().flatten().map(|(length, _)| length).sum::<u64>() > LARGEST {
        return Err(ImportError::TooLarge { limit: LARGEST });
    }
    for ending in endings {
        let from = beside(path, ending);
        fs::copy(&from, beside(&to, ending)).map_err(|error| failed(&from, &error))?;
    }
    if state() != before {
        return Err(ImportError::InUse);
    }
    Ok((folder, to))
}

/// What changes when a file is written.
fn state(path: &Path) -> Option<(u64, SystemTime)> {
    let file = fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()?))
}

fn private_folder() -> io::Result<TempDir> {
    let mut folder = tempfile::Builder::new();
    #[cfg(unix)]
    folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    folder.prefix("session-import-").tempdir()
}
