//! What is different on a terminal. `script` makes one.

use std::io::Write;
use std::process::Stdio;

use crate::rig::{COMMUNITY, GROUP, Rig};

/// Runs `leavectl` on a terminal of its own, types `typed`, and returns exit code and
/// everything that was shown.
fn on_a_terminal(rig: &Rig, arguments: &str, typed: &str) -> (Option<i32>, String) {
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_leavectl"));
    // The environment of `leavectl`, for `script` to hand on.
    let leavectl = rig.command(&[]);
    let environment = leavectl.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let mut child = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env_clear()
        .envs(environment)
        .env("PATH", "/usr/bin:/bin")
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    let output = tokio::task::block_in_place(|| child.wait_with_output().unwrap());
    drop(stdin);
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_are_for_a_terminal_and_not_for_no_color() {
    let mut rig = Rig::start().await;
    let (code, shown) = on_a_terminal(&rig, "account list", "");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("\u{1b}[1mACCOUNT"), "{shown:?}");
    rig.set("NO_COLOR", "1");
    let (_, shown) = on_a_terminal(&rig, "account list", "");
    assert!(shown.contains("ACCOUNT") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_is_left_when_the_person_says_so() {
    let rig = Rig::start().await;
    rig.groups();
    let (code, shown) = on_a_terminal(&rig, &format!("leave acme sales {COMMUNITY}"), "n\n");
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("Go on? [y/N]") && shown.contains("nothing was done"), "{shown}");
    assert!(rig.simulator().is_member(COMMUNITY, &rig.device.phone));
    // A plain group asks nothing.
    let (code, shown) = on_a_terminal(&rig, &format!("leave acme sales {GROUP}"), "");
    assert_eq!((code, shown.contains("Go on?")), (Some(0), false), "{shown}");
    let (code, shown) = on_a_terminal(&rig, &format!("leave acme sales {COMMUNITY}"), "y\n");
    assert_eq!(code, Some(0), "{shown}");
    assert!(!rig.simulator().is_member(COMMUNITY, &rig.device.phone));
}
