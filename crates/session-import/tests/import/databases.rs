//! Opening a database without a trace.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use rusqlite::Connection;

use crate::stores;

const JID: &str = "5511999990000:12@s.whatsapp.net";

/// Every file in the folder, with its content and times.
fn state(folder: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, (fs::read(entry.path()).unwrap(), modified))
        })
        .collect()
}

/// A database whose device is in its write-ahead log only, with its program running.
fn live(file: &Path) -> Connection {
    let (old, new) = stores::whatsmeow_schemas();
    let mode = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0";
    let connection = stores::database(file, &[mode, old, new]);
    stores::add_whatsmeow(&connection, JID, &[7; 32]);
    connection
}

fn imported_without_a_trace(file: &Path) {
    let folder = file.parent().unwrap();
    let before = state(folder);
    let imported = stores::read(&stores::path(file), None).unwrap();
    assert_eq!(imported.credentials.device.to_string(), JID);
    assert_eq!(*imported.credentials.noise_private_key, [7; 32]);
    assert!(state(folder) == before, "the folder has changed");
}

#[test]
fn a_running_programs_log_is_read_and_left_alone() {
    let folder = stores::folder();
    let file = folder.path().join("store.db");
    let connection = live(&file);
    assert!(fs::metadata(folder.path().join("store.db-wal")).unwrap().len() > 0);
    imported_without_a_trace(&file);
    drop(connection);
}

#[test]
fn a_log_that_was_left_is_read_and_left_alone() {
    let folder = stores::folder();
    let (there, here) = (folder.path().join("store.db"), stores::folder());
    let connection = live(&there);
    let file = here.path().join("store.db");
    for ending in ["", "-wal"] {
        let from = folder.path().join(format!("store.db{ending}"));
        fs::copy(from, here.path().join(format!("store.db{ending}"))).unwrap();
    }
    drop(connection);
    imported_without_a_trace(&file);
}

#[test]
fn after_its_program_has_ended() {
    let folder = stores::folder();
    let file = folder.path().join("store.db");
    drop(live(&file));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    imported_without_a_trace(&file);
    // It still says that it has a log, which a database in memory cannot have.
    let piped = stores::bytes(fs::read(&file).unwrap());
    let imported = stores::read(&piped, None).unwrap();
    assert_eq!(*imported.credentials.noise_private_key, [7; 32]);
}

#[test]
fn an_interrupted_change_is_undone_in_a_copy() {
    let (old, new) = stores::whatsmeow_schemas();
    let folder = stores::folder();
    let there = folder.path().join("store.db");
    let connection = stores::database(&there, &["PRAGMA journal_mode = DELETE", old, new]);
    stores::add_whatsmeow(&connection, JID, &[7; 32]);
    // Small caches spill a transaction into the file before it is committed.
    connection
        .execute_batch(
            "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN;
             UPDATE whatsmeow_device SET noise_key = zeroblob(32);
             CREATE TABLE filler (x); INSERT INTO filler
             WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 500)
             SELECT randomblob(1000) FROM n;",
        )
        .unwrap();
    let here = stores::folder();
    for ending in ["", "-journal"] {
        let name = format!("store.db{ending}");
        fs::copy(folder.path().join(&name), here.path().join(&name)).unwrap();
    }
    drop(connection);
    imported_without_a_trace(&here.path().join("store.db"));
}

#[test]
fn names_that_would_mean_something_in_an_address() {
    for name in ["a b.db", "what?mode=rw.db", "50%25#.db", "ação&é.db", ":memory:"] {
        let folder = stores::folder();
        let file = folder.path().join(name);
        drop(live(&file));
        imported_without_a_trace(&file);
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_to_the_log_beside_its_target() {
    let (folder, links) = (stores::folder(), stores::folder());
    let file = folder.path().join("store.db");
    let connection = live(&file);
    let link = links.path().join("link.db");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    imported_without_a_trace(&link);
    drop(connection);
}
