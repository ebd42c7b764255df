//! Completions, manual pages, and the variables of a running stack.

use std::process::Command;

fn leavectl(arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_leavectl")).args(arguments).env_clear().output().unwrap()
}

#[test]
fn each_shell_gets_a_script_that_asks_this_program() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = leavectl(&["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success());
        assert!(script.contains("LEAVECTL_COMPLETE") && script.contains("leavectl"), "{script}");
        assert!(!script.contains("bashdefault") && !script.contains("-o default"), "{script}");
    }
    assert_eq!(leavectl(&["completions", "nosuch"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_manual_page() {
    let page = String::from_utf8(leavectl(&["man"]).stdout).unwrap();
    assert!(page.contains(".TH leavectl 1"), "{page}");
    assert!(page.contains(".SH EXAMPLES\n.nf\nleavectl up"), "{page}");
    assert!(page.contains(".SH NOTES\n.PP\nEverything but `up` works"), "{page}");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("man");
    let _ = std::fs::remove_dir_all(&folder);
    assert!(leavectl(&["man", folder.to_str().unwrap()]).status.success());
    for page in ["leavectl.1", "leavectl-token-issue.1", "leavectl-key-rotate.1"] {
        assert!(folder.join(page).exists(), "{page}");
    }
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap();
        let page = std::fs::read_to_string(file.path()).unwrap();
        assert!(!page.contains(".SH EXTRA"), "{file:?}");
        // Those of commands that do something; the others list theirs.
        let is_leaf = !page.contains(".SH SUBCOMMANDS");
        assert!(!is_leaf || page.contains(".SH EXAMPLES"), "{file:?}");
    }
}

#[test]
fn a_stack_that_does_not_run_has_no_variables() {
    let output = leavectl(&["env", "--data", "/no/such/folder", "--wait", "0"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("leavectl up --data /no/such/folder"), "{told}");
}
