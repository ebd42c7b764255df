//! Baileys' `creds.json`.

use std::fs;

use session_import::error::ImportError;
use session_import::input::Input;
use session_import::source::Source;
use session_import::{detect, read};

use crate::stores;

const EXPECTED: [&str; 4] =
    ["baileys", "5511999990000:12@s.whatsapp.net", "100000000000001@lid", stores::CREDS_KEY];

#[test]
fn a_stored_file_by_any_way_in() {
    let folder = stores::folder();
    let file = folder.path().join("creds.json");
    fs::write(&file, stores::CREDS).unwrap();
    let marked = format!("\u{feff}{}\r\n", stores::CREDS);
    for input in [
        stores::bytes(stores::CREDS),
        stores::bytes(marked),
        stores::path(&file),
        stores::path(folder.path()),
        Input::read_from(stores::CREDS.as_bytes()).unwrap(),
    ] {
        assert_eq!(detect(&input).unwrap(), Source::Baileys);
        for from in [None, Some(Source::Baileys)] {
            let imported = read(&input, from, None).unwrap();
            assert_eq!(stores::facts(&imported), EXPECTED);
            assert!(imported.others.is_empty());
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_like_a_file() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::thread::spawn(move || std::io::Write::write_all(&mut writer, stores::CREDS.as_bytes()));
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&reader);
    let imported = stores::read(&stores::path(format!("/dev/fd/{descriptor}")), None).unwrap();
    assert_eq!(stores::facts(&imported), EXPECTED);
}

#[test]
fn neither_debug_output_has_the_key() {
    let input = stores::bytes(stores::CREDS);
    let imported = stores::read(&input, None).unwrap();
    let output = format!("{input:?} {imported:?}");
    assert!(
        !output.contains("OOYDZGqJ") && !output.contains("38e603") && !output.contains("56, 230")
    );
}

/// All that Baileys and programs on top of it write, by the package of today.
#[test]
fn as_baileys_stores_it() {
    if !stores::present(&["node", "npm"]) {
        return;
    }
    let folder = stores::installed("baileys-7.0.0-rc14");
    for (name, content) in [
        ("package.json", include_str!("baileys/package.json")),
        ("package-lock.json", include_str!("baileys/package-lock.json")),
        ("store.mjs", include_str!("baileys/store.mjs")),
    ] {
        fs::write(folder.join(name), content).unwrap();
    }
    // npm writes this file last.
    if !folder.join("node_modules/.package-lock.json").exists() {
        let install = ["ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"];
        stores::run("npm", &install.map(AsRef::as_ref), &folder);
    }
    let store = stores::folder();
    stores::run("node", &["store.mjs".as_ref(), store.path().as_os_str()], &folder);

    let key = fs::read_to_string(store.path().join("private-key")).unwrap();
    let expected = |source| [source, EXPECTED[1], EXPECTED[2], key.as_str()];
    for name in [
        "linked",
        "linked/creds.json",
        "plain.json",
        "numbered.json",
        "arrays.json",
        "base64.json",
        "one-file.json",
    ] {
        let imported = stores::read(&stores::path(store.path().join(name)), None).unwrap();
        assert_eq!(stores::facts(&imported), expected("baileys"), "{name}");
    }
    for name in ["column.txt", "row.json", "rows.json"] {
        let input = stores::path(store.path().join(name));
        let imported = stores::read(&input, Some("5511999990000")).unwrap();
        assert_eq!(stores::facts(&imported), expected("evolution"), "{name}");
    }
    for name in ["unlinked", "code"] {
        let refused = stores::read(&stores::path(store.path().join(name)), None);
        assert!(matches!(refused, Err(ImportError::NotLinked)), "{name}");
    }
}
