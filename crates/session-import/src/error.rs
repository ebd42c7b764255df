//! Why a session could not be imported, and what to do about it.

use std::fmt::{self, Write as _};
use std::io;
use std::path::PathBuf;

use domain::credentials::DeviceJid;
use domain::system_error::why_kind;

use crate::source::Source;

/// What the input turned out to be, as far as it can be told without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The store of this software.
    From(Source),
    /// `SQLite`, with neither of the tables that are read.
    OtherDatabase,
    /// JSON, or CSV, of another shape.
    OtherJson,
    /// Keys of Baileys, without its credentials.
    SignalKeys,
    /// A row of whatsapp-rust's table.
    RowOfWhatsappRust,
    /// A session with something around it that is not understood.
    AroundSession,
    /// Text that is neither JSON nor CSV.
    OtherText,
    /// Neither text nor `SQLite`.
    OtherBytes,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::From(Source::Baileys) => "a Baileys creds.json",
            Self::From(Source::Whatsmeow) => "whatsmeow's table, or a row of it",
            Self::From(Source::WhatsappRust) => "a whatsapp-rust database",
            Self::From(Source::Evolution) => "a Session row of Evolution API",
            Self::OtherDatabase => {
                "an SQLite database with neither `whatsmeow_device` nor whatsapp-rust's `device`"
            }
            Self::OtherJson => "rows or JSON without `noiseKey`, `creds` or `noise_key`",
            Self::SignalKeys => {
                "Signal keys of Baileys (`pre-key-…`, `session-…`) without its `creds`"
            }
            Self::RowOfWhatsappRust => "a row of whatsapp-rust's table `device`",
            Self::AroundSession => {
                "a session with something around it (an SQL dump, a table drawn for people, CSV \
                 without its line of names, an object around the rows)"
            }
            Self::OtherText => "text that is not JSON",
            Self::OtherBytes => "neither UTF-8 text nor an SQLite database (encrypted, packed?)",
        })
    }
}

impl Seen {
    /// What to give in place of it.
    const fn instead(self) -> &'static str {
        match self {
            Self::SignalKeys => {
                "Give the file creds.json, or the row whose key is `creds`: it has `noiseKey` in it"
            }
            Self::RowOfWhatsappRust => "Give whatsapp-rust's SQLite file itself",
            Self::AroundSession => {
                "Give the row alone as JSON, from its { to its }, several rows one after another or \
                 in [ ], or CSV with the line of names. Out of Postgres: `psql -Atc 'select creds \
                 from \"Session\"'` for Evolution API, `psql -Atc 'select row_to_json(d) from \
                 whatsmeow_device d'` for whatsmeow"
            }
            Self::From(_)
            | Self::OtherDatabase
            | Self::OtherJson
            | Self::OtherText
            | Self::OtherBytes => {
                "Accepted are: for `baileys` its creds.json, the folder with it, or the row `creds` \
                 out of the table or collection that keeps its keys; for `whatsmeow` and \
                 `whatsapp-rust` their SQLite file, and for whatsmeow a row of Postgres as JSON or \
                 CSV; for `evolution` the text in `creds` of its table Session, or that row as JSON \
                 or CSV"
            }
        }
    }
}

