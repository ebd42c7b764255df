//! Whose store a session comes from.

use std::fmt;
use std::str::FromStr;

/// The software that stored a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Baileys: `creds.json`, or the folder that has it.
    Baileys,
    /// whatsmeow: an `SQLite` database with the table `whatsmeow_device`.
    Whatsmeow,
    /// whatsapp-rust: an `SQLite` database with the table `device`.
    WhatsappRust,
    /// Evolution API: what is in `creds` of its table `Session`.
    Evolution,
}

/// The text names none of [`Source::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known source: use baileys, whatsmeow, whatsapp-rust or evolution")]
pub struct UnknownSource;

impl Source {
    /// Every source, in the order in which they are documented.
    pub const ALL: [Self; 4] =
        [Self::Baileys, Self::Whatsmeow, Self::WhatsappRust, Self::Evolution];

    /// Its name on a command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baileys => "baileys",
            Self::Whatsmeow => "whatsmeow",
            Self::WhatsappRust => "whatsapp-rust",
            Self::Evolution => "evolution",
        }
    }
}

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|source| source.name() == text).ok_or(UnknownSource)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
