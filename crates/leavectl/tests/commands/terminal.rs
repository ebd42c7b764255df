//! What is different on a terminal.

use crate::pty::Pty;
use crate::rig::{COMMUNITY, GROUP, Rig};

#[tokio::test(flavor = "multi_thread")]
async fn colours_are_for_a_terminal_and_not_for_no_color() {
    let mut rig = Rig::start().await;
    let (code, shown) = Pty::of(&rig).run("account list", "").await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("\u{1b}[1mACCOUNT"), "{shown:?}");
    rig.set("NO_COLOR", "1");
    let (_, shown) = Pty::of(&rig).run("account list", "").await;
    assert!(shown.contains("ACCOUNT") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dumb_terminal_gets_nothing_that_it_cannot_do() {
    let rig = Rig::start().await;
    for arguments in ["account list", "--help", "leave --nothing", "instance check acme sales"] {
        let pty = Pty::of(&rig).size(80, 40).with("TERM", "dumb");
        let (_, shown) = pty.run(arguments, "").await;
        assert!(!shown.is_empty() && !shown.contains('\u{1b}'), "{shown:?}");
        // Where it can, all of these have colours.
        let (_, shown) = Pty::of(&rig).size(80, 40).run(arguments, "").await;
        assert!(shown.contains('\u{1b}'), "{shown:?}");
    }
}

/// Lines are not broken, so that an example can be copied from any terminal.
#[tokio::test(flavor = "multi_thread")]
async fn help_is_the_same_text_on_every_terminal() {
    let rig = Rig::start().await;
    let help = rig.ok(&["leave", "--help"]);
    for columns in [60, 80] {
        for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("LC_ALL", "pt_BR.UTF-8")] {
            let pty = Pty::of(&rig).size(columns, 40).with(name, value);
            let (code, shown) = pty.run("leave --help", "").await;
            assert_eq!(code, Some(0), "{shown}");
            assert_eq!(without_colours(&shown).replace("\r\n", "\n"), help);
            assert_eq!(shown.contains('\u{1b}'), name == "LC_ALL", "{name}: {shown:?}");
        }
    }
}

fn without_colours(shown: &str) -> String {
    let mut pieces = shown.split('\u{1b}');
    let first = pieces.next().unwrap().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('m').unwrap().1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_too_wide_becomes_records() {
    let rig = Rig::start().await;
    let note = "群 of Zoe\u{308} at the desk";
    rig.ok(&["token", "issue", "acme", "--instance", "sales", "--note", note]);
    let (_, wide) = Pty::of(&rig).size(120, 40).run("token list acme", "").await;
    assert!(wide.contains("ID              FOR    PER MINUTE  ISSUED"), "{wide}");
    for columns in [60, 80] {
        let pty = Pty::of(&rig).size(columns, 40).with("NO_COLOR", "1");
        let (code, shown) = pty.run("token list acme", "").await;
        assert_eq!(code, Some(0), "{shown}");
        let lines: Vec<_> = shown.lines().collect();
        assert!(lines[0].starts_with("tok_") && lines[0].len() == 14, "{shown}");
        assert_eq!(lines[1..3], ["  FOR         sales", "  PER MINUTE  100"], "{shown}");
        assert_eq!(lines[5], format!("  NOTE        {note}"), "{shown}");
        assert_eq!(lines.len(), 6, "{shown}");
        // A table that fits stays one.
        let pty = Pty::of(&rig).size(columns, 40).with("NO_COLOR", "1");
        let (_, shown) = pty.run("account list", "").await;
        assert!(shown.starts_with("ACCOUNT  CREATED"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_is_left_when_the_person_says_so() {
    let rig = Rig::start().await;
    rig.groups();
    let (code, shown) = Pty::of(&rig).run(&format!("leave acme sales {COMMUNITY}"), "n\n").await;
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("Go on? [y/N]") && shown.contains("nothing was done"), "{shown}");
    assert!(rig.simulator().is_member(COMMUNITY, &rig.device.phone));
    // A plain group asks nothing.
    let (code, shown) = Pty::of(&rig).run(&format!("leave acme sales {GROUP}"), "").await;
    assert_eq!((code, shown.contains("Go on?")), (Some(0), false), "{shown}");
    let (code, shown) = Pty::of(&rig).run(&format!("leave acme sales {COMMUNITY}"), "y\n").await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(!rig.simulator().is_member(COMMUNITY, &rig.device.phone));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_takes_the_yes_of_the_language() {
    let rig = Rig::start().await;
    rig.ok(&["account", "create", "other"]);
    let pty = Pty::of(&rig).size(80, 24).with("LC_ALL", "en_US.UTF-8").with("LANG", "pt_BR");
    let (code, shown) = pty.run("account delete other", "s\n").await;
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("[y/N]") && shown.contains("nothing was done"), "{shown}");
    let pty = Pty::of(&rig).size(60, 24).with("LC_ALL", "pt_BR.UTF-8");
    let (code, shown) = pty.run("account delete other", "Sim\n").await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("[s/N]") && shown.contains("is deleted"), "{shown}");
}
