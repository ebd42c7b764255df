//! Lists that are longer than anybody reads.

use crate::rig::Rig;

async fn fleet() -> Rig {
    let rig = Rig::start().await;
    for number in 10..30 {
        rig.ok(&["instance", "create", "acme", &format!("i{number}")]);
    }
    let device = rig.link("gone", "5511999990002").await;
    rig.simulator().unlink_device(&device.jid);
    assert_eq!(rig.run(&["instance", "check", "acme", "gone"]).code, 1);
    rig
}

fn names(listed: &serde_json::Value) -> Vec<&str> {
    let instances = listed["instances"].as_array().unwrap();
    instances.iter().map(|it| it["instance"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_chosen_by_state_cut_and_summed_up() {
    let rig = fleet().await;
    let all = rig.run(&["instance", "list", "acme"]);
    assert_eq!(all.stdout.lines().count(), 23, "{all:?}");
    let sum = "22 instances: 1 linked, 1 logged out, 20 never linked";
    assert_eq!(all.stderr, format!("{sum}.\n"));

    let chosen = ["instance", "list", "--state", "linked", "--state", "logged_out"];
    let listed = rig.json(&chosen);
    assert_eq!(names(&listed), ["gone", "sales"]);
    assert_eq!(rig.run(&chosen).stderr, format!("{sum}; 2 shown.\n"));

    let cut = ["instance", "list", "acme", "--state", "never_linked", "--limit", "3"];
    let listed = rig.json(&cut);
    assert_eq!(names(&listed), ["i10", "i11", "i12"]);
    assert_eq!(listed["instanceCount"], 20);
    assert_eq!(rig.run(&cut).stderr, format!("{sum}; 3 shown.\n"));

    let none = rig.run(&["instance", "list", "--state", "deleting"]);
    assert_eq!(none.stdout, "No instance is in that state.\n");
    for wrong in [["--state", "asleep"], ["--limit", "0"], ["--limit", "few"]] {
        assert_eq!(rig.run(&[&["instance", "list"][..], &wrong].concat()).code, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_is_cut_where_someone_says_so() {
    let rig = Rig::start().await;
    rig.groups();
    rig.ok(&["group", "sync", "acme", "sales"]);
    rig.ok(&["account", "create", "other"]);
    for _ in 0..2 {
        rig.ok(&["token", "issue", "acme"]);
    }
    for (list, rows, told) in [
        (&["account", "list"][..], "accounts", "1 of 2 accounts shown."),
        (&["token", "list", "acme"], "tokens", "1 of 2 tokens shown."),
        (&["group", "list", "acme", "sales"], "groups", "1 of 4 groups shown."),
    ] {
        let cut = [list, &["--limit", "1"]].concat();
        assert_eq!(rig.json(&cut)[rows].as_array().unwrap().len(), 1);
        assert_eq!(rig.run(&cut).stderr, format!("{told}\n"));
        assert_eq!(rig.run(list).stderr, "", "{list:?}");
    }
}
