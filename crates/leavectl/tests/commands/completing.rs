//! What a shell is offered when a line is completed.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use whatsapp_simulator::{NewGroup, Rank};

use crate::rig::{GROUP, Ran, Rig, SUBGROUP};

/// Asks as the script of a shell does; the last word is completed.
fn ask(rig: &Rig, shell: &str, line: &str) -> Ran {
    let words: Vec<_> = std::iter::once("leavectl").chain(line.split(' ')).collect();
    let mut command = rig.command(&[&["--"], &words[..]].concat());
    command.env("LEAVECTL_COMPLETE", shell);
    if shell != "fish" {
        command.env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string()).env("_CLAP_IFS", "\n");
    }
    let ran = Ran::of(tokio::task::block_in_place(|| command.output().unwrap()));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line}: {ran:?}");
    ran
}

/// The same, without flags that have no value.
fn values(rig: &Rig, line: &str) -> Vec<String> {
    let offered = ask(rig, "bash", line).stdout;
    let is_flag = |value: &&str| value.starts_with('-') && !value.contains('=');
    offered.lines().filter(|value| !is_flag(value)).map(str::to_owned).collect()
}

/// Asks until `expected` is offered: a slow machine has no answer in time, and gives none.
fn offers(rig: &Rig, line: &str, expected: &[&str]) {
    let end = Instant::now() + Duration::from_mins(1);
    while values(rig, line) != expected {
        assert!(Instant::now() < end, "{line}: {:?}, not {expected:?}", values(rig, line));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exists_is_offered() {
    let rig = Rig::start().await;
    rig.groups();
    rig.ok(&["group", "sync", "acme", "sales"]);
    rig.ok(&["account", "create", "other"]);
    rig.ok(&["instance", "create", "acme", "support"]);
    // Nothing that a shell would act on.
    rig.ok(&["instance", "create", "acme", "$(reboot)"]);
    rig.ok(&["instance", "create", "acme", "a b"]);
    let issued = rig.json(&["token", "issue", "acme"]);
    for (line, expected) in [
        ("history ", &["acme", "other"][..]),
        ("instance list o", &["other"]),
        ("history acme ", &["sales", "support"]),
        ("history acme su", &["support"]),
        ("history acme/", &["acme/sales", "acme/support"]),
        ("instance rename acme/su", &["acme/support"]),
        ("token issue --instance support a", &["acme"]),
        ("token issue acme --instance su", &["support"]),
        ("token issue acme --instance=su", &["--instance=support"]),
        ("token revoke acme tok_", &[issued["id"].as_str().unwrap()]),
        ("leave acme sales 1203634062", &[GROUP]),
        ("leave acme/sales 1203634062", &[GROUP]),
        (&format!("leave --yes acme sales {GROUP} {}", &SUBGROUP[..18]), &[SUBGROUP]),
        // What is to be made has a name of its own.
        ("account create ", &[]),
        ("instance create acme ", &[]),
        ("account delete acme/", &[]),
        ("history nobody ", &[]),
    ] {
        offers(&rig, line, expected);
    }
    assert_eq!(ask(&rig, "nosuch", "history ").stdout, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_are_offered_where_they_are_meant_and_nowhere_else() {
    let rig = Rig::start().await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("completing");
    std::fs::create_dir_all(folder.join("session")).unwrap();
    std::fs::write(folder.join("session.json"), "").unwrap();
    let begun = format!("{}/s", folder.display());
    let (file, inside) = (format!("{begun}ession.json"), format!("{begun}ession/"));
    for line in [
        "instance import acme sales",
        "instance import acme/sales",
        "instance link acme sales --png",
    ] {
        let found = values(&rig, &format!("{line} {begun}"));
        assert_eq!(found, [file.as_str(), inside.as_str()], "{line}");
    }
    // As bash has to have them on the line; what it would expand is not for it.
    std::fs::write(folder.join("a $(b)"), "").unwrap();
    std::fs::write(folder.join("a*"), "").unwrap();
    let line = format!("instance import acme sales {}/a", folder.display());
    assert_eq!(values(&rig, &line), [format!("{}/a\\ \\$\\(b\\)", folder.display())]);
    assert_eq!(ask(&rig, "fish", &line).stdout.lines().count(), 2);
    for line in ["man", "up --data", "env --data"] {
        assert_eq!(values(&rig, &format!("{line} {begun}")), [inside.as_str()], "{line}");
    }
    for line in
        ["leave acme sales", "version set", "instance import acme", "token issue acme --note"]
    {
        assert_eq!(values(&rig, &format!("{line} {begun}")), [""; 0], "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_does_nothing_to_the_terminal() {
    let rig = Rig::start().await;
    let subject = "Leads\u{1b}[2J\u{202e}\u{9b}31m\tx\nnext";
    let group = NewGroup::new(subject)
        .jid(GROUP)
        .member("5511988880000", Rank::Superadmin)
        .member(&rig.device.phone, Rank::Member);
    rig.simulator().create_group(group);
    rig.ok(&["group", "sync", "acme", "sales"]);
    let line = format!("leave acme sales {}", &GROUP[..5]);
    offers(&rig, &line, &[GROUP]);
    for shell in ["fish", "zsh", "powershell"] {
        let mut offered = String::new();
        for _ in 0..50 {
            offered = ask(&rig, shell, &line).stdout;
            if !offered.is_empty() {
                break;
            }
        }
        let shown = "Leads<U+001B>[2J<U+202E><U+009B>31m<U+0009>x<U+000A>next";
        assert!(offered.trim_end().ends_with(shown), "{shell}: {offered:?}");
        assert!(!offered.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{shell}: {offered:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_does_not_answer_offers_nothing_and_is_not_waited_for() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut rig = Rig::start().await;
    for address in [silent.local_addr().unwrap(), gone] {
        rig.set("AWS_ENDPOINT_URL_DYNAMODB", &format!("http://{address}"));
        let begun = Instant::now();
        assert_eq!(values(&rig, "history "), [""; 0]);
        // Far from what the SDK would wait, and with room for a busy machine.
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    // Nothing is configured: the same silence, and commands are offered all the same.
    rig.set("TABLE_NAME", "");
    assert_eq!(values(&rig, "history "), [""; 0]);
    assert_eq!(values(&rig, "account cr"), ["create"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bash_takes_what_the_script_says() {
    let rig = Rig::start().await;
    rig.groups();
    rig.ok(&["group", "sync", "acme", "sales"]);
    let binary = Path::new(env!("CARGO_BIN_EXE_leavectl"));
    let script = "source <(leavectl completions bash)
complete -p leavectl
for line in 'leavectl instance sh' 'leavectl leave acme sales 1203634062' 'leavectl version set '; do
    read -ra COMP_WORDS <<< \"$line\"
    [[ $line == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_TYPE=9
    for _ in {1..50}; do
        _clap_complete_leavectl leavectl \"${COMP_WORDS[COMP_CWORD]}\" ''
        [[ ${#COMPREPLY[@]} -gt 0 ]] && break
    done
    echo \"$line: ${COMPREPLY[*]}\"
done";
    let environment = rig.command(&[]);
    let environment = environment.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script])
        .env_clear()
        .envs(environment)
        .env("PATH", format!("{}:/usr/bin:/bin", binary.parent().unwrap().display()))
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let ran = Ran::of(tokio::task::block_in_place(|| bash.output().unwrap()));
    assert!(!ran.stdout.contains("default"), "{ran:?}");
    for expected in [
        "leavectl instance sh: show",
        &format!("leavectl leave acme sales 1203634062: {GROUP}"),
        "leavectl version set : --json --help\n",
    ] {
        assert!(ran.stdout.contains(expected), "{expected}: {ran:?}");
    }
}
