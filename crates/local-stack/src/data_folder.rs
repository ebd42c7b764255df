//! One stack at a time on a data folder, and what tells other processes of it.
//!
//! | file | what it is |
//! |---|---|
//! | `lock` | locked by the stack from its first step to its last; says who holds it |
//! | `env` | the variables for other terminals, from when the stack answers; locked too |
//!
//! Locks end with their process, however it ends, so they are believed and the files
//! are not: what a killed stack left behind is not locked.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::error::StackError;
use crate::private_files;

const LOCK: &str = "lock";
const VARIABLES: &str = "env";
/// Whoever asks about a stack holds the lock for a moment.
const PATIENCE: Duration = Duration::from_secs(1);
/// A stack that ends lets requests finish first.
const LONGEST_ENDING: Duration = Duration::from_secs(6);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(25);

/// The stack that holds a folder, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// When it began, in milliseconds since 1970.
    pub since: u64,
    /// Its API's address, once it is known.
    pub url: Option<String>,
    /// Whether it was told to end.
    pub is_ending: bool,
}

/// A folder that is this stack's alone, until the value is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    lock: File,
    holder: Holder,
    variables: Option<File>,
}

/// What came of asking for a folder.
#[derive(Debug)]
pub enum Claim {
    /// It is ours.
    Ours(DataFolder),
    /// Another stack runs on it; `None` where it has not said who it is.
    Held(Option<Holder>),
}

/// What another process sees of a folder's stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// None runs.
    Free,
    /// One runs and does not answer yet, or no more.
    Held(Option<Holder>),
    /// One answers: its variables, as it wrote them.
    Ready(String),
}

impl DataFolder {
    /// Takes a folder, which is made where there is none. Nothing else in it is read or
    /// written before.
    ///
    /// # Errors
    /// When the folder or its lock cannot be used; that another stack runs is none.
    pub async fn claim(path: &Path) -> Result<Claim, StackError> {
        refuse_a_file(path)?;
        private_files::folder(path).map_err(StackError::file(path, "made"))?;
        let file = path.join(LOCK);
        let lock = private_files::hold(&file).map_err(StackError::file(&file, "written"))?;
        let began = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => {
                    return Err(StackError::file(&file, "locked")(error));
                }
                Err(TryLockError::WouldBlock) => {}
            }
            let holder = holder(&file);
            let is_ending = holder.as_ref().is_some_and(|holder| holder.is_ending);
            if began.elapsed() > if is_ending { LONGEST_ENDING } else { PATIENCE } {
                return Ok(Claim::Held(holder));
            }
            sleep(PAUSE).await;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let holder = Holder {
            pid: std::process::id(),
            since: u64::try_from(now.as_millis()).unwrap_or_default(),
            url: None,
            is_ending: false,
        };
        let mut folder = Self { path: path.to_owned(), lock, holder, variables: None };
        folder.say()?;
        folder.clear()?;
        Ok(Claim::Ours(folder))
    }

    /// Says that the stack answers at `url`, and hands out its variables.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn ready(&mut self, url: &str, variables: &str) -> Result<(), StackError> {
        self.holder.url = Some(url.to_owned());
        self.say()?;
        // Locked before it has its name, so that under it there is never one to doubt.
        let (file, beside) = (self.path.join(VARIABLES), self.path.join("env.new"));
        let failed = StackError::file(&file, "written");
        let written = || {
            let mut written = private_files::create(&beside)?;
            written.lock()?;
            written.write_all(variables.as_bytes())?;
            std::fs::rename(&beside, &file)?;
            Ok(written)
        };
        self.variables = Some(written().map_err(failed)?);
        Ok(())
    }

    /// Says that the stack ends: its addresses are nobody's soon. The folder stays
    /// ours until the value is dropped.
    pub fn ending(&mut self) {
        self.holder.is_ending = true;
        // Nothing hangs on either: locks end with the process.
        let _ = self.say();
        let _ = self.clear();
    }

    /// Takes the variables away, ours or those of a stack that was killed.
    fn clear(&mut self) -> Result<(), StackError> {
        let file = self.path.join(VARIABLES);
        if self.variables.take().is_some_and(|ours| !is_at(&ours, &file)) {
            // The folder was deleted and made anew by somebody else.
            return Ok(());
        }
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(StackError::file(&file, "deleted")(error))
            }
            _ => Ok(()),
        }
    }

    /// Written over and then cut, so that whoever reads meanwhile finds a whole line.
    fn say(&mut self) -> Result<(), StackError> {
        let line = serde_json::to_string(&self.holder).unwrap_or_default() + "\n";
        let length = u64::try_from(line.len()).unwrap_or_default();
        let lock = &mut self.lock;
        lock.rewind()
            .and_then(|()| lock.write_all(line.as_bytes()))
            .and_then(|()| lock.set_len(length))
            .map_err(StackError::file(&self.path.join(LOCK), "written"))
    }
}

/// Looks whether a stack runs on a folder, which need not exist.
///
/// # Errors
/// When the folder cannot be looked into.
pub fn standing(folder: &Path) -> Result<Standing, StackError> {
    refuse_a_file(folder)?;
    let file = folder.join(VARIABLES);
    if let Some(mut variables) = open_if_there(&file)?
        && is_locked(&variables, &file)?
    {
        let mut text = String::new();
        variables.read_to_string(&mut text).map_err(StackError::file(&file, "read"))?;
        return Ok(Standing::Ready(text));
    }
    let file = folder.join(LOCK);
    match open_if_there(&file)? {
        Some(lock) if is_locked(&lock, &file)? => Ok(Standing::Held(holder(&file))),
        _ => Ok(Standing::Free),
    }
}

fn refuse_a_file(folder: &Path) -> Result<(), StackError> {
    match std::fs::metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => Err(StackError::NotAFolder(folder.to_owned())),
        _ => Ok(()),
    }
}

fn open_if_there(path: &Path) -> Result<Option<File>, StackError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StackError::file(path, "read")(error)),
    }
}

/// Asked with a shared lock, which whoever else asks does not mind.
fn is_locked(file: &File, path: &Path) -> Result<bool, StackError> {
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(StackError::file(path, "locked")(error)),
    }
}

fn holder(lock: &Path) -> Option<Holder> {
    let text = std::fs::read_to_string(lock).ok()?;
    serde_json::from_str(text.lines().next()?).ok()
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: &std::fs::Metadata| (metadata.dev(), metadata.ino());
    let same = (file.metadata(), std::fs::metadata(path));
    matches!(same, (Ok(ours), Ok(there)) if id(&ours) == id(&there))
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}
