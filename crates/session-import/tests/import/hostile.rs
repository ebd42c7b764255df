//! Databases that were made to do something when they are read.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use session_import::error::ImportError;
use session_import::source::Source;
use session_import::{detect, read};

use crate::stores;

/// A device as hostile files have it, so that they would be imported if they were read.
pub(crate) const JID: &str = "5511999990000:12@s.whatsapp.net";

/// What a table named `name` runs when it is read, by the kind of table.
fn codes(name: &str, jid: &str) -> [(&'static str, String); 6] {
    let content = format!(
        "CREATE TABLE content (id INTEGER PRIMARY KEY, {jid} AS ('{JID}'), noise_key AS (zeroblob(32)));
         INSERT INTO content (id) VALUES (1);"
    );
    [
        (
            "full-text search",
            format!(
                "{content} CREATE VIRTUAL TABLE {name}
                 USING fts5({jid}, noise_key, content=content, content_rowid=id);"
            ),
        ),
        (
            "full-text search, version 4",
            format!("CREATE VIRTUAL TABLE {name} USING fts4({jid}, noise_key);"),
        ),
        ("view", format!("{content} CREATE VIEW {name} AS SELECT {jid}, noise_key FROM content;")),
        (
            "computed",
            format!(
                "CREATE TABLE {name} (id INTEGER, {jid} TEXT, noise_key AS (zeroblob(32)));
                 INSERT INTO {name} VALUES (1, '{JID}');"
            ),
        ),
        (
            "computed and stored",
            format!(
                "CREATE TABLE {name} (id INTEGER, {jid} TEXT, noise_key AS (zeroblob(32)) STORED);
                 INSERT INTO {name} VALUES (1, '{JID}');"
            ),
        ),
        ("other tree", format!("CREATE VIRTUAL TABLE {name} USING rtree({jid}, noise_key, x);")),
    ]
}

#[test]
fn only_a_table_that_runs_nothing_is_read() {
    for (kind, statements) in codes("whatsmeow_device", "jid") {
        let folder = stores::folder();
        let file = folder.path().join("store.db");
        drop(stores::database(&file, &[&statements]));
        for input in [stores::path(&file), stores::bytes(fs::read(&file).unwrap())] {
            for refused in [detect(&input).err(), read(&input, None, None).err()] {
                let is_refused = matches!(refused, Some(ImportError::NotPlain(_)));
                assert!(is_refused, "{kind}: {refused:?}");
            }
        }
    }
    for (kind, statements) in codes("device", "pn") {
        let folder = stores::folder();
        let file = folder.path().join("store.db");
        drop(stores::database(&file, &[&statements]));
        let refused = read(&stores::path(&file), Some(Source::WhatsappRust), None).err();
        assert!(matches!(refused, Some(ImportError::NotFrom { .. })), "{kind}: {refused:?}");
    }
}

/// Changes the schema's own table, as no statement can.
fn forge(file: &Path, statements: &[&str], forgery: &str) {
    let connection = stores::database(file, statements);
    let change = format!("PRAGMA writable_schema = ON; {forgery}; PRAGMA writable_schema = OFF");
    connection.execute_batch(&change).unwrap();
}

/// With the statement of a virtual table, under each disguise that the row can have.
#[test]
fn a_forged_schema_does_not_make_a_virtual_table_plain() {
    let plain = "CREATE TABLE whatsmeow_device (jid, noise_key)";
    let row = format!("INSERT INTO whatsmeow_device VALUES ('{JID}', randomblob(32))");
    for sql in [
        "CREATE VIRTUAL TABLE whatsmeow_device USING fts5(jid, noise_key)",
        "CREATE /*TABLE */ VIRTUAL TABLE whatsmeow_device USING fts5(jid, noise_key)",
        "create virtual table whatsmeow_device using fts5(jid, noise_key)",
        "CREATE VIEW whatsmeow_device AS SELECT 1 AS jid, 2 AS noise_key",
        "CREATE TABLE whatsmeow_device (jid, noise_key AS (zeroblob(32)))",
        "CREATE TABLE whatsmeow_device AS SELECT 1 AS jid, 2 AS noise_key",
    ] {
        let folder = stores::folder();
        let file = folder.path().join("store.db");
        let forgery =
            format!("UPDATE sqlite_schema SET sql = '{sql}' WHERE name = 'whatsmeow_device'");
        forge(&file, &[plain, &row], &forgery);
        let refused = read(&stores::path(&file), None, None).err();
        let is_refused =
            matches!(refused, Some(ImportError::NotPlain(_) | ImportError::Database(_)));
        assert!(is_refused, "{sql}: {refused:?}");
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let long = 2 << 20;
    for (jid, key) in [
        (format!("printf('%.{long}c', '1')"), "randomblob(32)".to_owned()),
        (format!("'{JID}'"), format!("randomblob({long})")),
    ] {
        let folder = stores::folder();
        let file = folder.path().join("store.db");
        let table = "CREATE TABLE whatsmeow_device (jid, noise_key)";
        let row = format!("INSERT INTO whatsmeow_device VALUES ({jid}, {key})");
        drop(stores::database(&file, &[table, &row]));
        let refused = read(&stores::path(&file), None, None).err();
        assert!(matches!(refused, Some(ImportError::Excessive)), "{refused:?}");
    }
}

/// Triggers and indexes that other tables have do not keep a store from being read.
#[test]
fn what_else_a_store_has_does_not_matter() {
    let folder = stores::folder();
    let file = folder.path().join("store.db");
    let (old, new) = stores::whatsmeow_schemas();
    let others = "CREATE TABLE chats (id, text, length AS (length(text)));
         CREATE VIRTUAL TABLE search USING fts5(text);
         CREATE VIEW texts AS SELECT text FROM chats;
         CREATE INDEX lengths ON chats (length(text));
         CREATE TRIGGER whatsmeow_device AFTER INSERT ON chats BEGIN DELETE FROM chats; END;
         CREATE INDEX keys ON whatsmeow_device (jid, noise_key);
         ANALYZE;";
    let connection: Connection = stores::database(&file, &[old, new, others]);
    stores::add_whatsmeow(&connection, JID, &[7; 32]);
    drop(connection);
    let imported = stores::read(&stores::path(&file), None).unwrap();
    assert_eq!(imported.credentials.device.to_string(), JID);
}
