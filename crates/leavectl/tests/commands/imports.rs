//! `leavectl instance import`. What each program's store looks like is tested with
//! the crate that reads them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::rig::{GROUP, Ran, Rig};

/// A Baileys store of a device that WhatsApp knows, linked by something else.
fn creds(rig: &Rig) -> (String, String) {
    let device = rig.simulator().link_device("5511999990004");
    let key = STANDARD.encode(device.noise_private_key);
    let creds = json!({
        "noiseKey": {"private": {"type": "Buffer", "data": key}},
        "me": {"id": device.jid, "lid": device.lid},
        "registered": true,
    });
    (creds.to_string(), device.jid)
}

fn file(name: &str, text: &str) -> PathBuf {
    let name = format!("{}-{name}", std::process::id());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_session_leaves_a_group() {
    let rig = Rig::start().await;
    rig.groups();
    rig.simulator().add_member(GROUP, "5511999990004");
    let (creds, jid) = creds(&rig);
    let path = file("creds.json", &creds);
    let told = rig.ok(&["instance", "import", "acme", "taken", path.to_str().unwrap()]);
    assert!(told.contains(&jid) && told.contains("baileys"), "{told}");
    assert!(told.contains("two programs on one linked device throw each other out"), "{told}");
    assert_eq!(rig.simulator().record().logins(&jid), 1, "the key was proved");
    rig.ok(&["leave", "acme", "taken", GROUP, "--yes"]);
    assert!(!rig.simulator().is_member(GROUP, "5511999990004"));
    let stored = format!("{:?}", rig.provisioner.items().await.unwrap());
    let key = creds.split("\"data\":\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(!stored.contains(key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_chosen_by_its_phone_number_as_people_write_it() {
    let rig = Rig::start().await;
    let (creds, jid) = creds(&rig);
    let path = file("chosen.json", &creds);
    let import = ["instance", "import", "acme", "taken", path.to_str().unwrap(), "--jid"];
    rig.refused(&[&import[..], &["+55 (11) 99999-0005"]].concat(), &jid);
    let told = rig.ok(&[&import[..], &["+55 (11) 99999-0004"]].concat());
    assert!(told.contains(&jid), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stdin_is_read_too() {
    let rig = Rig::start().await;
    let (creds, jid) = creds(&rig);
    let arguments = ["instance", "import", "acme", "taken", "--from", "baileys", "-"];
    let mut child = rig
        .command(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(creds.as_bytes()).unwrap();
    let output = tokio::task::block_in_place(|| child.wait_with_output().unwrap());
    let ran = Ran::of(output);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains(&jid), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_whatsapp_does_not_know_is_not_stored_unless_offline() {
    let rig = Rig::start().await;
    let (creds, jid) = creds(&rig);
    let other = STANDARD.encode([7; 32]);
    let key = creds.split("\"data\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = file("wrong.json", &creds.replace(&key, &other));
    let arguments = ["instance", "import", "acme", "taken", path.to_str().unwrap()];
    rig.refused(&arguments, "nothing was stored");
    rig.refused(&["instance", "show", "acme", "taken"], "does not exist");
    let ran = rig.run(&[&arguments[..], &["--offline"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("Not proved"), "{ran:?}");
    // One device, one instance.
    let again = file("right.json", &creds);
    rig.refused(
        &["instance", "import", "acme", "another", again.to_str().unwrap()],
        &format!("device {jid} is linked to instance acme/taken"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_session_is_refused_and_a_wrong_flag_is_usage() {
    let rig = Rig::start().await;
    let path = file("nothing.json", "{}");
    let path = path.to_str().unwrap();
    assert_eq!(rig.run(&["instance", "import", "acme", "taken", path]).code, 1);
    assert_eq!(rig.run(&["instance", "import", "acme", "taken", "/no/such/file"]).code, 1);
    assert_eq!(
        rig.run(&["instance", "import", "acme", "taken", path, "--from", "telegram"]).code,
        2
    );
    let proxy = "http://user:the-password@host";
    let ran = rig.run(&["instance", "import", "acme", "taken", path, "--proxy", proxy]);
    assert_eq!(ran.code, 2);
    assert_eq!(rig.simulator().record().connections, 0);
}

/// A refusal says something about the key: no flag makes it better.
#[tokio::test(flavor = "multi_thread")]
async fn offline_is_named_only_where_whatsapp_was_not_reached() {
    let mut rig = Rig::start().await;
    let (creds, _) = creds(&rig);
    let path = file("hint.json", &creds);
    let import = ["instance", "import", "acme", "taken", path.to_str().unwrap()];
    for reason in [401, 402, 405, 503] {
        let failure = Reaction::Failure { reason, expire: Some(60) };
        rig.simulator().script(Fault::new(Moment::Login, failure));
        let ran = rig.run(&import);
        let code = if matches!(reason, 402 | 503) { 4 } else { 1 };
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stderr.contains("nothing was stored"), "{ran:?}");
        assert!(!ran.stderr.contains("--offline"), "{ran:?}");
    }
    rig.set("WHATSAPP_URL", "ws://127.0.0.1:1/ws/chat");
    rig.refused_with(4, &import, "add --offline");
}

/// A key that no login has proved, over one that works: that is not taken back.
#[tokio::test(flavor = "multi_thread")]
async fn a_working_key_is_replaced_by_an_unproved_one_only_with_consent() {
    let rig = Rig::start().await;
    let noise = STANDARD.encode([7; 32]);
    let creds = json!({"noiseKey": {"private": noise}, "me": {"id": rig.device.jid}});
    let path = file("unproved.json", &creds.to_string());
    let import = ["instance", "import", "acme", "sales", path.to_str().unwrap(), "--offline"];
    rig.refused(&import, "one that no login has proved");
    assert_eq!(rig.run(&["instance", "check", "acme", "sales"]).code, 0);
    rig.ok(&[&import[..], &["-y"]].concat());
    // Another number is refused whoever consents.
    let other = rig.simulator().link_device("5511999990009");
    let creds = json!({"noiseKey": {"private": noise}, "me": {"id": other.jid}});
    let path = file("other-number.json", &creds.to_string());
    for more in [&[][..], &["-y"]] {
        let import = ["instance", "import", "acme", "sales", path.to_str().unwrap()];
        rig.refused(&[&import[..], more].concat(), "belongs to the number of");
    }
}
