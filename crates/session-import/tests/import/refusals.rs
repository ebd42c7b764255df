//! What is refused, and how.

use std::fs;
use std::io::{self, Read};

use serde_json::{Value, json};
use session_import::error::ImportError;
use session_import::input::{Input, LARGEST_TEXT};
use session_import::source::Source;
use session_import::{detect, read};

use crate::stores;

/// [`stores::CREDS`] with one value replaced, or taken away.
fn creds(pointer: &str, value: Option<Value>) -> String {
    let mut creds: Value = serde_json::from_str(stores::CREDS).unwrap();
    if let Some(value) = value {
        *creds.pointer_mut(pointer).unwrap() = value;
    } else {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        creds.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    }
    creds.to_string()
}

#[test]
fn faulty_credentials_of_baileys() {
    let key = "/noiseKey/private";
    let buffer = |data: &str| Some(json!({ "type": "Buffer", "data": data }));
    for (pointer, value, expected) in [
        ("/me", None, "not linked yet"),
        ("/me", Some(Value::Null), "not linked yet"),
        ("/me", Some(json!("text")), "`me` has an unknown form"),
        ("/me/id", None, "no `me.id`"),
        ("/me/id", Some(json!("")), "not linked yet"),
        ("/me/id", Some(json!("5511999990000@s.whatsapp.net")), "not linked yet"),
        ("/me/id", Some(json!("5511999990000:0@s.whatsapp.net")), "not linked yet"),
        ("/me/id", Some(json!("100000000000001:12@lid")), "`me.id` has an unknown form"),
        ("/me/id", Some(json!("someone")), "`me.id` has an unknown form"),
        ("/me/id", Some(json!(12)), "`me` has an unknown form"),
        ("/noiseKey", Some(json!("text")), "`noiseKey` has an unknown form"),
        (key, None, "no `noiseKey.private`"),
        (key, Some(Value::Null), "no `noiseKey.private`"),
        (key, Some(json!(true)), "`noiseKey.private` has an unknown form"),
        (key, buffer("%%%"), "`noiseKey.private` has an unknown form"),
        (key, buffer("AAAA"), "has 3 bytes where 32"),
        (key, Some(json!([])), "has 0 bytes where 32"),
        (key, Some(json!([1, 2, 3])), "has 3 bytes where 32"),
        (key, Some(json!(vec![0; 32])), "is blank"),
        (key, Some(json!(vec![1; 33])), "has 33 bytes where 32"),
        (key, Some(json!(vec![1; 32])), "does not belong to its private half"),
        ("/noiseKey/public", Some(json!(vec![1; 32])), "does not belong to its private half"),
        ("/noiseKey/public", Some(json!(vec![1; 31])), "has 31 bytes where 32"),
        ("/noiseKey/public", Some(json!({})), "has 0 bytes where 32"),
        ("/noiseKey/public", Some(json!({ "a": 1 })), "`noiseKey.public` has an unknown form"),
    ] {
        let input = stores::bytes(creds(pointer, value));
        let refused = read(&input, Some(Source::Baileys), None).unwrap_err().to_string();
        assert!(refused.contains(expected), "{pointer}: {refused}");
    }
}

#[test]
fn the_public_half_may_be_absent_or_have_its_type_in_front() {
    let stored: Value = serde_json::from_str(stores::CREDS).unwrap();
    let key = hex::decode(stores::CREDS_KEY).unwrap().try_into().unwrap();
    let public = [&[5], &stores::pair(key)[32..]].concat();
    assert!(stored.pointer("/noiseKey/public").is_some());
    for value in [None, Some(Value::Null), Some(json!(public))] {
        assert!(stores::read(&stores::bytes(creds("/noiseKey/public", value)), None).is_ok());
    }
}

#[test]
fn a_lid_of_another_form_is_left_out() {
    for value in [None, Some(Value::Null), Some(json!("")), Some(json!("text"))] {
        let imported = stores::read(&stores::bytes(creds("/me/lid", value)), None).unwrap();
        assert_eq!(imported.credentials.lid, None);
    }
}

