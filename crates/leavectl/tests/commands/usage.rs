//! What is told where a line is refused: exit code 2, and a tip that helps.

use std::process::Command;

fn refused(line: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leavectl"));
    let output = command.args(line.split(' ')).env_clear().output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(output.stdout.is_empty(), "{line}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn flags_of_other_tools_get_a_tip_of_this_one() {
    for (line, tip) in [
        ("account list -q", "tip: results are alone on stdout, notes on stderr: add `2>/dev/null`"),
        ("account list -o json", "tip: `--json` prints JSON"),
        ("account list --output=json", "tip: `--json` prints JSON"),
        ("account list --format json", "tip: `--json` prints JSON"),
        (
            "env --data x -o json",
            "tip: every command that does something prints JSON with `--json`",
        ),
        ("account list --jq .accounts", "tip: pipe `--json` into jq"),
        ("--profile prod account list", "tip: `AWS_PROFILE=NAME leavectl …`"),
        ("account list --region eu-west-1", "tip: `AWS_REGION=NAME leavectl …`"),
        ("--json account list", "behind the command: `leavectl account list … --json`"),
        ("instance --yes delete acme/sales", "`leavectl instance delete … --yes`"),
        ("instance import acme/sales x -v", "tip: everything is told already"),
        ("doctor --verbose", "`leavectl doctor` looks at the place"),
    ] {
        let told = refused(line);
        assert!(told.contains(tip), "{line}: {told}");
        assert_eq!(told.matches("tip:").count(), 1, "{line}: {told}");
    }
    // A flag that there is not must not become a group to leave.
    for line in ["leave acme sales --force x", "instance list --limit -1"] {
        let told = refused(line);
        assert!(!told.contains("as a value"), "{line}: {told}");
    }
    // Where this tool knows nothing, clap's guess stays.
    assert!(refused("account list --jsom").contains("'--json'"));
}

#[test]
fn one_instance_or_all_of_them() {
    let told = refused("instance check acme");
    assert!(told.contains("tip: `acme --all` takes every instance"), "{told}");
    assert!(told.contains("[ACCOUNT] --all"), "{told}");
    assert!(refused("instance check").contains("tip: `--all` takes"));
}

#[test]
fn minutes_and_months_are_told_apart() {
    let told = refused("token issue acme --expires 3m");
    assert!(told.contains("30min") && told.contains("90d"), "{told}");
}
