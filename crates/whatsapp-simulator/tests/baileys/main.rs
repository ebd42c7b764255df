//! An unmodified Baileys on the simulator. Needs node and npm, and the npm registry once: packages
//! are kept under the target directory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::{env, fs};

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

/// The server's program, built here because `cargo test --test` leaves examples out.
static SERVER: LazyLock<PathBuf> = LazyLock::new(|| {
    let profile = env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    let release = profile.ends_with("release").then_some("--release");
    let build = Command::new(env!("CARGO"))
        .args(["build", "--package", env!("CARGO_PKG_NAME"), "--example", "serve"])
        .args(release)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(build.status.success(), "{}", printed(&build));
    profile.join("examples/serve")
});

fn run(script: &str, argument: Option<&str>, last_word: &str) {
    let Some(directory) = SCRIPTS.as_ref() else {
        return;
    };
    let output = Command::new("node")
        .arg(script)
        .arg(SERVER.as_path())
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
