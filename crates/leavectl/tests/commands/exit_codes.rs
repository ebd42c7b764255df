//! Exit codes: what a script can tell apart.

use crate::rig::{ANNOUNCEMENT, COMMUNITY, GROUP, Rig, SUBGROUP};

const NOWHERE: &str = "120363400000000099@g.us";

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_tells_apart_what_a_script_does_next() {
    let rig = Rig::start().await;
    rig.groups();
    // 3: it is not in that group, which may be all that was wanted.
    assert_eq!(rig.ended(&["leave", "acme", "sales", NOWHERE, "--yes"]).0, 3);
    assert_eq!(rig.ended(&["leave", "acme", "sales", NOWHERE, "--dry-run"]).0, 3);
    assert_eq!(rig.ended(&["leave", "acme", "sales", NOWHERE, "--yes", "--missing-ok"]).0, 0);
    assert_eq!(rig.ended(&["leave", "acme", "sales", NOWHERE, "--dry-run", "--missing-ok"]).0, 0);
    // 1: refused for good, with whatever beside it.
    let refused = ["leave", "acme", "sales", ANNOUNCEMENT, NOWHERE, "--yes", "--missing-ok"];
    assert_eq!(rig.ended(&refused).0, 1);
    assert_eq!(rig.ended(&["leave", "acme", "nothing", GROUP, "--yes"]).0, 1);
    // 0: left, and left already.
    let left = ["leave", "acme", "sales", SUBGROUP, GROUP, "--yes"];
    assert_eq!(rig.ended(&left).0, 0);
    assert_eq!(rig.ended(&left).0, 3);
    // 2: not understood.
    assert_eq!(rig.run(&["leave", "acme", "sales"]).code, 2);
    assert!(rig.simulator().is_member(COMMUNITY, &rig.device.phone));
}

/// What no group can be is told without WhatsApp, and not as something that passes.
#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_that_is_none_is_1_whatever_else_fails() {
    let mut rig = Rig::start().await;
    rig.set("WHATSAPP_URL", "ws://127.0.0.1:1/ws/chat");
    for more in [&[][..], &["--yes"], &["--dry-run"]] {
        let leave = [&["leave", "acme", "sales", "foo bar", "a@s.whatsapp.net", ""][..], more];
        let (code, told) = rig.ended(&leave.concat());
        assert_eq!((code, &told["results"][0]["status"]), (1, &400.into()), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_change_later_is_4() {
    let mut rig = Rig::start().await;
    rig.groups();
    rig.block("sales", "throttled").await;
    let (code, told) = rig.ended(&["leave", "acme", "sales", GROUP, NOWHERE, "--yes"]);
    assert_eq!((code, &told["results"][0]["status"]), (4, &429.into()), "{told}");
    assert!(told["results"][0]["retryAfter"].as_u64().unwrap() > 0);
    rig.refused_with(4, &["group", "sync", "acme", "sales"], "try again");
    let (code, checked) = rig.ended(&["instance", "check", "acme", "sales"]);
    assert_eq!((code, &checked["instances"][0]["health"]), (4, &"throttled".into()));
    rig.set("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1");
    rig.refused_with(4, &["account", "list"], "does `leavectl up` still run?");
}
