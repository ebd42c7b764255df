//! An instance as lists name it, `acme/sales`, and as commands have it, `acme sales`.

use crate::rig::{GROUP, Rig};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_prints_can_be_pasted_into_a_command() {
    let rig = Rig::start().await;
    rig.groups();
    for command in [
        &["instance", "show"][..],
        &["instance", "check"],
        &["group", "sync"],
        &["group", "list"],
        &["history"],
    ] {
        let ran = rig.run(&[command, &["acme/sales"]].concat());
        assert_eq!(ran.code, 0, "{command:?}: {ran:?}");
    }
    assert!(rig.ok(&["leave", "acme/sales", GROUP]).contains("200"));
    rig.ok(&["instance", "create", "acme/new"]);
    rig.ok(&["instance", "rename", "acme/new", "acme/newer"]);
    assert!(rig.ok(&["instance", "list", "acme"]).contains("acme/newer"));
    let ran = rig.run(&["instance", "rename", "acme/newer", "other/newer"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_issued_and_listed_for_one_instance() {
    let rig = Rig::start().await;
    rig.ok(&["token", "issue", "acme"]);
    let issued = rig.json(&["token", "issue", "acme/sales"]);
    assert_eq!(issued["instance"], "sales");
    for arguments in
        [&["token", "list", "acme/sales"][..], &["token", "list", "acme", "--instance", "sales"]]
    {
        let listed = rig.json(arguments);
        assert_eq!(listed["tokens"].as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(listed["tokens"][0]["id"], issued["id"]);
    }
    assert_eq!(rig.json(&["token", "list", "acme"])["tokens"].as_array().unwrap().len(), 2);
    rig.refused(&["token", "list", "acme/none"], "does not exist");
    rig.ok(&["instance", "create", "acme", "new"]);
    assert!(rig.ok(&["token", "list", "acme/new"]).contains("leavectl token issue acme/new"));
    let twice = rig.run(&["token", "list", "acme/sales", "--instance", "sales"]);
    assert_eq!(twice.code, 2, "{twice:?}");
}

/// What is told to be run next runs, also where a name could be taken for a flag.
#[tokio::test(flavor = "multi_thread")]
async fn a_next_command_takes_no_name_for_a_flag() {
    let rig = Rig::start().await;
    rig.ok(&["account", "create", "--", "-a"]);
    for (arguments, next, code) in [
        (&["instance", "create", "--", "acme", "-y"][..], "instance link -- acme -y", None),
        (&["group", "list", "--", "acme", "-y"], "group sync -- acme -y", Some(1)),
        (&["token", "list", "acme/-y"], "token issue acme/-y", Some(0)),
        (&["instance", "show", "--", "-a", "x"], "instance list -- -a", Some(0)),
        (&["token", "list", "--", "-a"], "token issue -- -a", Some(0)),
    ] {
        let ran = rig.run(arguments);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains(&format!("`leavectl {next}`")), "{arguments:?}: {ran:?}");
        if let Some(code) = code {
            let words: Vec<_> = next.split(' ').collect();
            let ran = rig.run(&words);
            assert_eq!(ran.code, code, "{next}: {ran:?}");
        }
    }
}
