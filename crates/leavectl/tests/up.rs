//! `leavectl up` as a process: what it prints, what it keeps, how it stops.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

/// A running `leavectl up --json`.
struct Up {
    child: Child,
    stdout: BufReader<ChildStdout>,
    said: Value,
}

impl Up {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leavectl"));
        Self::run(command.args(["up", "--listen", "127.0.0.1:0", "--json"]).args(arguments))
    }

    fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let said = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        Self { child, stdout, said }
    }

    fn text(&self, pointer: &str) -> String {
        self.said
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer}"))
            .to_owned()
    }

    /// Sends a signal, and returns the exit code and what else was on stdout.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (status.code(), rest)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request over HTTP/1.1, as a caller sends it.
fn delete(url: &str, path: &str, token: &str) -> (u16, String) {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "DELETE {path} HTTP/1.1\r\nHost: {address}\r\ntoken: {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

const LEAVE: &str = "/api/group/leave/sales?identifier=120363406289005073@g.us";

#[test]
fn it_says_what_runs_and_the_first_leave_answers_200_the_next_404() {
    let up = Up::start(&[]);
    for pointer in ["/dynamodb", "/table", "/sealingKey", "/whatsapp/url", "/account"] {
        assert!(!up.text(pointer).is_empty());
    }
    assert_eq!(up.text("/whatsapp/rootKey").len(), 64);
    assert_eq!(up.text("/instances/0/noiseKey").len(), 64);
    assert!(up.text("/instances/0/jid").ends_with("@s.whatsapp.net"));
    let url = up.text("/url");
    for token in [up.text("/accountToken"), up.text("/instances/0/token")] {
        let group = if token == up.text("/accountToken") {
            "/instances/0/groups/0"
        } else {
            "/instances/0/groups/1"
        };
        let (jid, invite) = (up.text(&format!("{group}/jid")), up.text(&format!("{group}/invite")));
        let path = format!("/api/group/leave/sales?identifier=https://chat.whatsapp.com/{invite}");
        let left = format!(
            r#"{{"success":true,"message":"Successfully left the group","groupJid":"{jid}"}}"#
        );
        assert_eq!(delete(&url, &path, &token), (200, left));
        let gone = r#"{"success":false,"error":{"message":"Group not found or you are not a member of this group"}}"#;
        assert_eq!(delete(&url, &path, &token), (404, gone.to_owned()));
    }
    let (status, _) =
        delete(&url, "/api/group/leave/sales?identifier=%zz", &up.text("/accountToken"));
    assert_eq!(status, 400);
    let (status, _) = delete(&url, "/api/group/leave/%zz?identifier=A", &up.text("/accountToken"));
    assert_eq!(status, 400);
    assert_eq!(up.stop("-TERM"), (Some(0), String::new()));
}

#[test]
fn it_says_where_the_simulated_phones_are() {
    let up = Up::start(&[]);
    let phones = up.text("/simulatedPhones");
    let mut phone = Command::new(env!("CARGO_BIN_EXE_leavectl"));
    phone.args(["phone", "enter", "5511999990003", "ABCD-1234"]);
    let output = phone.env("SIMULATED_PHONES", &phones).output().unwrap();
    // A phone is there, and knows no such code.
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(!told.contains("do not answer"), "{told}");
}

#[test]
fn either_signal_stops_it_cleanly_with_a_connection_open() {
    for signal in ["-INT", "-TERM"] {
        let up = Up::start(&[]);
        let address = up.text("/url");
        let _idle = TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
        assert_eq!(up.stop(signal), (Some(0), String::new()), "{signal}");
    }
}

#[test]
fn with_data_a_restart_keeps_tokens_sessions_and_groups() {
    let data = folder("restart");
    let arguments = ["--data", data.to_str().unwrap()];
    let first = Up::start(&arguments);
    let token = first.text("/accountToken");
    assert_eq!(delete(&first.text("/url"), LEAVE, &token).0, 200);
    let said = first.said.clone();
    assert_eq!(first.stop("-TERM").0, Some(0));

    let second = Up::start(&arguments);
    for pointer in [
        "/accountToken",
        "/sealingKey",
        "/whatsapp/rootKey",
        "/instances/0/token",
        "/instances/0/noiseKey",
        "/instances/1/jid",
    ] {
        assert_eq!(
            second.text(pointer),
            said.pointer(pointer).unwrap().as_str().unwrap(),
            "{pointer}"
        );
    }
    let url = second.text("/url");
    assert_eq!(delete(&url, LEAVE, &token).0, 404, "what was left stays left");
    let other =
        format!("/api/group/leave/support?identifier={}", second.text("/instances/1/groups/0/jid"));
    assert_eq!(delete(&url, &other, &token).0, 200);
    // Killed, it has kept what it answered.
    drop(second);
    let third = Up::start(&arguments);
    assert_eq!(delete(&third.text("/url"), &other, &token).0, 404);
    let database = std::fs::read(data.join("dynamodb.sqlite")).unwrap();
    let holds_token = database.windows(token.len()).any(|window| window == token.as_bytes());
    assert!(!holds_token, "the table holds only hashes");
}

#[test]
fn another_terminal_gets_the_variables_of_a_running_stack() {
    let data = folder("env");
    let data = data.to_str().unwrap();
    let up = Up::start(&["--data", data]);
    let env = || {
        let mut env = Command::new(env!("CARGO_BIN_EXE_leavectl"));
        env.args(["env", "--data", data]).output().unwrap()
    };
    let exports = String::from_utf8(env().stdout).unwrap();
    assert!(exports.starts_with("export TABLE_NAME=leave-group "), "{exports}");
    let script = format!("{exports}\nexec \"$0\" account list --json");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_leavectl")]);
    let listed = shell.env_clear().output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["accounts"][0]["account"], "acme");
    let mode = std::fs::metadata(Path::new(data).join("env")).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o077, 0, "it has a key");
    assert_eq!(up.stop("-TERM").0, Some(0));
    assert_eq!(env().status.code(), Some(1), "its addresses are nobody's now");
}

