//! What it says, and that what it says is so.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::rig::{LEAVE, Up, delete};

#[test]
fn it_says_what_runs_and_the_first_leave_answers_200_the_next_404() {
    let up = Up::start(&[]);
    for pointer in ["/dynamodb", "/table", "/sealingKey", "/whatsapp/url", "/account"] {
        assert!(!up.text(pointer).is_empty());
    }
    assert_eq!(up.text("/whatsapp/rootKey").len(), 64);
    assert_eq!(up.text("/instances/0/noiseKey").len(), 64);
    assert!(up.text("/instances/0/jid").ends_with("@s.whatsapp.net"));
    let url = up.text("/url");
    for token in [up.text("/accountToken"), up.text("/instances/0/token")] {
        let group = if token == up.text("/accountToken") {
            "/instances/0/groups/0"
        } else {
            "/instances/0/groups/1"
        };
        let (jid, invite) = (up.text(&format!("{group}/jid")), up.text(&format!("{group}/invite")));
        let path = format!("/api/group/leave/sales?identifier=https://chat.whatsapp.com/{invite}");
        let left = format!(
            r#"{{"success":true,"message":"Successfully left the group","groupJid":"{jid}"}}"#
        );
        assert_eq!(delete(&url, &path, &token), (200, left));
        let gone = r#"{"success":false,"error":{"message":"Group not found or you are not a member of this group"}}"#;
        assert_eq!(delete(&url, &path, &token), (404, gone.to_owned()));
    }
    let (status, _) =
        delete(&url, "/api/group/leave/sales?identifier=%zz", &up.text("/accountToken"));
    assert_eq!(status, 400);
    let (status, _) = delete(&url, "/api/group/leave/%zz?identifier=A", &up.text("/accountToken"));
    assert_eq!(status, 400);
    assert_eq!(up.stop("-TERM"), (Some(0), String::new()));
}

#[test]
fn other_backends_can_be_used_in_place_of_its_own() {
    let own = Up::start(&[]);
    let (dynamodb, whatsapp) = (own.text("/dynamodb"), own.text("/whatsapp/url"));
    let root = own.text("/whatsapp/rootKey");
    let other =
        Up::start(&["--dynamodb", &dynamodb, "--whatsapp", &whatsapp, "--whatsapp-root", &root]);
    assert_eq!(other.text("/dynamodb"), dynamodb);
    assert_eq!(other.text("/whatsapp/url"), whatsapp);
    assert_eq!(other.said["simulatedPhones"], Value::Null, "the phones are the other's");
    // That WhatsApp does not know the keys that were made for it here.
    let (status, body) = delete(&other.text("/url"), LEAVE, &other.text("/accountToken"));
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("not connected"), "{body}");
}

#[test]
fn without_json_it_prints_lines_to_copy() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_leavectl"))
        .args(["up", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let is_last = line.starts_with("Ctrl-C");
        lines.push(line);
        if is_last {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!((8..=12).contains(&lines.len()), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("curl -X DELETE")).count(), 2);
}
