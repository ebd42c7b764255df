//! What is never repeated where a line is refused: the values on it. A token that stands
//! where an account is wanted, a proxy's password, a code that a phone waits for: `clap`
//! would write each of them on the terminal and into a log.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error};

/// In place of a value.
const MASK: &str = "…";
/// Longest word that is repeated as an unknown command, in bytes.
const LONGEST_COMMAND: usize = 24;

/// `error` without the values that were given. The names of flags stay, and words that can
/// be a command's.
pub(crate) fn masked(mut error: Error) -> Error {
    if error.get(ContextKind::InvalidValue).is_some() {
        mask(&mut error, ContextKind::InvalidValue, MASK.to_owned());
    }
    if let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg) {
        let shown = match given.split_once('=') {
            Some((flag, _)) => flag,
            None => given,
        };
        // `<ACCOUNT>` is clap's own word for what is wanted.
        let is_name = shown.starts_with('-') || shown.starts_with('<') || shown.starts_with('[');
        let shown = if is_name { shown.to_owned() } else { MASK.to_owned() };
        mask(&mut error, ContextKind::InvalidArg, shown);
    }
    // "to pass '--force' as a value, use '-- --force'": a flag that is none of ours is no
    // group, and no other value either.
    let suggests_value = |it: &StyledStr| it.to_string().contains("as a value");
    if matches!(error.get(ContextKind::Suggested), Some(ContextValue::StyledStrs(tips))
        if tips.iter().any(suggests_value))
    {
        error.remove(ContextKind::Suggested);
    }
    if let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidSubcommand) {
        let is_word = given.len() <= LONGEST_COMMAND
            && given.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
        if !is_word {
            mask(&mut error, ContextKind::InvalidSubcommand, MASK.to_owned());
        }
    }
    error
}

fn mask(error: &mut Error, kind: ContextKind, shown: String) {
    error.insert(kind, ContextValue::String(shown));
}
