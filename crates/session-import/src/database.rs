//! A database that is only read, and never left with a file more than it had.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::error::ImportError;

/// With what every `SQLite` file begins.
pub(crate) const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The most that is read from a pipe, or copied, in bytes.
pub(crate) const LARGEST: u64 = 1 << 30;

/// A store with more devices than this is none that a person chooses from.
const MOST_ROWS: u32 = 10_000;

/// Larger than any stored key; what is larger is not even copied.
const LARGEST_VALUE: usize = 256;

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
            .filter(|ending| fs::metadata(beside(&path, ending)).is_ok_and(|file| file.len() > 0))
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

    /// The file may be anyone's: what it defines is not run beyond need.
    fn guarded(connection: Connection, copy: Option<TempDir>) -> Result<Self, ImportError> {
        for (option, on) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        ] {
            connection.set_db_config(option, on).map_err(|error| fault(&error))?;
        }
        Ok(Self { connection, _copy: copy })
    }

    /// Whether there is a table of this name with these columns.
    pub(crate) fn has(&self, table: &str, columns: &[&str]) -> Result<bool, ImportError> {
        let found: u32 = self
            .connection
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1",
                [table],
                |row| row.get(0),
            )
            .map_err(|error| fault(&error))?;
        if found == 0 {
            return Ok(false);
        }
        for column in columns {
            let found: u32 = self
                .connection
                .query_row(
                    "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2",
                    [table, column],
                    |row| row.get(0),
                )
                .map_err(|error| fault(&error))?;
            if found == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the table has of each device.
    pub(crate) fn rows(&self, columns: &Columns) -> Result<Vec<Row>, ImportError> {
        let Columns { table, jid, key, lid } = *columns;
        for needed in [jid, key] {
            if !self.has(table, &[needed])? {
                return Err(ImportError::Missing(needed));
            }
        }
        let lid = if self.has(table, &[lid])? { lid } else { "NULL" };
        let mut statement = self
            .connection
            .prepare(&format!("SELECT {jid}, {lid}, {key} FROM {table} LIMIT {MOST_ROWS}"))
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
    ImportError::Database(error.sqlite_error_code().unwrap_or(ErrorCode::Unknown))
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
