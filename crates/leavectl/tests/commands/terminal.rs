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
