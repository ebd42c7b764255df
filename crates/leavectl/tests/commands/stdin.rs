//! Secrets on standard input, with `-` in their place.

use std::io::Write;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local_stack::phones::{ADDRESS, Phones};
use serde_json::json;

use crate::rig::{Ran, Rig};

const PROXY: &str = "http://user:the-password-0001@127.0.0.1:9";

/// Runs `leavectl` with `text` on its standard input.
fn given(rig: &Rig, arguments: &[&str], text: &str) -> Ran {
    let mut child = rig
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that refuses before it reads has closed it.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    Ran::of(tokio::task::block_in_place(|| child.wait_with_output().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_set_from_standard_input() {
    let rig = Rig::start().await;
    let set = ["instance", "set-proxy", "acme", "sales", "-"];
    let ran = given(&rig, &set, &format!("{PROXY}\n"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("through http://…@127.0.0.1:9"), "{ran:?}");
    rig.refused_with(4, &["group", "sync", "acme", "sales"], "proxy");
    for (text, why) in [
        ("", "its first line is empty"),
        ("the-password-0001", "a proxy is http://HOST:PORT"),
        ("ftp://user:the-password-0001@h:1\n", "a proxy is http://HOST:PORT"),
    ] {
        let ran = given(&rig, &set, text);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stderr.contains(why), "{ran:?}");
        assert!(!ran.stderr.contains("the-password"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_and_a_linked_device_take_a_proxy_from_standard_input() {
    let rig = Rig::start().await;
    let device = rig.simulator().link_device("5511999990004");
    let creds = json!({
        "noiseKey": {"private": STANDARD.encode(device.noise_private_key)},
        "me": {"id": device.jid},
    });
    let name = format!("{}-proxied.json", std::process::id());
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, creds.to_string()).unwrap();
    let file = path.to_str().unwrap();
    let import = |file| ["instance", "import", "acme", "taken", file, "--offline", "--proxy", "-"];
    let ran = given(&rig, &import(file), PROXY);
    assert_eq!(ran.code, 0, "{ran:?}");
    rig.refused_with(4, &["group", "sync", "acme", "taken"], "proxy");
    // Both cannot be there.
    let ran = given(&rig, &import("-"), PROXY);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("cannot hold both"), "{ran:?}");

    let ran = given(&rig, &["instance", "link", "acme", "new", "--json", "--proxy", "-"], PROXY);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(!ran.stderr.contains("the-password"), "{ran:?}");
    assert_eq!(rig.simulator().record().connections, 0, "nothing went another way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_takes_its_code_from_standard_input() {
    let mut rig = Rig::start().await;
    let phones = Phones::start(rig.simulator()).await.unwrap();
    rig.set(ADDRESS, &phones.url());
    for (what, text) in [("enter", "ABCD-1234"), ("scan", "2@none")] {
        let here = rig.run(&["phone", what, "5511999990003", text]);
        let there = given(&rig, &["phone", what, "5511999990003", "-"], text);
        assert_eq!((here.code, &here.stderr), (there.code, &there.stderr));
        let empty = given(&rig, &["phone", what, "5511999990003", "-"], "\n");
        assert_eq!(empty.code, 1, "{empty:?}");
        assert!(empty.stderr.contains("its first line is empty"), "{empty:?}");
    }
}
