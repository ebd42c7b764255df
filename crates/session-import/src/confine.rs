//! What a file that may be anyone's is allowed to make `SQLite` do.
//!
//! A database brings statements of its own: its schema is parsed, virtual tables and
//! computed columns run. Only plain tables are read (see `database`); this is the wall
//! behind that: bounds on size, work and memory, and a list of what may be read at all.
//! Source: <https://www.sqlite.org/security.html>.

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Result};

use crate::table::Table;

/// The two names of the schema, which is read beside the [`Table`]s.
const SCHEMA: [&str; 2] = ["sqlite_schema", "sqlite_master"];

/// `SQLite` calls back after so many steps of its virtual machine.
const STEPS_AT_ONCE: i32 = 1_000;

/// Calls back before it is enough: ten million steps, where the schema and ten thousand
/// rows take some hundred thousand. Counted, so that a slow disk does not matter.
const MOST_CALLS: u32 = 10_000;

/// The most that is held in memory because it comes through a pipe, in bytes.
pub(crate) const LARGEST_PIPED: u64 = 64 << 20;

/// The most memory of `SQLite`, in bytes: the largest image that is piped in, and as
/// much again. The setting is the process's, and can only be lowered; whoever imports
/// does nothing else with `SQLite` that needs more.
const MOST_MEMORY: u64 = 2 * LARGEST_PIPED;

/// Bounds of a statement, of a value and of the schema.
const LIMITS: [(Limit, i32); 12] = [
    // Of a value, a row and an object of the schema, in bytes.
    (Limit::SQLITE_LIMIT_LENGTH, 1 << 20),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 17),
    (Limit::SQLITE_LIMIT_COLUMN, 500),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (Limit::SQLITE_LIMIT_VDBE_OP, 10_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 10),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 0),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

/// Before the first statement, which reads the schema.
pub(crate) fn confine(connection: &Connection) -> Result<()> {
    for (option, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
    ] {
        connection.set_db_config(option, on)?;
    }
    for (limit, most) in LIMITS {
        connection.set_limit(limit, most)?;
    }
    let mut calls = 0;
    connection.progress_handler(
        STEPS_AT_ONCE,
        Some(move || {
            calls += 1;
            calls > MOST_CALLS
        }),
    );
    // None of these reads the schema.
    connection.execute_batch(&format!(
        "PRAGMA hard_heap_limit = {MOST_MEMORY};
         PRAGMA query_only = ON;
         PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;"
    ))?;
    connection.authorizer(Some(allowed));
    Ok(())
}

/// Also of what a virtual table would ask for while it is opened.
fn allowed(context: AuthContext<'_>) -> Authorization {
    let is_allowed = match context.action {
        AuthAction::Select => true,
        AuthAction::Read { table_name, .. } => {
            let mut readable = SCHEMA.into_iter().chain(Table::ALL.map(Table::name));
            readable.any(|name| table_name.eq_ignore_ascii_case(name))
        }
        AuthAction::Pragma { pragma_name, .. } => pragma_name == "table_xinfo",
        _ => false,
    };
    if is_allowed { Authorization::Allow } else { Authorization::Deny }
}

#[cfg(test)]
mod tests {
    use rusqlite::ErrorCode;

    use super::*;

    fn confined() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for n in 0..40 {
            connection.execute_batch(&format!("CREATE TABLE t{n} (x)")).unwrap();
        }
        connection.execute_batch("CREATE TABLE device (pn, noise_key)").unwrap();
        confine(&connection).unwrap();
        connection
    }

    /// Runs it to its end; what stops it.
    fn run(sql: &str) -> Option<rusqlite::Error> {
        let connection = confined();
        let run = || {
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            Ok(())
        };
        run().err()
    }

    fn code(sql: &str) -> Option<ErrorCode> {
        run(sql).and_then(|error| error.sqlite_error_code())
    }

    #[test]
    fn the_schema_and_the_devices_are_read_and_nothing_else_is_done() {
        for allowed in [
            "SELECT type, rootpage, sql FROM sqlite_schema WHERE name = 'device'",
            "PRAGMA main.table_xinfo(\"device\")",
            "SELECT pn, noise_key FROM main.device NOT INDEXED LIMIT 10",
        ] {
            assert!(run(allowed).is_none(), "{allowed}");
        }
        for denied in [
            "SELECT x FROM t1",
            "SELECT hex(zeroblob(10))",
            "SELECT count(*) FROM device",
            "PRAGMA writable_schema = ON",
            "PRAGMA table_list",
            "ATTACH ':memory:' AS other",
            "CREATE TEMP TABLE t (x)",
            "INSERT INTO device VALUES (1, 2)",
            "DELETE FROM device",
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
        ] {
            let error = run(denied).map(|error| error.to_string()).unwrap_or_default();
            let is_denied = error.contains("not authorized") || error.contains("is prohibited");
            assert!(is_denied, "{denied}: {error}");
        }
    }

    #[test]
    fn work_without_end_is_interrupted() {
        // Over forty rows to the fifth.
        let endless = "SELECT 1 FROM sqlite_schema a, sqlite_schema b, sqlite_schema c,
             sqlite_schema d, sqlite_schema e
             WHERE a.rootpage + b.rootpage + c.rootpage + d.rootpage + e.rootpage < 0";
        assert_eq!(code(endless), Some(ErrorCode::OperationInterrupted));
    }

    #[test]
    fn a_statement_and_a_value_have_a_longest() {
        let long = "x".repeat(1 << 17);
        assert_eq!(code(&format!("SELECT '{long}'")), Some(ErrorCode::TooBig));
        let deep = format!("SELECT {}1", "1+".repeat(200));
        assert!(run(&deep).is_some());
    }

    #[test]
    fn every_limit_is_set() {
        let connection = confined();
        for (limit, most) in LIMITS {
            assert_eq!(connection.limit(limit).ok(), Some(most));
        }
    }
}
