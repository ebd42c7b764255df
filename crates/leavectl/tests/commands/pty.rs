//! `leavectl` on a terminal of its own. `script` makes one.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::rig::Rig;

/// Longest wait for something to be shown.
const PATIENCE: Duration = Duration::from_mins(1);

/// A terminal to be.
pub struct Pty<'a> {
    rig: &'a Rig,
    size: Option<(u16, u16)>,
    environment: Vec<(&'a str, &'a str)>,
}

impl<'a> Pty<'a> {
    /// One that does not tell its size.
    pub fn of(rig: &'a Rig) -> Self {
        Self { rig, size: None, environment: vec![("TERM", "xterm")] }
    }

    pub fn size(mut self, columns: u16, lines: u16) -> Self {
        self.size = Some((columns, lines));
        self
    }

    pub fn with(mut self, name: &'a str, value: &'a str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// Runs `leavectl` to its end, types `typed`, and returns exit code and everything
    /// that was shown.
    pub async fn run(self, arguments: &str, typed: &str) -> (Option<i32>, String) {
        let mut shown = self.start(arguments);
        shown.type_in(typed).await;
        shown.end().await
    }

    pub fn start(self, arguments: &str) -> Shown {
        let sized = self.size.map(|(columns, lines)| format!("stty cols {columns} rows {lines}; "));
        let leavectl = env!("CARGO_BIN_EXE_leavectl");
        let line = format!("{}exec {leavectl} {arguments}", sized.unwrap_or_default());
        // The environment of `leavectl`, for `script` to hand on.
        let rigged = self.rig.command(&[]);
        let environment = rigged.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let child = Command::new("script")
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env_clear()
            .envs(environment)
            .env("PATH", "/usr/bin:/bin")
            .env("SHELL", "/bin/sh")
            .envs(self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Shown { child, text: String::new() }
    }
}

/// A running one.
pub struct Shown {
    child: Child,
    text: String,
}

impl Shown {
    pub async fn type_in(&mut self, typed: &str) {
        self.child.stdin.as_mut().unwrap().write_all(typed.as_bytes()).await.unwrap();
    }

    /// Reads on until `text` is shown; returns everything up to there, and forgets it.
    pub async fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.text.find(text) {
                let rest = self.text.split_off(at + text.len());
                return std::mem::replace(&mut self.text, rest);
            }
            assert!(self.read().await, "it ended before {text:?}: {:?}", self.text);
        }
    }

    /// Its exit code, and everything that was shown and not read yet.
    pub async fn end(mut self) -> (Option<i32>, String) {
        while self.read().await {}
        let status = timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
        (status.code(), self.text)
    }

    /// Whether there was more.
    async fn read(&mut self) -> bool {
        let stdout = self.child.stdout.as_mut().unwrap();
        let mut bytes = Vec::new();
        loop {
            let byte = timeout(PATIENCE, stdout.read_u8()).await.expect("nothing more is shown");
            let Ok(byte) = byte else { return false };
            bytes.push(byte);
            // A letter may be cut.
            if let Ok(text) = std::str::from_utf8(&bytes) {
                self.text.push_str(text);
                return true;
            }
        }
    }
}
