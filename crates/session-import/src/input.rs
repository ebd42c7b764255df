//! Where a session is read from, and what kind of thing it is.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::confine::LARGEST_PIPED;
use crate::database::{self, Database};
use crate::error::{ImportError, Seen};

/// The largest text that is read, in bytes. A `creds.json` has a few thousand.
pub const LARGEST_TEXT: u64 = 16 << 20;

/// What to import from.
pub enum Input {
    /// The content itself. [`Input::read_from`] makes it of standard input.
    Bytes(Zeroizing<Vec<u8>>),
    /// A file, a pipe with a name, or Baileys' auth folder.
    Path(PathBuf),
}

impl Input {
    /// Reads all that comes, up to what a session may have, and leaves no copy of it
    /// in memory when it is dropped.
    pub fn read_from(reader: impl Read) -> Result<Self, ImportError> {
        bounded(reader, 0).map(Self::Bytes).map_err(|error| match error {
            Broken::Io(kind) => ImportError::BrokenPipe(kind),
            Broken::TooLarge(limit) => ImportError::TooLarge { limit },
        })
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
        }
    }
}

/// An input whose kind is known.
pub(crate) enum Material<'a> {
    /// UTF-8, not yet known to be JSON.
    Text(Text<'a>),
    /// `SQLite`, of either program.
    Database(Database),
}

/// Text that is borrowed or wiped.
pub(crate) enum Text<'a> {
    Given(&'a [u8]),
    Loaded(Zeroizing<Vec<u8>>),
}

impl Text<'_> {
    /// Without the mark that some editors put before UTF-8.
    pub(crate) fn as_str(&self) -> Result<&str, ImportError> {
        let bytes = match self {
            Self::Given(bytes) => bytes,
            Self::Loaded(bytes) => bytes.as_slice(),
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text =
            str::from_utf8(bytes).map_err(|_| ImportError::Unrecognised(Seen::OtherBytes))?;
        if text.trim().is_empty() { Err(ImportError::Empty) } else { Ok(text) }
    }
}

/// Opens the input.
pub(crate) fn open(input: &Input) -> Result<Material<'_>, ImportError> {
    match input {
        Input::Bytes(bytes) if bytes.starts_with(database::MAGIC) => {
            limited(bytes.len(), LARGEST_PIPED)?;
            Database::from_bytes(bytes).map(Material::Database)
        }
        Input::Bytes(bytes) => {
            limited(bytes.len(), LARGEST_TEXT)?;
            Ok(Material::Text(Text::Given(bytes)))
        }
        Input::Path(path) if path.is_dir() => {
            let file = path.join("creds.json");
            if !file.is_file() {
                return Err(ImportError::NoCredsInFolder(path.clone()));
            }
            open_file(&file)
        }
        Input::Path(path) => open_file(path),
    }
}

fn limited(length: usize, limit: u64) -> Result<(), ImportError> {
    let fits = u64::try_from(length).is_ok_and(|length| length <= limit);
    if fits { Ok(()) } else { Err(ImportError::TooLarge { limit }) }
}

/// A file of its own is left to `SQLite`; from a pipe, only its content can be had.
/// Nothing else is opened: a device may never end, or do something when it is read.
fn open_file(path: &Path) -> Result<Material<'static>, ImportError> {
    let unreadable = |kind| ImportError::Unreadable { path: path.to_owned(), kind };
    let readable = |facts: &Metadata| {
        let is_readable = facts.is_file() || is_pipe(facts);
        if is_readable { Ok(()) } else { Err(ImportError::NotAFile(path.to_owned())) }
    };
    readable(&path.metadata().map_err(|error| unreadable(error.kind()))?)?;
    let file = open_without_waiting(path).map_err(|error| unreadable(error.kind()))?;
    // Another one may be there by now.
    let facts = file.metadata().map_err(|error| unreadable(error.kind()))?;
    readable(&facts)?;
    let mut reader = Patient { reader: file, patience: PATIENCE };
    let mut start = Zeroizing::new(Vec::with_capacity(database::MAGIC.len()));
    (&mut reader)
        .take(database::MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(|error| unreadable(error.kind()))?;
    if start.is_empty() && is_pipe(&facts) {
        return Err(ImportError::SilentPipe(path.to_owned()));
    }
    let is_database = start.as_slice() == database::MAGIC;
    if is_database && facts.is_file() {
        return Database::open(path).map(Material::Database);
    }
    let bytes =
        bounded(start.as_slice().chain(reader), facts.len()).map_err(|error| match error {
            Broken::Io(kind) => unreadable(kind),
            Broken::TooLarge(limit) => ImportError::TooLarge { limit },
        })?;
    if is_database {
        return Database::from_bytes(&bytes).map(Material::Database);
    }
    Ok(Material::Text(Text::Loaded(bytes)))
}

/// To open a pipe waits for a writer, for ever where none comes; this does not, and
/// reading finds the pipe empty.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

#[cfg(unix)]
fn is_pipe(facts: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&facts.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

/// How long a writer may say nothing: a database's client asks for a password first.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Waits for the writer of a pipe that was opened without waiting, but not for ever.
struct Patient<R> {
    reader: R,
    patience: Duration,
}

impl<R: Read> Read for Patient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut waited = Duration::ZERO;
        loop {
            match self.reader.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if waited >= self.patience {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    std::thread::sleep(LOOK);
                    waited += LOOK;
                }
                other => return other,
            }
        }
    }
}

enum Broken {
    Io(io::ErrorKind),
    TooLarge(u64),
}

/// Reads all, in room that is never given back unwiped. Text ends at [`LARGEST_TEXT`].
fn bounded(mut reader: impl Read, expected: u64) -> Result<Zeroizing<Vec<u8>>, Broken> {
    const CHUNK: usize = 64 << 10;
    let expected = usize::try_from(expected.min(LARGEST_TEXT)).unwrap_or(CHUNK);
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected + CHUNK));
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let length = match reader.read(&mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Broken::Io(error.kind())),
        };
        if bytes.capacity() - bytes.len() < length {
            let mut roomier = Zeroizing::new(Vec::with_capacity(2 * bytes.capacity()));
            roomier.extend_from_slice(&bytes);
            bytes = roomier;
        }
        bytes.extend_from_slice(&chunk[..length]);
        let limit = if bytes.starts_with(database::MAGIC) { LARGEST_PIPED } else { LARGEST_TEXT };
        if limited(bytes.len(), limit).is_err() {
            return Err(Broken::TooLarge(limit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says these one after another, then nothing.
    struct Script(Vec<Result<&'static [u8], io::ErrorKind>>);

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let bytes = self.0.remove(0)?;
            buffer[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
    }

    fn read(script: Vec<Result<&'static [u8], io::ErrorKind>>) -> (Vec<u8>, io::Result<usize>) {
        let mut patient = Patient { reader: Script(script), patience: LOOK };
        let mut bytes = Vec::new();
        let read = patient.read_to_end(&mut bytes);
        (bytes, read)
    }

    #[test]
    fn a_slow_writer_is_waited_for_and_a_silent_one_is_not() {
        let slow = || Err(io::ErrorKind::WouldBlock);
        let (bytes, read_all) = read(vec![slow(), Ok(b"one"), slow(), Ok(b"two"), Ok(b"")]);
        assert_eq!((bytes.as_slice(), read_all.ok()), (b"onetwo".as_slice(), Some(6)));
        let (bytes, read_some) = read(vec![Ok(b"one")]);
        assert_eq!(bytes, b"one");
        assert_eq!(read_some.err().map(|error| error.kind()), Some(io::ErrorKind::TimedOut));
    }
}
