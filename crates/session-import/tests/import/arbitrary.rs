//! Whatever comes in: no panic, and no secret in an error.

use std::sync::LazyLock;

use proptest::prelude::*;
use session_import::source::Source;
use session_import::{detect, read};

use crate::stores;

/// A database with a key that is also text, to find it again by either form.
const KEY: &[u8; 32] = b"Kd7sWqL2zXv9RtYb4NmPc6GhJf3AeU8o";

static DATABASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (old, new) = stores::whatsmeow_schemas();
    let folder = stores::folder();
    let file = folder.path().join("store.db");
    let connection = stores::database(&file, &["PRAGMA page_size = 512", old, new]);
    stores::add_whatsmeow(&connection, "5511999990000:12@s.whatsapp.net", KEY);
    drop(connection);
    std::fs::read(&file).unwrap()
});

/// Reads in every way; where it is refused, the text has no six characters of a secret.
fn survives(content: &[u8]) -> Result<(), TestCaseError> {
    let secrets = [
        "OOYDZGqJ4hR0x4GQB16SnKGjx/PiReuYEKA3gyJ7vl8=".as_bytes(),
        stores::CREDS_KEY.as_bytes(),
        KEY,
    ];
    let input = stores::bytes(content);
    let mut refusals = Vec::new();
    refusals.extend(detect(&input).err());
    for from in [None].into_iter().chain(Source::ALL.map(Some)) {
        refusals.extend(read(&input, from, None).err());
    }
    for refusal in refusals {
        let text = format!("{refusal} {refusal:?}");
        for secret in secrets {
            let told = secret
                .windows(6)
                .any(|part| text.as_bytes().windows(part.len()).any(|window| window == part));
            prop_assert!(!told, "{}", text);
        }
    }
    Ok(())
}

/// Some bytes of `content` replaced, and its end cut off.
fn damage(content: &[u8], changes: &[(prop::sample::Index, u8)], end: usize) -> Vec<u8> {
    let mut damaged = content.to_vec();
    for (index, byte) in changes {
        let at = index.index(damaged.len());
        damaged[at] = *byte;
    }
    damaged.truncate(damaged.len().saturating_sub(end));
    damaged
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(
        start in prop::sample::select(vec![&b""[..], b"{", b"[", b"\"", b"{\"noiseKey\":", b"{\"creds\":\"", b"SQLite format 3\0"]),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        survives(&[start, &bytes].concat())?;
    }

    #[test]
    fn damaged_credentials(changes in changes(), end in 0..1300_usize, whole in any::<bool>()) {
        survives(&damage(stores::CREDS.as_bytes(), &changes, if whole { 0 } else { end }))?;
    }

    #[test]
    fn damaged_rows(changes in changes(), end in 0..5000_usize, whole in any::<bool>()) {
        survives(&damage(stores::EVOLUTION_ROWS.as_bytes(), &changes, if whole { 0 } else { end }))?;
    }

    #[test]
    fn damaged_databases(changes in changes(), end in 0..4000_usize, whole in any::<bool>()) {
        survives(&damage(&DATABASE, &changes, if whole { 0 } else { end }))?;
    }

    /// The secret where a JID or a table's name is expected.
    #[test]
    fn misplaced_secrets(place in 0..4_usize) {
        let secret = "OOYDZGqJ4hR0x4GQB16SnKGjx/PiReuYEKA3gyJ7vl8=";
        let text = match place {
            0 => stores::CREDS.replace("5511999990000:12@s.whatsapp.net", secret),
            1 => stores::CREDS.replace("me", secret),
            2 => format!("{{\"creds\": \"{secret}\"}}"),
            _ => format!("{{\"noiseKey\": \"{secret}\", \"me\": \"{secret}\"}}"),
        };
        survives(text.as_bytes())?;
    }
}
