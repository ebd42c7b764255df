//! The README's walk, from a phone number to a leave: its commands, run by a shell
//! one after the other, and what it says that they print.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// One command of the walk with what it prints, as the README has them.
#[derive(Debug)]
struct Step {
    command: String,
    printed: Vec<String>,
}

/// The console block of the README's section: lines after `$ ` are commands.
fn walk() -> Vec<Step> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, section) = readme.split_once("## From a phone number to a leave\n").unwrap();
    let (_, block) = section.split_once("```console\n").unwrap();
    let (block, _) = block.split_once("```\n").unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => {
                steps.push(Step { command: command.to_owned(), printed: Vec::new() });
            }
            None => steps.last_mut().unwrap().printed.push(line.to_owned()),
        }
    }
    steps
}

/// A folder of this run, and a shell in it.
struct Shell {
    folder: PathBuf,
    port: u16,
    /// What is another value in each run, by the text that the README has for it.
    found: BTreeMap<String, String>,
}

impl Shell {
    /// A command of the README, with this run's port and values.
    fn real(&self, command: &str) -> String {
        let mut command = command.replace("127.0.0.1:9000", &format!("127.0.0.1:{}", self.port));
        for (shown, real) in &self.found {
            command = command.replace(shown, real);
        }
        command
    }

    /// A shell for `script`. Each is a shell of its own; what `eval` set has to last.
    fn command(&self, script: &str) -> Command {
        let bin = Path::new(env!("CARGO_BIN_EXE_leavectl")).parent().unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let script = format!("[ -f vars ] && . ./vars\n{script}");
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).current_dir(&self.folder).env("PATH", path);
        shell
    }

    /// A command that goes on while the next ones run; what it prints is in `log`.
    fn begin(&self, command: &str, log: &str) -> Child {
        let log = std::fs::File::create(self.folder.join(log)).unwrap();
        self.command(&format!("exec {}", self.real(command)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// What a command prints, on both streams; it has to do what was asked.
    fn run(&self, command: &str) -> String {
        let script =
            format!("{} 2>&1\nstatus=$?\nexport -p > vars\nexit $status", self.real(command));
        let output = self.command(&script).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command}: {text}");
        text
    }
}

/// Whether `printed` is what the README shows, which has `…` for what differs.
fn fits(shown: &str, printed: &str) -> bool {
    let mut rest = printed;
    for (index, part) in shown.split('…').enumerate() {
        match rest.find(part) {
            Some(0) => rest = &rest[part.len()..],
            Some(at) if index > 0 => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || shown.ends_with('…')
}

fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_there() {
        assert!(began.elapsed() < Duration::from_mins(1), "{what} does not come");
        std::thread::yield_now();
    }
}

#[test]
fn a_stranger_gets_from_a_phone_number_to_a_leave_and_back() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("walk");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut shell = Shell { folder: folder.clone(), port, found: BTreeMap::new() };
    let mut running = Vec::new();
    let mut leaves = 0;
    for step in walk() {
        let Step { command, printed } = step;
        // `&` at the end: it goes on while the next ones run.
        if let Some(command) = command.strip_suffix(" &") {
            let number = running.len();
            let log = format!("{number}.log");
            let listen = format!("{command} --listen 127.0.0.1:{port}");
            let command = if number == 0 { &listen } else { command };
            running.push(shell.begin(command, &log));
            let log = folder.join(log);
            let read = || std::fs::read_to_string(&log).unwrap();
            if number == 0 {
                wait_for("the stack", || read().contains("Ctrl-C stops it."));
            } else {
                wait_for("the code", || read().contains("Enter it within"));
                let code = read().lines().next().unwrap().to_owned();
                assert_eq!(code.len(), 9, "{code}");
                shell.found.insert(printed[0].clone(), code);
            }
            continue;
        }
        let out = shell.run(&command);
        let out: Vec<&str> = out.lines().map(str::trim_end).collect();
        if command.contains("token issue") {
            shell.found.insert("lg_5c0f…".to_owned(), out[0].to_owned());
            let id = out[1].split(' ').find(|word| word.starts_with("tok_")).unwrap();
            let shown = printed[1].split(' ').find(|word| word.starts_with("tok_")).unwrap();
            shell.found.insert(
                shown.trim_end_matches(['.', ',']).to_owned(),
                id.trim_end_matches(['.', ',']).to_owned(),
            );
            continue;
        }
        leaves += usize::from(command.contains("curl"));
        assert_eq!(printed.len(), out.len(), "{command}: {printed:#?} {out:#?}");
        for (shown, real) in printed.iter().zip(&out) {
            let mut shown = shown.clone();
            for (text, found) in &shell.found {
                shown = shown.replace(text, found);
            }
            assert!(fits(&shown, real), "{command}:\n{shown}\n{real}");
        }
        if command.contains("phone enter") {
            // The device's first login goes on until the phone has nothing more to say.
            assert!(running[1].wait().unwrap().success());
        }
    }
    assert_eq!(leaves, 2, "one that leaves, and one that is refused");
    let mut stack = running.swap_remove(0);
    assert!(Command::new("kill").arg(stack.id().to_string()).status().unwrap().success());
    assert!(stack.wait().unwrap().success());
}