/// The mode of the folder and of every file in it.
fn modes(data: &Path) -> Vec<(String, u32)> {
    let mode = |path: &Path| Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o777);
    let mut modes = vec![(".".to_owned(), mode(data).unwrap())];
    for entry in std::fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        // A file that is written beside another is renamed in between.
        modes.extend(mode(&entry.path()).map(|it| (entry.file_name().into_string().unwrap(), it)));
    }
    modes
}

#[test]
fn the_data_folder_is_for_its_user_alone_whatever_the_umask_allows() {
    let data = folder("private");
    let start = || {
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask 000; exec \"$0\" up --listen 127.0.0.1:0 --json --data \"$1\""]);
        Up::run(shell.args([env!("CARGO_BIN_EXE_leavectl").as_ref(), data.as_os_str()]))
    };
    let check = |up: &Up| {
        assert_eq!(delete(&up.text("/url"), LEAVE, "no token").0, 401);
        let modes = modes(&data);
        let names: Vec<_> = modes.iter().map(|(name, _)| name.as_str()).collect();
        for name in
            ["dynamodb.sqlite", "dynamodb.sqlite-wal", "env", "sealing.key", "whatsapp.json"]
        {
            assert!(names.contains(&name), "{names:?}");
        }
        for (name, mode) in &modes {
            let expected = if name == "." { 0o700 } else { 0o600 };
            assert_eq!(*mode, expected, "{name} has {mode:o}");
        }
    };
    let up = start();
    check(&up);
    drop(up);
    // What an earlier version left open is closed, also beside the database.
    for entry in std::fs::read_dir(&data).unwrap() {
        let open = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(entry.unwrap().path(), open).unwrap();
    }
    check(&start());
}

#[test]
fn other_backends_can_be_used_in_place_of_its_own() {
    let own = Up::start(&[]);
    let (dynamodb, whatsapp) = (own.text("/dynamodb"), own.text("/whatsapp/url"));
    let root = own.text("/whatsapp/rootKey");
    let other =
        Up::start(&["--dynamodb", &dynamodb, "--whatsapp", &whatsapp, "--whatsapp-root", &root]);
    assert_eq!(other.text("/dynamodb"), dynamodb);
    assert_eq!(other.text("/whatsapp/url"), whatsapp);
    assert_eq!(other.said["simulatedPhones"], Value::Null, "the phones are the other's");
    // That WhatsApp does not know the keys that were made for it here.
    let (status, body) = delete(&other.text("/url"), LEAVE, &other.text("/accountToken"));
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("not connected"), "{body}");
}

#[test]
fn without_json_it_prints_lines_to_copy() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_leavectl"))
        .args(["up", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let is_last = line.starts_with("Ctrl-C");
        lines.push(line);
        if is_last {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!((8..=12).contains(&lines.len()), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("curl -X DELETE")).count(), 2);
}

#[test]
fn a_wrong_argument_is_usage_and_a_taken_port_is_a_failure() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_leavectl")).args(arguments).output().unwrap()
    };
    assert_eq!(run(&["up", "--listen", "nowhere"]).status.code(), Some(2));
    assert_eq!(run(&["up", "--whatsapp", "ws://127.0.0.1:1"]).status.code(), Some(2));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["up", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("leavectl: "));
}