#[test]
fn what_is_no_session_is_named() {
    for (content, expected) in [
        ("".as_bytes(), "the input is empty"),
        (b" \n\t", "the input is empty"),
        (b"\xef\xbb\xbf", "the input is empty"),
        (b"one", "text that is not JSON"),
        (b"noiseKey", "a session with something around it"),
        (b"12", "text that is not JSON"),
        (b"\xff\xfe{\0}\0", "neither UTF-8 text nor an SQLite database"),
        (b"\x1f\x8b\x08", "neither UTF-8 text nor an SQLite database"),
        (b"{}", "JSON without `noiseKey`, `creds`"),
        (b"[]", "JSON without `noiseKey`, `creds`"),
        (b"[1, {}]", "JSON without `noiseKey`, `creds`"),
        (b"\"text\"", "JSON without `noiseKey`, `creds`"),
        (b"{\"noiseKey\": ", "damaged at line 1"),
        (b"{\n\"noiseKey\": {}\n} more", "damaged at line 3"),
        (b"{\"creds\": \"{}\"}", "no `noiseKey`"),
        (b"{\"creds\": \"text\"}", "`creds` holds text that is not JSON"),
        (b"{\"creds\": 12}", "rows or JSON without `noiseKey`"),
        (b"{\"noiseKey\": {}}", "not linked yet"),
        (b"SQLite format 3\0", "SQLite cannot read the database (NotADatabase)"),
        (&[b"SQLite format 3\0".as_slice(), &[7; 4096]].concat(), "SQLite cannot read"),
    ] {
        let refused = stores::read(&stores::bytes(content), None).unwrap_err().to_string();
        assert!(refused.contains(expected), "{}: {refused}", String::from_utf8_lossy(content));
    }
}

#[test]
fn strings_within_strings_end_somewhere() {
    let mut text = stores::CREDS.to_owned();
    for layer in 0..6 {
        let read = read(&stores::bytes(&text), Some(Source::Evolution), None);
        assert_eq!(read.is_ok(), layer <= 3, "{layer}");
        text = json!(text).to_string();
    }
}

#[test]
fn another_source_than_the_one_named() {
    let folder = stores::folder();
    let file = folder.path().join("whatsapp.db");
    drop(stores::database(&file, &[stores::WHATSAPP_RUST]));
    for (input, asked, seen) in [
        (stores::bytes(stores::CREDS), Source::Whatsmeow, "a Baileys creds.json"),
        (stores::bytes(stores::CREDS), Source::WhatsappRust, "a Baileys creds.json"),
        (stores::bytes(stores::EVOLUTION_ROWS), Source::Baileys, "a Session row of Evolution API"),
        (stores::bytes("{}"), Source::Evolution, "rows or JSON without `noiseKey`"),
        (stores::bytes("text"), Source::Baileys, "text that is not JSON"),
        (stores::path(&file), Source::Whatsmeow, "a whatsapp-rust database"),
        (stores::path(&file), Source::Baileys, "a whatsapp-rust database"),
    ] {
        let refused = read(&input, Some(asked), None).unwrap_err().to_string();
        let expected = format!("this is not what {asked} stores: it is {seen}");
        assert!(refused.starts_with(&expected), "{refused}");
    }
}

