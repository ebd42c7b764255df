//! `leavectl env`: another terminal, which may be earlier than the stack is ready.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::rig::{Up, env, folder, folder_text, leavectl, ran};

#[test]
fn another_terminal_gets_the_variables_of_a_running_stack() {
    let data = folder("env");
    let data = data.to_str().unwrap();
    let up = Up::start(&["--data", data]);
    let (_, exports, _) = env(data, &[]);
    assert!(exports.starts_with("export TABLE_NAME=leave-group "), "{exports}");
    let script = format!("{exports}\nexec \"$0\" account list --json");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_leavectl")]);
    let listed = shell.env_clear().output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["accounts"][0]["account"], "acme");
    let mode = std::fs::metadata(Path::new(data).join("env")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o077, 0, "it has a key");
    assert_eq!(up.stop("-TERM").0, Some(0));
    assert_eq!(env(data, &["--wait", "0"]).0, Some(1), "its addresses are nobody's now");
}

/// Variables of an earlier stack, in the terminal of a new one, are not the new one's.
#[test]
fn the_addresses_are_of_this_stack_whatever_its_terminal_has() {
    let data = folder_text("stale");
    let mut up = leavectl(&["up", "--listen", "0", "--json", "--data", &data]);
    let up = Up::run(up.env("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1"));
    let (_, exports, _) = env(&data, &[]);
    let variable = format!("AWS_ENDPOINT_URL_DYNAMODB={}", up.text("/dynamodb"));
    assert!(exports.contains(&variable), "{exports}");
}

/// A plain shell that is given both lines at once, as they are pasted.
#[test]
fn a_stack_that_is_just_starting_is_waited_for() {
    let data = folder_text("starting");
    let script = "\"$0\" up --listen 0 --data \"$1\" > /dev/null &\n\
                  eval \"$(\"$0\" env --data \"$1\")\" && \"$0\" account list --json\n\
                  status=$?; kill $!; wait $!; exit $status";
    let mut shell = Command::new("bash");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_leavectl"), &data]);
    let (code, stdout, stderr) = ran(shell.env_remove("TABLE_NAME"));
    assert_eq!(code, Some(0), "{stderr}");
    let listed: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(listed["accounts"][0]["account"], "acme");
}

#[test]
fn it_notes_what_it_waits_for_and_gets_it() {
    let data = folder_text("noted");
    let mut waiting = leavectl(&["env", "--data", &data]);
    let mut waiting = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut noted = String::new();
    BufReader::new(waiting.stderr.take().unwrap()).read_line(&mut noted).unwrap();
    assert_eq!(noted, format!("No stack runs on {data} yet; waiting for one that starts\n"));
    let _up = Up::start(&["--data", &data]);
    let mut exports = String::new();
    waiting.stdout.take().unwrap().read_to_string(&mut exports).unwrap();
    assert!(waiting.wait().unwrap().success() && exports.starts_with("export "), "{exports}");
}

/// A lock that is held, by what does not get ready.
#[test]
fn a_stack_that_does_not_get_ready_is_named() {
    let data = folder("slow");
    std::fs::create_dir(&data).unwrap();
    let mut lock = std::fs::File::create(data.join("lock")).unwrap();
    lock.lock().unwrap();
    let holder = r#"{"pid":4711,"since":1795754599790,"url":null,"is_ending":false}"#;
    std::io::Write::write_all(&mut lock, holder.as_bytes()).unwrap();
    // What another one left there is not believed.
    std::fs::write(data.join("env"), "export TABLE_NAME=stale\n").unwrap();
    let data = data.to_str().unwrap();
    let (code, stdout, stderr) = env(data, &["--wait", "2"]);
    assert_eq!(code, Some(1));
    assert_eq!(stdout, format!("false # the stack on {data} is not ready after 2 s\n"));
    let who = "process 4711, since 2026-11-27T04:43:19Z, and is still starting";
    assert!(stderr.starts_with(&format!("Waiting for the stack on {data} to be ready: {who}\n")));
    assert!(stderr.contains("--wait"), "{stderr}");
    let (code, stdout, _) = env(data, &["--wait", "0"]);
    let expected = format!("false # the stack on {data} is not ready\n");
    assert_eq!((code, stdout), (Some(1), expected));
}

#[test]
fn what_it_prints_where_no_stack_runs_makes_the_shell_fail_too() {
    let data = folder_text("none");
    let (code, stdout, stderr) = env(&data, &["--wait", "1"]);
    assert_eq!((code, stdout), (Some(1), format!("false # no stack runs on {data}\n")));
    let told = format!("and none is starting; start one with `leavectl up --data {data}`");
    assert!(stderr.contains(&told), "{stderr}");
    // A folder's name is not for a shell to run.
    for name in [data.as_str(), "no\nsuch\necho run", "no'such $(echo run)"] {
        let script = "eval \"$(\"$0\" env --wait 0 --data \"$1\")\" || echo failed";
        let mut shell = Command::new("bash");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_leavectl"), name]);
        assert_eq!(ran(&mut shell).1, "failed\n", "{name}");
    }
}

#[test]
fn what_is_no_folder_is_refused_at_once() {
    let file = folder("a-file");
    std::fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let (code, stdout, stderr) = env(file, &[]);
    assert_eq!((code, stdout.as_str()), (Some(1), "false # the stack cannot be asked\n"));
    let told = format!("leavectl: {file} is no folder, and --data takes one");
    assert!(stderr.starts_with(&told), "{stderr}");
}
