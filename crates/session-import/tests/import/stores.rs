//! Stores to import from.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::{Connection, params};
use session_import::Imported;
use session_import::error::ImportError;
use session_import::input::Input;
use tempfile::TempDir;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// A linked `creds.json` that Baileys 7.0.0-rc14 stored, with keys made for it.
pub(crate) const CREDS: &str = include_str!("baileys/creds.json");
/// Its private noise key.
pub(crate) const CREDS_KEY: &str =
    "38e603646a89e21474c78190075e929ca1a3c7f3e245eb9810a03783227bbe5f";
/// Three rows of Evolution API: the device of [`CREDS`], another, one that is not linked.
pub(crate) const EVOLUTION_ROWS: &str = include_str!("baileys/evolution-rows.json");
/// Three devices as whatsapp-rust 0.7.0 stored them.
pub(crate) const WHATSAPP_RUST: &str = include_str!("whatsapp-rust/0.7.0.sql");
/// whatsapp-rust's first table.
pub(crate) const WHATSAPP_RUST_INITIAL: &str = include_str!("whatsapp-rust/initial.sql");
const WHATSMEOW: &str = include_str!("whatsmeow/device.sql");

/// The columns of whatsmeow's table before LIDs, and what it got with them.
pub(crate) fn whatsmeow_schemas() -> (&'static str, &'static str) {
    WHATSMEOW.split_once("-- With LIDs\n").unwrap()
}

/// A folder for one test.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A database with these statements run.
pub(crate) fn database(path: &Path, statements: &[&str]) -> Connection {
    let connection = Connection::open(path).unwrap();
    for statement in statements {
        connection.execute_batch(statement).unwrap();
    }
    connection
}

/// Adds a device as whatsmeow does.
pub(crate) fn add_whatsmeow(connection: &Connection, jid: &str, key: &[u8]) {
    connection
        .execute(
            "INSERT INTO whatsmeow_device (jid, registration_id, noise_key, identity_key,
                signed_pre_key, signed_pre_key_id, signed_pre_key_sig, adv_key, adv_details,
                adv_account_sig, adv_account_sig_key, adv_device_sig)
             VALUES (?1, 1, ?2, zeroblob(32), zeroblob(32), 1, zeroblob(64), x'', x'',
                zeroblob(64), zeroblob(32), zeroblob(64))",
            params![jid, key],
        )
        .unwrap();
}

/// Adds a device as whatsapp-rust does.
pub(crate) fn add_whatsapp_rust(connection: &Connection, lid: &str, pn: &str, key: &[u8]) {
    connection
        .execute(
            "INSERT INTO device (lid, pn, registration_id, noise_key, identity_key,
                signed_pre_key, signed_pre_key_id, signed_pre_key_signature, adv_secret_key)
             VALUES (?1, ?2, 1, ?3, x'', x'', 1, x'', x'')",
            params![lid, pn, key],
        )
        .unwrap();
}

/// Both halves of a key, as whatsapp-rust stores them.
pub(crate) fn pair(private: [u8; 32]) -> Vec<u8> {
    let public = PublicKey::from(&StaticSecret::from(private));
    [private, public.to_bytes()].concat()
}

pub(crate) fn bytes(content: impl AsRef<[u8]>) -> Input {
    Input::Bytes(Zeroizing::new(content.as_ref().to_vec()))
}

pub(crate) fn path(path: impl AsRef<Path>) -> Input {
    Input::Path(path.as_ref().to_owned())
}

/// What an import gave, as text: source, JID, LID, key.
pub(crate) fn facts(imported: &Imported) -> [String; 4] {
    let credentials = &imported.credentials;
    [
        imported.source.to_string(),
        credentials.device.to_string(),
        credentials.lid.clone().unwrap_or_default(),
        hex::encode(credentials.noise_private_key.as_slice()),
    ]
}

/// Reads without naming the source.
pub(crate) fn read(input: &Input, jid: Option<&str>) -> Result<Imported, ImportError> {
    session_import::read(input, None, jid)
}

/// A folder that outlives a run of the tests, for what other software is installed to.
pub(crate) fn installed(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a program to its end; it has to succeed.
pub(crate) fn run(program: impl AsRef<OsStr>, arguments: &[&OsStr], folder: &Path) {
    let output = Command::new(&program).args(arguments).current_dir(folder).output().unwrap();
    assert!(
        output.status.success(),
        "{} failed: {}",
        program.as_ref().display(),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Whether the programs are on this machine. Says so when a test is left out, past the
/// test runner, which keeps what a passing test prints to itself.
pub(crate) fn present(programs: &[&str]) -> bool {
    let absent = |program: &&&str| Command::new(program).arg("--version").output().is_err();
    if let Some(absent) = programs.iter().find(absent) {
        let notice = format!("SKIPPED a test: {absent} is not on this machine\n");
        io::stderr().write_all(notice.as_bytes()).unwrap();
        return false;
    }
    true
}
