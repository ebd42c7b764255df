//! A plain shell in a folder of its own, and what its commands print.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// In place of Cargo, which would build what these tests are built with: its
/// `run -p leavectl -- …` runs the binary. Nothing else of it is asked for.
const CARGO: &str = "#!/bin/sh\n\
    [ \"$1 $2 $3 $4\" = 'run -p leavectl --' ] || exit 101\n\
    shift 4\n\
    exec leavectl \"$@\"\n";

/// What is the reader's own in each run.
pub(crate) struct Reader {
    folder: PathBuf,
    /// In place of the README's: tests run side by side, and so do people.
    port: u16,
    /// What a person reads from the screen, by the text that the README has for it.
    read: BTreeMap<String, String>,
}

impl Reader {
    pub(crate) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("walk").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        let cargo = folder.join("bin/cargo");
        std::fs::write(&cargo, CARGO).unwrap();
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port, read: BTreeMap::new() }
    }

    /// That the README's `shown` is `real` in this run.
    pub(crate) fn reads(&mut self, shown: &str, real: &str) {
        self.read.insert(shown.to_owned(), real.to_owned());
    }

    /// A text of the README with this run's values.
    pub(crate) fn real(&self, text: &str) -> String {
        let address = format!("127.0.0.1:{}", self.port);
        let mut text = text.replace("127.0.0.1:9000", &address).replace("127.0.0.1:9100", &address);
        // Where it names none it means 9000.
        for up in ["leavectl up", "leavectl -- up"] {
            if text.contains(up) && !text.contains("--listen") {
                text = text.replace(up, &format!("{up} --listen {address}"));
            }
        }
        for (shown, real) in &self.read {
            text = text.replace(shown, real);
        }
        text
    }

    /// A terminal's shell in the folder, with nothing set in it.
    pub(crate) fn shell(&self, name: &str) -> Shell {
        let bin = Path::new(env!("CARGO_BIN_EXE_leavectl")).parent().unwrap();
        let own = self.folder.join("bin");
        let path = std::env::var("PATH").unwrap();
        let mut child = Command::new("bash")
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", format!("{}:{}:{path}", own.display(), bin.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"exec 9>&1\n").unwrap();
        let codes = BufReader::new(child.stdout.take().unwrap());
        let logs = self.folder.join(name);
        std::fs::create_dir(&logs).unwrap();
        Shell { child, stdin, codes, logs, typed: Vec::new(), ended: Vec::new() }
    }
}

/// A shell that is fed its commands as they are pasted: the next one is there before
/// the one before has ended.
pub(crate) struct Shell {
    child: Child,
    stdin: ChildStdin,
    codes: BufReader<ChildStdout>,
    logs: PathBuf,
    typed: Vec<String>,
    ended: Vec<i32>,
}

impl Shell {
    /// Types a command, and waits for nothing. What it prints on both streams, now and
    /// later, is [`Shell::printed`] under the number that is returned.
    pub(crate) fn types(&mut self, command: &str) -> usize {
        let number = self.typed.len();
        let log = self.log(number);
        let fed = format!("exec > '{}' 2>&1\n{command}\necho $? >&9\n", log.display());
        self.stdin.write_all(fed.as_bytes()).unwrap();
        self.typed.push(command.to_owned());
        number
    }

    fn log(&self, number: usize) -> PathBuf {
        self.logs.join(format!("{number}.log"))
    }

    /// Waits for the end of a command, or, of one that goes on, until the shell does.
    pub(crate) fn code(&mut self, number: usize) -> i32 {
        while self.ended.len() <= number {
            let mut line = String::new();
            self.codes.read_line(&mut line).unwrap();
            self.ended.push(line.trim().parse().expect("the shell has ended"));
        }
        self.ended[number]
    }

    /// What a command has printed when it has ended; it has to do what was asked.
    pub(crate) fn done(&mut self, number: usize) -> Vec<String> {
        let code = self.code(number);
        let printed = self.printed(number);
        assert_eq!(code, 0, "{}: {printed:#?}", self.typed[number]);
        printed
    }

    pub(crate) fn printed(&self, number: usize) -> Vec<String> {
        let text = std::fs::read_to_string(self.log(number)).unwrap_or_default();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Looks at the screen until a command has printed a line that is found, like a person
    /// who needs it to go on.
    pub(crate) fn sees(&self, number: usize, is_it: impl Fn(&str) -> bool) -> Vec<String> {
        let began = Instant::now();
        loop {
            let printed = self.printed(number);
            if printed.iter().any(|line| is_it(line)) {
                return printed;
            }
            let command = &self.typed[number];
            assert!(began.elapsed() < Duration::from_mins(1), "{command}: {printed:#?}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // With all that it has started.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}
