//! Where a session is read from, and what kind of thing it is.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::database::{self, Database};
use crate::error::{ImportError, Seen};

/// The largest text that is read, in bytes. A `creds.json` has a few thousand.
pub const LARGEST_TEXT: u64 = 16 << 20;

/// What to import from.
pub enum Input {
    /// The content itself. [`Input::read_from`] makes it of standard input.
    Bytes(Zeroizing<Vec<u8>>),
    /// A file, or Baileys' auth folder.
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
            limited(bytes.len(), database::LARGEST)?;
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
fn open_file(path: &Path) -> Result<Material<'static>, ImportError> {
    let unreadable = |kind| ImportError::Unreadable { path: path.to_owned(), kind };
    let mut file = File::open(path).map_err(|error| unreadable(error.kind()))?;
    let facts = file.metadata().map_err(|error| unreadable(error.kind()))?;
    let mut start = Zeroizing::new(Vec::with_capacity(database::MAGIC.len()));
    (&mut file)
        .take(database::MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(|error| unreadable(error.kind()))?;
    let is_database = start.as_slice() == database::MAGIC;
    if is_database && facts.is_file() {
        return Database::open(path).map(Material::Database);
    }
    let bytes =
        bounded(start.as_slice().chain(file), facts.len()).map_err(|error| match error {
            Broken::Io(kind) => unreadable(kind),
            Broken::TooLarge(limit) => ImportError::TooLarge { limit },
        })?;
    if is_database {
        return Database::from_bytes(&bytes).map(Material::Database);
    }
    Ok(Material::Text(Text::Loaded(bytes)))
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
        let limit =
            if bytes.starts_with(database::MAGIC) { database::LARGEST } else { LARGEST_TEXT };
        if limited(bytes.len(), limit).is_err() {
            return Err(Broken::TooLarge(limit));
        }
    }
}
