//! A running `leavectl up --json`, and what is asked of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

use crate::schema;

pub(crate) const LEAVE: &str = "/api/group/leave/sales?identifier=120363406289005073@g.us";

pub(crate) struct Up {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) said: Value,
}

impl Up {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::run(leavectl(&["up", "--listen", "127.0.0.1:0", "--json"]).args(arguments))
    }

    pub(crate) fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let said = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        schema::check("up", &said);
        Self { child, stdout, said }
    }

    pub(crate) fn text(&self, pointer: &str) -> String {
        self.said
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer}"))
            .to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn send(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Sends a signal, and returns the exit code and what else was on stdout.
    pub(crate) fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        self.send(signal);
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (status.code(), rest)
    }

    /// `leavectl` on this stack.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = leavectl(arguments);
        command.env_clear();
        for (name, pointer) in [
            ("TABLE_NAME", "/table"),
            ("SEALING_KEY", "/sealingKey"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "/dynamodb"),
            ("WHATSAPP_URL", "/whatsapp/url"),
            ("WHATSAPP_ROOT_KEY", "/whatsapp/rootKey"),
            ("SIMULATED_PHONES", "/simulatedPhones"),
        ] {
            command.env(name, self.text(pointer));
        }
        command
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn leavectl(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leavectl"));
    command.args(arguments);
    command
}

/// Exit code, stdout and stderr.
pub(crate) fn ran(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// `leavectl env`, with what is said besides.
pub(crate) fn env(data: &str, more: &[&str]) -> (Option<i32>, String, String) {
    ran(leavectl(&["env", "--data", data]).args(more))
}

/// One request over HTTP/1.1, as a caller sends it.
pub(crate) fn delete(url: &str, path: &str, token: &str) -> (u16, String) {
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

/// A folder of this test that is not there yet.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("up").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    folder
}

/// The same as a command line has it.
pub(crate) fn folder_text(name: &str) -> String {
    folder(name).into_os_string().into_string().unwrap()
}
