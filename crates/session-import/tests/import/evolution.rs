//! Evolution API's table `Session`.

use serde_json::{Value, json};
use session_import::error::ImportError;
use session_import::source::Source;
use session_import::{detect, read};

use crate::stores;

const EXPECTED: [&str; 4] =
    ["evolution", "5511999990000:12@s.whatsapp.net", "100000000000001@lid", stores::CREDS_KEY];

#[test]
fn one_of_several_rows() {
    let input = stores::bytes(stores::EVOLUTION_ROWS);
    assert_eq!(detect(&input).unwrap(), Source::Evolution);
    let imported = stores::read(&input, Some("5511999990000:12")).unwrap();
    assert_eq!(stores::facts(&imported), EXPECTED);
    let others: Vec<_> = imported.others.iter().map(ToString::to_string).collect();
    assert_eq!(others, ["5511999990002:3@s.whatsapp.net"]);
    assert!(
        matches!(stores::read(&input, None), Err(ImportError::Several { found }) if found.len() == 2)
    );
}

#[test]
fn one_row_in_the_forms_that_tools_export() {
    let rows: Vec<Value> = serde_json::from_str(stores::EVOLUTION_ROWS).unwrap();
    let column = rows[0]["creds"].as_str().unwrap();
    let baileys: Value = serde_json::from_str(stores::CREDS).unwrap();
    for text in [
        column.to_owned(),
        json!(column).to_string(),
        json!({ "creds": column }).to_string(),
        json!({ "sessionId": "one", "creds": stores::CREDS }).to_string(),
        json!({ "sessionId": "one", "creds": baileys }).to_string(),
        json!([{ "sessionId": "one", "creds": column }]).to_string(),
        // The other row's credentials are gone, which does not matter.
        json!([{ "creds": "" }, { "creds": column }, { "creds": null }]).to_string(),
    ] {
        let input = stores::bytes(&text);
        assert_eq!(detect(&input).unwrap(), Source::Evolution, "{text}");
        for from in [None, Some(Source::Evolution)] {
            assert_eq!(stores::facts(&read(&input, from, None).unwrap()), EXPECTED);
        }
    }
}

#[test]
fn the_column_without_its_strings_is_taken_as_evolutions_where_asked() {
    let imported = read(&stores::bytes(stores::CREDS), Some(Source::Evolution), None).unwrap();
    assert_eq!(stores::facts(&imported), EXPECTED);
}
