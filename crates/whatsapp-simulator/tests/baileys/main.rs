//! An unmodified Baileys on the simulator. Needs node and npm, and the npm registry once: packages
//! are kept under the target directory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

const FILES: [&str; 6] = [
    "package.json",
    "package-lock.json",
    "simulator.mjs",
    "client.mjs",
    "existing-device.mjs",
    "link.mjs",
];

/// The directory with the scripts and their packages; nothing when node or npm is missing.
static SCRIPTS: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    for program in ["node", "npm"] {
        if Command::new(program).arg("--version").output().is_err() {
            eprintln!("skipped: {program} is not installed, and Baileys needs it");
            return None;
        }
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("baileys");
    fs::create_dir_all(&directory).unwrap();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/baileys");
    for file in FILES {
        fs::copy(sources.join(file), directory.join(file)).unwrap();
    }
    let install = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"])
        .current_dir(&directory)
        .output()
        .unwrap();
    assert!(install.status.success(), "npm install: {}", printed(&install));
    Some(directory)
});

fn printed(output: &Output) -> String {
    let [out, error] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}\n{error}")
}

/// The server's program.
const SERVER: &str = env!("CARGO_BIN_EXE_simulated-whatsapp");

fn run(script: &str, argument: Option<&str>, last_word: &str) {
    let Some(directory) = SCRIPTS.as_ref() else {
        return;
    };
    let output = Command::new("node")
        .arg(script)
        .arg(SERVER)
        .args(argument)
        .current_dir(directory)
        .output()
        .unwrap();
    let printed = printed(&output);
    assert!(output.status.success() && printed.contains(last_word), "{script}: {printed}");
}

#[test]
fn a_linked_device_leaves_groups() {
    run("existing-device.mjs", None, "left");
}

#[test]
fn a_companion_is_linked_by_qr_code() {
    run("link.mjs", Some("qr"), "linked");
}

#[test]
fn a_companion_is_linked_by_code() {
    run("link.mjs", Some("code"), "linked");
}
