//! The tables of a database that are read.

use crate::source::Source;

/// Whose table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    /// whatsmeow's. Its name has the library's in it, so no other program is likely to
    /// have one.
    Whatsmeow,
    /// whatsapp-rust's. Many programs have a table of this name; it is theirs with
    /// [`Table::MARKS`] in it.
    WhatsappRust,
}

impl Table {
    /// Every one.
    pub(crate) const ALL: [Self; 2] = [Self::Whatsmeow, Self::WhatsappRust];

    /// The columns that tell whatsapp-rust's table from another of that name.
    pub(crate) const MARKS: [&str; 2] = ["noise_key", "pn"];

    /// Its name in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Whatsmeow => "whatsmeow_device",
            Self::WhatsappRust => "device",
        }
    }

    /// The program that made it.
    pub(crate) const fn source(self) -> Source {
        match self {
            Self::Whatsmeow => Source::Whatsmeow,
            Self::WhatsappRust => Source::WhatsappRust,
        }
    }
}
