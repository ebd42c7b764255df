//! whatsmeow's database.

use std::fs;

use session_import::error::ImportError;
use session_import::source::Source;
use session_import::{detect, read};

use crate::stores;

const KEY: [u8; 32] = [0x5a; 32];

#[test]
fn before_and_since_lids() {
    let (old, new) = stores::whatsmeow_schemas();
    let folder = stores::folder();
    for (name, schema, lid) in
        [("old", vec![old], ""), ("new", vec![old, new], "100000000000001@lid")]
    {
        let file = folder.path().join(name);
        let connection = stores::database(&file, &schema);
        if lid.is_empty() {
            // The column came with LIDs.
            connection
                .execute_batch("ALTER TABLE whatsmeow_device ADD COLUMN adv_account_sig_key")
                .unwrap();
        }
        stores::add_whatsmeow(&connection, "5511999990000.0:12@s.whatsapp.net", &KEY);
        if !lid.is_empty() {
            connection
                .execute_batch("UPDATE whatsmeow_device SET lid = '100000000000001.1:12@lid'")
                .unwrap();
        }
        drop(connection);
        let input = stores::path(&file);
        assert_eq!(detect(&input).unwrap(), Source::Whatsmeow);
        let imported = read(&input, Some(Source::Whatsmeow), None).unwrap();
        let expected = ["whatsmeow", "5511999990000:12@s.whatsapp.net", lid, &hex::encode(KEY)];
        assert_eq!(stores::facts(&imported), expected);
        let piped = stores::bytes(fs::read(&file).unwrap());
        assert_eq!(stores::facts(&stores::read(&piped, None).unwrap()), expected);
    }
}

#[test]
fn one_of_several() {
    let (old, new) = stores::whatsmeow_schemas();
    let folder = stores::folder();
    let file = folder.path().join("store.db");
    let connection = stores::database(&file, &[old, new]);
    for device in 1..=25 {
        let jid = format!("5511999990000:{device}@s.whatsapp.net");
        stores::add_whatsmeow(&connection, &jid, &[device; 32]);
    }
    drop(connection);
    let input = stores::path(&file);
    let imported = stores::read(&input, Some("5511999990000:12@s.whatsapp.net")).unwrap();
    assert_eq!(*imported.credentials.noise_private_key, [12; 32]);
    assert_eq!(imported.others.len(), 24);
    let refused = stores::read(&input, Some("5511999990000")).unwrap_err();
    assert!(matches!(&refused, ImportError::Several { found } if found.len() == 25));
    assert!(refused.to_string().ends_with(" and 5 more"), "{refused}");
}

/// The tables that whatsmeow makes today, filled with a row.
#[test]
fn as_whatsmeow_makes_it() {
    const NEONIZE: &str = "neonize==0.5.2";
    if !stores::present(&["python3"]) {
        return;
    }
    let folder = stores::installed(NEONIZE);
    fs::write(folder.join("schema.py"), include_str!("whatsmeow/schema.py")).unwrap();
    let python = folder.join("venv/bin/python");
    let library = folder.join("library");
    let complete = folder.join("complete");
    if !complete.exists() {
        stores::run("python3", &["-m", "venv", "venv"].map(AsRef::as_ref), &folder);
        let install =
            ["-m", "pip", "install", "--quiet", "--no-deps", "--target", "library", NEONIZE];
        stores::run(&python, &install.map(AsRef::as_ref), &folder);
        fs::write(&complete, "").unwrap();
    }
    let store = stores::folder();
    let file = store.path().join("store.db");
    let library = library.join("neonize");
    let arguments = ["schema.py".as_ref(), library.as_os_str(), file.as_os_str()];
    stores::run(&python, &arguments, &folder);

    let input = stores::path(&file);
    assert_eq!(detect(&input).unwrap(), Source::Whatsmeow);
    assert!(matches!(stores::read(&input, None), Err(ImportError::NoDevice)));
    let connection = stores::database(&file, &[]);
    stores::add_whatsmeow(&connection, "5511999990000:12@s.whatsapp.net", &KEY);
    connection.execute_batch("UPDATE whatsmeow_device SET lid = '100000000000001:12@lid'").unwrap();
    drop(connection);
    assert_eq!(
        stores::facts(&stores::read(&input, None).unwrap()),
        ["whatsmeow", "5511999990000:12@s.whatsapp.net", "100000000000001@lid", &hex::encode(KEY)]
    );
}
