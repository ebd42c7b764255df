//! Rows and documents out of databases, as their tools export them.

use serde_json::{Value, json};
use session_import::error::ImportError;
use session_import::source::Source;
use session_import::{detect, read};

use crate::stores;

const JID: &str = "5511999990000:12@s.whatsapp.net";
const LID: &str = "100000000000001@lid";

/// Every form, with whose it is. Those of `Baileys` and Evolution API hold
/// [`stores::CREDS`].
const EXPORTS: [(&str, &str, Source); 11] = [
    ("prisma.json", include_str!("rows/prisma.json"), Source::Baileys),
    ("prisma.csv", include_str!("rows/prisma.csv"), Source::Baileys),
    // `mongoexport`, documents one after another.
    ("mongo-text.jsonl", include_str!("rows/mongo-text.jsonl"), Source::Baileys),
    // Extended JSON, version 2 and version 1.
    ("mongo-binary.json", include_str!("rows/mongo-binary.json"), Source::Baileys),
    ("mongo-binary-v1.json", include_str!("rows/mongo-binary-v1.json"), Source::Baileys),
    ("mongo-canonical.json", include_str!("rows/mongo-canonical.json"), Source::Baileys),
    // As `JSON.stringify` has the driver's `Binary`.
    ("mongo-driver.json", include_str!("rows/mongo-driver.json"), Source::Baileys),
    ("evolution.csv", include_str!("rows/evolution.csv"), Source::Evolution),
    // `psql -Atc 'select row_to_json(d) from whatsmeow_device d'`
    ("whatsmeow.jsonl", include_str!("rows/whatsmeow.jsonl"), Source::Whatsmeow),
    // `\copy whatsmeow_device to … csv header`
    ("whatsmeow.csv", include_str!("rows/whatsmeow.csv"), Source::Whatsmeow),
    ("creds.json", stores::CREDS, Source::Baileys),
];

fn export(wanted: &str) -> &'static str {
    EXPORTS.iter().find(|(name, ..)| *name == wanted).unwrap().1
}

#[test]
fn every_form_of_an_export_is_read() {
    for (name, text, source) in EXPORTS {
        let crlf = text.replace('\n', "\r\n");
        for text in [text, &crlf, &format!("\u{feff}{text}\n\n")] {
            let input = stores::bytes(text);
            assert_eq!(detect(&input).unwrap(), source, "{name}");
            for from in [None, Some(source)] {
                let imported = read(&input, from, Some("5511999990000:12")).unwrap();
                let expected = [source.name(), JID, LID, stores::CREDS_KEY];
                assert_eq!(stores::facts(&imported), expected, "{name}");
            }
        }
    }
}

#[test]
fn the_other_devices_of_an_export_are_named() {
    for name in ["evolution.csv", "whatsmeow.jsonl", "whatsmeow.csv"] {
        let input = stores::bytes(export(name));
        let imported = stores::read(&input, Some(JID)).unwrap();
        let others: Vec<_> = imported.others.iter().map(ToString::to_string).collect();
        assert_eq!(others, ["5511999990002:3@s.whatsapp.net"], "{name}");
        assert!(matches!(stores::read(&input, None), Err(ImportError::Several { .. })), "{name}");
    }
}

