//! `--help` of every command, as it was last read by a person. After a change:
//! `UPDATE_SNAPSHOTS=1 cargo test -p leavectl --test commands help`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The help of a command and of those below it, by file name.
pub(crate) fn collect(path: &[String], all: &mut BTreeMap<String, String>) {
    let output = Command::new(env!("CARGO_BIN_EXE_leavectl"))
        .args(path)
        .arg("--help")
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{path:?}");
    let help = String::from_utf8(output.stdout).unwrap();
    let below: Vec<String> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect();
    for name in below {
        collect(&[path, &[name]].concat(), all);
    }
    let name = if path.is_empty() { "leavectl".to_owned() } else { path.join("-") };
    all.insert(format!("{name}.txt"), help);
}

/// Whether there is no command below the one that this is the help of.
pub(crate) fn is_leaf(help: &str) -> bool {
    !help.contains("\nCommands:\n")
}

#[test]
fn the_help_of_every_command_is_as_it_was_read() {
    let mut all = BTreeMap::new();
    collect(&[], &mut all);
    assert!(all.len() > 20, "{:?}", all.keys());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, help) in &all {
            std::fs::write(folder.join(name), help).unwrap();
        }
    }
    for (name, help) in &all {
        let kept = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert_eq!(*help, kept, "{name}: read it, then UPDATE_SNAPSHOTS=1");
        assert!(!is_leaf(help) || help.contains("Example"), "{name} has no example");
    }
    let kept = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(kept, all.len(), "a snapshot of a command that is no more");
}