#[test]
fn databases_of_neither_or_both_programs() {
    let (whatsmeow, _) = stores::whatsmeow_schemas();
    let folder = stores::folder();
    for (name, schema, expected) in [
        ("empty", vec!["CREATE TABLE x (y)"], "with neither `whatsmeow_device`"),
        ("device", vec!["CREATE TABLE device (id, name)"], "with neither `whatsmeow_device`"),
        (
            "view",
            vec!["CREATE VIEW device AS SELECT 'x' AS pn, x'' AS noise_key"],
            "with neither `whatsmeow_device`",
        ),
        ("columns", vec!["CREATE TABLE whatsmeow_device (jid)"], "no `noise_key`"),
        ("both", vec![whatsmeow, stores::WHATSAPP_RUST], "choose with `--from"),
    ] {
        let file = folder.path().join(name);
        drop(stores::database(&file, &schema));
        let refused = stores::read(&stores::path(&file), None).unwrap_err().to_string();
        assert!(refused.contains(expected), "{name}: {refused}");
    }
    let both = stores::path(folder.path().join("both"));
    assert!(matches!(detect(&both), Err(ImportError::TwoSources)));
    let chosen = read(&both, Some(Source::WhatsappRust), Some("5511999990001")).unwrap();
    assert_eq!(chosen.source, Source::WhatsappRust);
    assert!(matches!(read(&both, Some(Source::Whatsmeow), None), Err(ImportError::NoDevice)));
}

#[test]
fn values_of_another_type_in_a_database() {
    for (jid, key, expected) in [
        ("NULL", "randomblob(32)", "not linked yet"),
        ("''", "randomblob(32)", "not linked yet"),
        ("12", "randomblob(32)", "`jid` has an unknown form"),
        ("x'ff'", "randomblob(32)", "`jid` has an unknown form"),
        ("CAST(x'ff' AS TEXT)", "randomblob(32)", "`jid` has an unknown form"),
        ("'5511999990000:12@s.whatsapp.net'", "NULL", "`noise_key` has an unknown form"),
        ("'5511999990000:12@s.whatsapp.net'", "'text'", "`noise_key` has an unknown form"),
        ("'5511999990000:12@s.whatsapp.net'", "zeroblob(32)", "is blank"),
        ("'5511999990000:12@s.whatsapp.net'", "randomblob(31)", "has 31 bytes where 32"),
    ] {
        let folder = stores::folder();
        let file = folder.path().join("store.db");
        let table = "CREATE TABLE whatsmeow_device (jid, noise_key)";
        let row = format!("INSERT INTO whatsmeow_device VALUES ({jid}, {key})");
        drop(stores::database(&file, &[table, &row]));
        let refused = stores::read(&stores::path(&file), None).unwrap_err().to_string();
        assert!(refused.contains(expected), "{jid}, {key}: {refused}");
    }
}

#[test]
fn paths_that_lead_nowhere() {
    let folder = stores::folder();
    let absent = stores::path(folder.path().join("absent"));
    assert!(matches!(
        stores::read(&absent, None),
        Err(ImportError::Unreadable { kind: io::ErrorKind::NotFound, .. })
    ));
    let refused = stores::read(&stores::path(folder.path()), None).unwrap_err().to_string();
    assert!(refused.contains("has no creds.json"), "{refused}");
}

#[test]
fn more_than_a_session_takes() {
    let limit = LARGEST_TEXT;
    let refuses = |read: Result<_, ImportError>| matches!(read, Err(ImportError::TooLarge { limit: found }) if found == limit);
    let endless = || io::repeat(b' ').take(limit + 1);
    assert!(refuses(Input::read_from(endless()).map(|_| ())));
    assert!(Input::read_from(io::repeat(b' ').take(limit)).is_ok());
    let folder = stores::folder();
    let file = folder.path().join("creds.json");
    fs::File::create(&file).unwrap().set_len(limit + 1).unwrap();
    assert!(refuses(stores::read(&stores::path(&file), None).map(|_| ())));
    let mut bytes = Vec::new();
    endless().read_to_end(&mut bytes).unwrap();
    assert!(refuses(stores::read(&stores::bytes(bytes), None).map(|_| ())));
}

#[test]
fn a_pipe_that_breaks() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    assert!(matches!(Input::read_from(Broken), Err(ImportError::BrokenPipe(_))));
}

#[test]
fn names_of_sources() {
    for source in Source::ALL {
        assert_eq!(source.name().parse(), Ok(source));
    }
    let unknown = "venom".parse::<Source>().unwrap_err();
    for source in Source::ALL {
        assert!(unknown.to_string().contains(source.name()));
    }
}
