//! How much memory a hostile database can make its reader take: each is read by a
//! process of its own, which tells its peak (`VmHWM`).

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use session_import::input::Input;

/// In the child's environment: what it reads.
const FILE: &str = "HOSTILE_FILE";
/// More than the reader's bound and the test itself take, in KiB; far less than what the
/// files ask for.
const MOST_KIB: u64 = 220 << 10;
const JID: &str = "5511999990000:12@s.whatsapp.net";

/// Databases that ask for 800 MB and more.
fn databases() -> Vec<(&'static str, Vec<String>)> {
    let large = "hex(zeroblob(400000000))";
    let computed = format!(
        "CREATE TABLE whatsmeow_device (id INTEGER, jid TEXT, noise_key AS ({large}));
         INSERT INTO whatsmeow_device VALUES (1, '{JID}');"
    );
    let searched = format!(
        "CREATE TABLE content (id INTEGER PRIMARY KEY, jid AS ('{JID}'), noise_key AS ({large}));
         INSERT INTO content (id) VALUES (1);
         CREATE VIRTUAL TABLE whatsmeow_device
         USING fts5(jid, noise_key, content=content, content_rowid=id);"
    );
    // An expression of the schema takes many times its text when it is parsed.
    let parsed = "PRAGMA writable_schema = ON;
         CREATE TABLE whatsmeow_device (jid, noise_key);
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 150)
         INSERT INTO sqlite_schema SELECT 'table', 't' || x, 't' || x, 2,
         'CREATE TABLE t' || x || '(a CHECK (1 IN (1' || replace(printf('%.60000c', 'x'), 'x', ',1') || ')))'
         FROM n;";
    vec![
        ("computed", vec![computed]),
        ("full-text search", vec![searched]),
        ("schema", vec![parsed.to_owned()]),
    ]
}

fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What the child does.
fn child(file: &Path) {
    let read = session_import::read(&Input::Path(file.to_owned()), None, None);
    let refused = read.map(|_| ()).unwrap_err();
    fs::write(file.with_extension("told"), format!("{} {refused}", peak_kib())).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_hostile_database_takes_no_more_memory_than_a_store() {
    if let Some(file) = std::env::var_os(FILE) {
        return child(Path::new(&file));
    }
    for (name, statements) in databases() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        let connection = Connection::open(&file).unwrap();
        for statement in statements {
            connection.execute_batch(&statement).unwrap();
        }
        drop(connection);
        let ran = Command::new(std::env::current_exe().unwrap()).env(FILE, &file).output().unwrap();
        assert!(ran.status.success(), "{name}: {ran:?}");
        let told = fs::read_to_string(file.with_extension("told")).unwrap();
        let (peak, refused) = told.split_once(' ').unwrap();
        let peak: u64 = peak.parse().unwrap();
        assert!(peak < MOST_KIB, "{name}: {peak} KiB; {refused}");
    }
}