/// A change that no key survives, in the stored public half.
#[test]
fn a_key_that_does_not_give_the_stored_public_half_is_refused_in_every_form() {
    let public = "WRJLDfiFN+9D8W/sPHOK0I6mJ/phiCFVaM0PrW3hRlY=";
    let other = "XRJLDfiFN+9D8W/sPHOK0I6mJ/phiCFVaM0PrW3hRlY=";
    let numbers = r#"{"$numberInt": "89"}, {"$numberInt": "18"}"#;
    for (name, text, source) in EXPORTS {
        if source == Source::Whatsmeow {
            continue;
        }
        let changed = text
            .replace(public, other)
            .replace(numbers, r#"{"$numberInt": "93"}, {"$numberInt": "18"}"#);
        assert_ne!(changed, text, "{name}");
        let refused = stores::read(&stores::bytes(&changed), Some("5511999990000:12"));
        assert!(matches!(refused, Err(ImportError::KeyMismatch)), "{name}: {refused:?}");
    }
}

#[test]
fn a_jid_on_the_old_server_is_the_same_device() {
    for (stored, expected) in [
        ("5511999990000:12@c.us", Some(JID)),
        ("5511999990000.0:12@c.us", Some(JID)),
        ("5511999990000_0:12@c.us", Some(JID)),
        ("5511999990000@c.us", None),
        ("5511999990000:0@c.us", None),
    ] {
        let text = stores::CREDS.replace(JID, stored);
        let read = stores::read(&stores::bytes(text), None);
        match expected {
            Some(jid) => {
                assert_eq!(read.unwrap().credentials.device.to_string(), jid, "{stored}");
            }
            None => assert!(matches!(read, Err(ImportError::NotLinked)), "{stored}"),
        }
        let row = export("whatsmeow.csv").replace(JID, stored);
        let found = stores::read(&stores::bytes(row), Some(JID)).is_ok();
        assert_eq!(found, expected.is_some(), "{stored}");
    }
    let other_agent = stores::CREDS.replace(JID, "5511999990000.1:12@c.us");
    let refused = stores::read(&stores::bytes(other_agent), None);
    assert!(matches!(refused, Err(ImportError::Malformed("me.id"))), "{refused:?}");
}

#[test]
fn bytes_of_postgres_in_the_forms_that_tools_give_them() {
    let digits = stores::CREDS_KEY;
    let base64 = "OOYDZGqJ4hR0x4GQB16SnKGjx/PiReuYEKA3gyJ7vl8=";
    for key in [
        json!(format!("\\x{digits}")),
        json!(format!("\\\\x{digits}")),
        json!(format!("\\x{}", digits.to_uppercase())),
        json!(format!("0x{digits}")),
        json!(digits),
        json!(base64),
        json!({ "type": "Buffer", "data": base64 }),
    ] {
        let row = json!({ "jid": JID, "noise_key": key });
        let imported = stores::read(&stores::bytes(row.to_string()), None).unwrap();
        assert_eq!(stores::facts(&imported), ["whatsmeow", JID, "", digits], "{row}");
    }
}

/// What was found, and what to give in place of it.
#[test]
fn near_misses_say_what_was_found_and_what_to_give() {
    let rows: Value = serde_json::from_str(export("prisma.json")).unwrap();
    let keys_only = json!([rows[0], rows[2]]).to_string();
    let wrapped = json!({ "result": rows }).to_string();
    let without_names = |name| export(name).split_once('\n').unwrap().1.to_owned();
    let drawn = format!(" jid | noise_key \n-----+-----------\n {JID} | \\x00\n(1 row)");
    let dump = format!("COPY public.whatsmeow_device (jid, noise_key) FROM stdin;\n{JID}\t\\\\x00");
    let insert = format!("INSERT INTO \"Session\" VALUES ('one', '{}');", stores::CREDS);
    let pn = json!({ "pn": JID, "lid": "", "noise_key": [1, 2] }).to_string();
    let row = |key: &str| json!({ "jid": JID, "noise_key": key }).to_string();
    let creds = |text: &str| json!({ "id": "creds", "data": text }).to_string();
    for (text, found, instead) in [
        (keys_only.as_str(), "Signal keys of Baileys", "the row whose key is `creds`"),
        (r#"{"private":"AA==","public":"AA=="}"#, "Signal keys of Baileys", "creds.json"),
        (&wrapped, "something around it", "Give the row alone as JSON"),
        (
            &without_names("evolution.csv"),
            "without its line of names",
            "CSV with the line of names",
        ),
        (&without_names("prisma.csv"), "without its line of names", "CSV with the line of names"),
        (&drawn, "a table drawn for people", "psql -Atc"),
        (&dump, "an SQL dump", "select row_to_json(d) from whatsmeow_device d"),
        (&insert, "an SQL dump", "select creds from \"Session\""),
        (&pn, "a row of whatsapp-rust's", "Give whatsapp-rust's SQLite file"),
        (&row("\\003\\377"), "`noise_key` is neither hex nor base64", "bytea_output = hex"),
        (&row("\\x5"), "`noise_key` is neither hex nor base64", "in hex"),
        (&row("\\x5a5a"), "has 2 bytes where 32", "export the session again"),
        (&row(""), "has 0 bytes where 32", "export the session again"),
        (&creds("U2FsdGVkX1+x"), "text that is not JSON (encrypted", "which begins with {"),
        (&creds(""), "not linked yet", "Finish linking it"),
        ("id,creds\none,\"{", "the CSV is damaged at line 2", "export it again"),
        ("id,creds\none,\"a\"b\"", "the CSV is damaged at line 2", "quotes are doubled"),
        ("creds\n", "cannot tell", "Accepted are"),
        ("one,two\n1,2", "text that is not JSON", "Accepted are"),
    ] {
        let refused = stores::read(&stores::bytes(text), None).unwrap_err().to_string();
        assert!(refused.contains(found), "{text}: {refused}");
        assert!(refused.contains(instead), "{text}: {refused}");
    }
}

#[test]
fn an_export_of_two_programs_asks_which() {
    let both = format!("{}\n{}", export("whatsmeow.jsonl"), export("prisma.json"));
    let input = stores::bytes(&both);
    assert!(matches!(detect(&input), Err(ImportError::TwoSources)));
    assert!(matches!(stores::read(&input, None), Err(ImportError::TwoSources)));
    for source in [Source::Baileys, Source::Whatsmeow] {
        let imported = read(&input, Some(source), Some("5511999990000")).unwrap();
        assert_eq!(imported.source, source);
    }
}