/// Why nothing was imported. Its text says what to do next, and has nothing of the
/// input in it but phone numbers with their device numbers.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file system refused.
    #[error("{} cannot be read: {}; check the path and its permissions", path.display(), why_kind(*kind))]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not be.
        kind: io::ErrorKind,
    },
    /// What is piped in broke off.
    #[error("cannot read the input: {}; try again, or give a file", why_kind(*.0))]
    BrokenPipe(io::ErrorKind),
    /// A device, a socket.
    #[error("{} is neither a file nor a pipe; give a file, or - for standard input", .0.display())]
    NotAFile(PathBuf),
    /// A pipe that has no writer.
    #[error(
        "nobody writes into the pipe {}; start what writes before the import, or pipe it into `-`",
        .0.display()
    )]
    SilentPipe(PathBuf),
    /// A folder that is not Baileys' auth folder.
    #[error("the folder {} has no creds.json; give the auth folder of Baileys, or a file", .0.display())]
    NoCredsInFolder(PathBuf),
    /// Nothing to read.
    #[error("the input is empty; export the session again")]
    Empty,
    /// More than any session takes.
    #[error(
        "the input is larger than {} MiB, more than is read: check the path, and give a large database \
         by its path in place of a pipe",
        limit >> 20
    )]
    TooLarge {
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// It cannot be told whose it is.
    #[error("cannot tell which software stored this: it is {0}. {instead}", instead = .0.instead())]
    Unrecognised(Seen),
    /// One database, or one export, of two programs.
    #[error("sessions of two programs are in it; choose with `--from`, by the name of the program")]
    TwoSources,
    /// It is someone else's.
    #[error("this is not what {asked} stores: it is {seen}; correct `--from`, or leave it out")]
    NotFrom {
        /// The source that was named.
        asked: Source,
        /// What the input is.
        seen: Seen,
    },
    /// Text that breaks JSON's rules.
    #[error(
        "the JSON is damaged at line {line}, column {column}; export the session again, whole and \
         as UTF-8"
    )]
    Json {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A table of values that breaks its rules.
    #[error(
        "the CSV is damaged at line {line}: each line has as many values as the first, and quotes \
         within quotes are doubled; export it again, whole"
    )]
    Csv {
        /// Counted from 1.
        line: usize,
    },
    /// A field that is needed is not there.
    #[error("the session has no `{0}`; export it again, whole")]
    Missing(&'static str),
    /// A field has another form than its software gives it.
    #[error("the session's `{0}` has an unknown form; export it again, unchanged")]
    Malformed(&'static str),
    /// A field holds text that should be JSON.
    #[error(
        "the session's `{0}` holds text that is not JSON (encrypted, packed, cut off?); give its \
         plain text, which begins with {{ and has `noiseKey` in it"
    )]
    NotJson(&'static str),
    /// A key is text of another form.
    #[error(
        "the session's `{0}` is neither hex nor base64; give it in hex, as Postgres does with `set \
         bytea_output = hex`"
    )]
    KeyText(&'static str),
    /// `SQLite` could not read the file.
    #[error(
        "SQLite cannot read the database ({0:?}); if it is damaged, copy it again while its \
         program is stopped, together with its -wal file; if it is encrypted, decrypt it first"
    )]
    Database(rusqlite::ErrorCode),
    /// The table would run what the file says.
    #[error(
        "`{0}` is no plain table there, but a view, a virtual table or one with computed columns, \
         which its program never makes; give the database as its program wrote it"
    )]
    NotPlain(&'static str),
    /// More than reading a store takes.
    #[error(
        "reading the database takes more work, memory or length than any store does, so it was not \
         read; copy it again while its program is stopped, or give the row of the device as JSON"
    )]
    Excessive,
    /// A program wrote while we copied.
    #[error("the database is being written; stop the program that uses it, then import again")]
    InUse,
    /// Not one device in it.
    #[error(
        "no device is stored there; link one in its own software first. If the database was piped \
         in, give its path instead, so that its -wal file is read too"
    )]
    NoDevice,
    /// Keys were made, no phone has linked them.
    #[error(
        "the session is not linked yet: its JID has no device number. Finish linking it in its own \
         software, then export it again"
    )]
    NotLinked,
    /// The key is not as long as a key is.
    #[error(
        "the noise key has {found} bytes where {expected} were expected; export the session again"
    )]
    KeyLength {
        /// What its software writes.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// The key is all zeros.
    #[error("the noise key is blank; export the session from where it is in use")]
    KeyBlank,
    /// The stored halves are not of one pair.
    #[error(
        "the public half of the noise key does not belong to its private half; the session is \
         damaged: export it again"
    )]
    KeyMismatch,
    /// A choice has to be made.
    #[error("{} devices fit; choose one with `--jid`: {}", found.len(), list(found))]
    Several {
        /// The devices that fit.
        found: Vec<DeviceJid>,
    },
    /// None is the one that was asked for.
    #[error("no stored device is the one given with `--jid`; there are: {}", list(found))]
    NoSuchDevice {
        /// The devices that are there.
        found: Vec<DeviceJid>,
    },
    /// The choice itself cannot be read.
    #[error(
        "`--jid` is not understood; give 5511999990000:12@s.whatsapp.net, 5511999990000:12 or \
         5511999990000"
    )]
    UnclearChoice,
    /// Two rows claim one device.
    #[error("{0} is stored twice, with different keys; export only the row that is in use")]
    StoredTwice(DeviceJid),
}

/// As many as fit on a screen.
fn list(found: &[DeviceJid]) -> String {
    const SHOWN: usize = 20;
    let mut text =
        found.iter().take(SHOWN).map(DeviceJid::to_string).collect::<Vec<_>>().join(", ");
    if let Some(more) = found.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = write!(text, " and {more} more");
    }
    text
}
