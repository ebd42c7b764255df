//! whatsapp-rust's database.

use session_import::error::ImportError;
use session_import::source::Source;
use session_import::{detect, read};

use crate::stores;

#[test]
fn as_whatsapp_rust_stored_it() {
    let folder = stores::folder();
    let file = folder.path().join("whatsapp.db");
    drop(stores::database(&file, &[stores::WHATSAPP_RUST]));
    let input = stores::path(&file);
    assert_eq!(detect(&input).unwrap(), Source::WhatsappRust);
    for (wanted, expected) in [
        (
            "5511999990001",
            [
                "whatsapp-rust",
                "5511999990001:7@s.whatsapp.net",
                "100000000000001@lid",
                "506bf6eb5f6954e19703dea03e26fc1887d04fd5f340e407e28a072b9594ed61",
            ],
        ),
        (
            "5511999990002:3",
            [
                "whatsapp-rust",
                "5511999990002:3@s.whatsapp.net",
                "",
                "180fe826a3738e758ed7a9c12cd94e14e6672702128c706c9b8cc60d07f89151",
            ],
        ),
    ] {
        let imported = read(&input, Some(Source::WhatsappRust), Some(wanted)).unwrap();
        assert_eq!(stores::facts(&imported), expected);
        assert_eq!(imported.others.len(), 1);
    }
}

/// It keeps all of a young database in the log while it runs.
#[test]
fn while_whatsapp_rust_runs() {
    let folder = stores::folder();
    let file = folder.path().join("whatsapp.db");
    let mode = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0";
    let connection = stores::database(&file, &[mode, stores::WHATSAPP_RUST]);
    let imported = stores::read(&stores::path(&file), Some("5511999990001:7")).unwrap();
    assert_eq!(imported.others.len(), 1);
    drop(connection);
}

#[test]
fn from_its_first_version() {
    let folder = stores::folder();
    let file = folder.path().join("whatsapp.db");
    let connection = stores::database(&file, &[stores::WHATSAPP_RUST_INITIAL]);
    let pair = stores::pair([0x5a; 32]);
    let (lid, pn) = ("100000000000001:7@lid", "5511999990001:7@s.whatsapp.net");
    stores::add_whatsapp_rust(&connection, lid, pn, &pair);
    drop(connection);
    let imported = stores::read(&stores::path(&file), None).unwrap();
    assert_eq!(
        stores::facts(&imported),
        ["whatsapp-rust", pn, "100000000000001@lid", &hex::encode([0x5a; 32])]
    );
}

#[test]
fn keys_that_are_no_pair() {
    let pair = stores::pair([0x5a; 32]);
    let mut other = pair.clone();
    other[63] ^= 1;
    for (key, expected) in [
        (pair[..32].to_vec(), "has 32 bytes where 64"),
        (pair[..63].to_vec(), "has 63 bytes where 64"),
        ([pair.as_slice(), &[0]].concat(), "has 65 bytes where 64"),
        (vec![], "has 0 bytes where 64"),
        (vec![0; 64], "is blank"),
        (vec![1; 1000], "`noise_key` has an unknown form"),
        (other, "does not belong to its private half"),
    ] {
        let folder = stores::folder();
        let file = folder.path().join("whatsapp.db");
        let connection = stores::database(&file, &[stores::WHATSAPP_RUST_INITIAL]);
        stores::add_whatsapp_rust(&connection, "", "5511999990001:7@s.whatsapp.net", &key);
        drop(connection);
        let refused = stores::read(&stores::path(&file), None).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn a_device_that_waits_to_be_linked() {
    for pn in ["", "5511999990001@s.whatsapp.net"] {
        let folder = stores::folder();
        let file = folder.path().join("whatsapp.db");
        let connection = stores::database(&file, &[stores::WHATSAPP_RUST_INITIAL]);
        stores::add_whatsapp_rust(&connection, "", pn, &stores::pair([1; 32]));
        drop(connection);
        assert!(matches!(stores::read(&stores::path(&file), None), Err(ImportError::NotLinked)));
    }
}
