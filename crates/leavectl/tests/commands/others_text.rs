//! Text that others chose: on a terminal nothing of it is hidden or acts, to a program
//! it is what it is.

use std::io::{Read, Write};
use std::net::TcpListener;

use whatsapp_simulator::{NewGroup, Rank};

use crate::rig::{GROUP, Rig};

/// Clears the screen, turns the rest around, hides letters, and pretends to be a line.
const HOSTILE: &str = "Leads\u{1b}[2J\u{202e}sdaeL\u{2066}\u{200b}\u{200f}\u{2060}\u{feff}\u{e0041}\u{9b}31m\u{7f}\nNext";
const SHOWN: &str = "Leads<U+001B>[2J<U+202E>sdaeL<U+2066><U+200B><U+200F><U+2060><U+FEFF><U+E0041><U+009B>31m<U+007F><U+000A>Next";

/// Only ends of lines act on a terminal, and everything else is seen.
fn is_harmless(text: &str) -> bool {
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(u32::from(c), 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe0000..=0xe0fff)
    };
    !text.chars().any(hidden)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_groups_subject_is_shown_with_all_that_is_hidden_in_it() {
    let rig = Rig::start().await;
    let group = NewGroup::new(HOSTILE)
        .jid(GROUP)
        .member("5511988880000", Rank::Superadmin)
        .member(&rig.device.phone, Rank::Member);
    rig.simulator().create_group(group);
    rig.ok(&["group", "sync", "acme", "sales"]);
    let list = ["group", "list", "acme", "sales"];
    let rehearsal = ["leave", "acme", "sales", GROUP, "--dry-run"];
    for arguments in [&list[..], &rehearsal[..]] {
        let shown = rig.ok(arguments);
        assert!(is_harmless(&shown), "{shown:?}");
        assert_eq!(shown.lines().count(), 1, "{shown}");
        assert!(shown.trim_end().ends_with(SHOWN), "{shown}");

        let json = rig.ok(&[arguments, &["--json"]].concat());
        assert!(is_harmless(&json), "{json:?}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let subject = value.pointer("/groups/0/subject");
        let subject = subject.or(value.pointer("/results/0/group/subject")).unwrap();
        assert_eq!(subject, HOSTILE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_identifiers_are_shown_alike_and_tables_stay_aligned() {
    let rig = Rig::start().await;
    rig.ok(&["account", "create", "other", "--note", HOSTILE]);
    rig.ok(&["token", "issue", "acme", "--note", HOSTILE]);
    rig.ok(&["token", "issue", "acme", "--instance", "sales", "--note", "plain"]);
    for (arguments, pointer) in [
        (&["account", "list"][..], "/accounts/1/note"),
        (&["token", "list", "acme"], "/tokens"),
        (&["instance", "show", "acme", "sales"], "/tokens"),
    ] {
        let shown = rig.ok(arguments);
        assert!(is_harmless(&shown), "{shown:?}");
        assert!(shown.contains(SHOWN), "{shown}");
        let json = rig.ok(&[arguments, &["--json"]].concat());
        assert!(is_harmless(&json), "{json:?}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(value.pointer(pointer).is_some(), "{json}");
    }
    let listed = rig.ok(&["account", "list"]);
    let column = listed.lines().next().unwrap().find("NOTE").unwrap();
    let other = listed.lines().find(|line| line.starts_with("other")).unwrap();
    assert_eq!(&other[column..], SHOWN);
    let hidden = format!("{GROUP}\u{202e}");
    let ran = rig.run(&["leave", "acme", "sales", &hidden, "--yes"]);
    assert!(is_harmless(&ran.stdout) && is_harmless(&ran.stderr), "{ran:?}");
    assert!(ran.stdout.contains("<U+202E>"), "{ran:?}");
}

/// What a server says is in errors.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_repeats_a_servers_text_is_harmless() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut rig = Rig::start().await;
    rig.set("SIMULATED_PHONES", &format!("http://{}", listener.local_addr().unwrap()));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).unwrap();
        let answer = format!(
            "HTTP/1.1 409 Conflict\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{HOSTILE}",
            HOSTILE.len()
        );
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let ran = rig.run(&["phone", "enter", "5511999990003", "ABCD-1234"]);
    server.join().unwrap();
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(is_harmless(&ran.stderr), "{ran:?}");
    assert!(ran.stderr.contains("<U+202E>sdaeL<U+2066>"), "{ran:?}");
}
