//! Secrets on standard input, with `-` in place of the value: what is on a command line
//! is in the list of processes, and in the shell's history.

use std::io::{BufRead, IsTerminal};

use console::Term;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output;

/// In place of a value.
pub(crate) const MARK: &str = "-";

/// Longest line that is read, in bytes: more than any secret that a flag takes.
const LONGEST: u64 = 8 << 10;

/// The first line of standard input, which holds `what`.
pub(crate) fn line(what: &str) -> Result<Zeroizing<String>, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        output::note(&format!("Give {what} on one line, which is not shown:"));
        let line = Zeroizing::new(Term::stderr().read_secure_line()?);
        return line_of(line.as_bytes(), what);
    }
    line_of(stdin.lock(), what)
}

fn line_of(reader: impl BufRead, what: &str) -> Result<Zeroizing<String>, Failure> {
    // Its room is made once, so that no copy stays behind where it grew.
    let capacity = usize::try_from(LONGEST).unwrap_or_default() + 1;
    let mut line = Zeroizing::new(String::with_capacity(capacity));
    let refused =
        |why: &str| Failure::Refused(format!("{what} was expected on standard input, {why}"));
    let read = reader.take(LONGEST + 1).read_line(&mut line);
    let length = read.map_err(|error| refused(&format!("which cannot be read: {error}")))?;
    if u64::try_from(length).is_ok_and(|length| length > LONGEST) {
        return Err(refused("and its first line is longer than any is"));
    }
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    if line.trim().is_empty() {
        return Err(refused("and its first line is empty"));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<String, String> {
        match line_of(text, "the code") {
            Ok(line) => Ok(line.to_string()),
            Err(failure) => Err(failure.to_string()),
        }
    }

    #[test]
    fn the_first_line_without_its_end() {
        for text in ["a b", "a b\n", "a b\r\n", "a b\nnext\n"] {
            assert_eq!(read(text.as_bytes()), Ok("a b".to_owned()));
        }
    }

    #[test]
    fn what_is_no_line_is_refused_without_being_repeated() {
        let long = "x".repeat(usize::try_from(LONGEST).unwrap_or_default() + 1);
        for (text, why) in [
            ("".as_bytes(), "is empty"),
            (b"\n", "is empty"),
            (b" \nsecret", "is empty"),
            (b"\xffsecret", "cannot be read"),
            (long.as_bytes(), "longer than any"),
        ] {
            let refused = read(text).err().unwrap_or_default();
            assert!(
                refused.starts_with("the code was expected") && refused.contains(why),
                "{refused}"
            );
            assert!(!refused.contains("secret") && !refused.contains("xx"), "{refused}");
        }
    }
}
