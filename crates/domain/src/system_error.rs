//! What the operating system refuses, in words that people use: of a file, a folder or a
//! pipe that they named.

use std::io;

/// Why, to end a sentence with.
pub fn why(error: &io::Error) -> String {
    if let Some(known) = known(error.kind()) {
        return known.to_owned();
    }
    let text = error.to_string();
    if error.raw_os_error().is_none() {
        return text;
    }
    // The number says no more than the words before it.
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut rest = text.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect()).unwrap_or_default()
}

/// The same, where only its kind was kept.
pub fn why_kind(kind: io::ErrorKind) -> String {
    known(kind).map_or_else(|| kind.to_string(), str::to_owned)
}

/// `None` for what is rare.
fn known(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::NotFound => "it is not there",
        io::ErrorKind::PermissionDenied => "permission is denied",
        io::ErrorKind::NotADirectory => "a part of its path is a file, and no folder",
        io::ErrorKind::IsADirectory => "it is a folder",
        io::ErrorKind::AlreadyExists => "it is there already",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::StorageFull => "the disk is full",
        io::ErrorKind::UnexpectedEof => "it ends too early",
        io::ErrorKind::InvalidData => "it is no UTF-8 text",
        io::ErrorKind::TimedOut => "nothing came in time",
        io::ErrorKind::BrokenPipe => "whoever wrote has stopped",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_a_part_of_a_sentence() {
        for (number, words) in
            [(2, "it is not there"), (5, "input/output error"), (28, "the disk is full")]
        {
            assert_eq!(why(&io::Error::from_raw_os_error(number)), words);
        }
        assert_eq!(why_kind(io::ErrorKind::NotFound), "it is not there");
        assert_eq!(why_kind(io::ErrorKind::AddrInUse), "address in use");
    }
}
