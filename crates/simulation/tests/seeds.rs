//! The simulation as a process: one seed is one trace, and a few seeds are walked whenever
//! tests run. Long runs: `.ci/run`.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::process::Command;

fn simulation(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulation"));
    let output = command.args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

#[test]
fn the_same_seed_is_the_same_trace_byte_for_byte() {
    for seed in ["2", "3", "119"] {
        let arguments = ["--seed", seed, "--steps", "60", "--trace"];
        let (code, first) = simulation(&arguments);
        assert_eq!(code, Some(0), "{first}");
        assert!(first.lines().count() > 100, "{first}");
        assert_eq!(first, simulation(&arguments).1, "seed {seed}");
        assert!(first.ends_with("60 steps, 0 wrong\n"), "{first}");
    }
}

#[test]
fn a_few_seeds_find_nothing() {
    for seed in ["7", "119", "1021", "1029", "60085", "70100", "70107", "71039"] {
        let (code, told) = simulation(&["--seed", seed]);
        assert_eq!(code, Some(0), "{told}");
    }
}

#[test]
fn what_is_not_understood_is_told() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulation"));
    let output = command.args(["--nosuch"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--nosuch is not understood"));
}

/// Each of them, and for as long as it takes: `.ci/nightly`.
#[test]
fn a_rule_that_is_broken_on_purpose_is_found() {
    let (code, rules) = simulation(&["--breakable"]);
    assert_eq!(code, Some(0), "{rules}");
    assert!(rules.lines().any(|rule| rule == "TargetErrorCounts"), "{rules}");
    let arguments = ["--break", "TargetErrorCounts", "--seed", "1", "--seconds", "60"];
    let (code, told) = simulation(&arguments);
    assert_eq!(code, Some(0), "{told}");
    let row = told.lines().last().unwrap();
    assert!(row.starts_with("| `TargetErrorCounts` | The 200: "), "{told}");
    assert!(!row.contains("not found"), "{told}");
}
