//! `leavectl doctor`.

use serde_json::Value;
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::rig::Rig;

fn checks(rig: &Rig, code: i32) -> Vec<(String, String, String)> {
    let ran = rig.run(&["doctor", "--json"]);
    assert_eq!(ran.code, code, "{ran:?}");
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["well"], code == 0);
    let checks = value["checks"].as_array().unwrap().iter().map(|check| {
        let text = |name: &str| check[name].as_str().unwrap().to_owned();
        (text("check"), text("verdict"), text("found"))
    });
    checks.collect()
}

fn bad(rig: &Rig) -> Vec<(String, String)> {
    let bad = checks(rig, 1).into_iter().filter(|check| check.1 == "bad");
    bad.map(|(name, _, found)| (name, found)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_well_is_told_so() {
    let rig = Rig::start().await;
    let names: Vec<_> =
        checks(&rig, 0).into_iter().map(|(name, verdict, _)| (name, verdict)).collect();
    let good = |name: &str| (name.to_owned(), "good".to_owned());
    assert_eq!(
        names,
        ["configuration", "table", "sealing key", "names", "clock", "WhatsApp", "version"]
            .map(good)
    );
    assert!(rig.ok(&["doctor"]).starts_with("good      configuration"));
    let record = rig.simulator().record();
    assert_eq!((record.login_attempts.len(), record.pairings.len()), (0, 2), "no instance logs in");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_what_to_do() {
    let mut rig = Rig::start().await;
    let refused = Reaction::Failure { reason: 405, expire: None };
    rig.simulator().script(Fault::new(Moment::Registration, refused));
    let found = bad(&rig);
    assert_eq!(found[0].0, "version");
    assert!(found[0].1.contains("leavectl version refresh"), "{found:?}");

    rig.set("WHATSAPP_ROOT_KEY", &"00".repeat(32));
    let found = bad(&rig);
    assert!(found[0].1.contains("Check WHATSAPP_URL and WHATSAPP_ROOT_KEY"), "{found:?}");
    rig.set("WHATSAPP_URL", "ws://127.0.0.1:1/ws/chat");
    let found = bad(&rig);
    assert!(found[0].1.contains("Check the network"), "{found:?}");
    assert_eq!(found.len(), 1);

    rig.set("SEALING_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert!(bad(&rig).iter().any(|it| it.0 == "sealing key" && it.1.contains("SEALING_KEY_ARN")));
    rig.set("TABLE_NAME", "no-such-table");
    assert!(bad(&rig).iter().any(|it| it.0 == "table" && it.1.contains("leavectl table create")));
    rig.set("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1");
    assert!(bad(&rig).iter().any(|it| it.0 == "table" && it.1.contains("cannot be reached")));
    rig.set("TABLE_NAME", "");
    let found = bad(&rig);
    assert_eq!(found.len(), 1);
    assert!(found[0].1.contains("not set:\n  TABLE_NAME "), "{found:?}");
}
