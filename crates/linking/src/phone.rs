//! The number of the phone that takes the device.

use std::fmt;
use std::str::FromStr;

use domain::invisible;

/// A phone number in international form, 7 to 15 digits (E.164), without a leading zero.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// What people and programs write between the digits.
const BETWEEN: &str = "-.()/\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}";
/// What stands before it.
const BEFORE: [&str; 4] = ["tel:", "https://wa.me/", "http://wa.me/", "wa.me/"];

/// The text is no international phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number: write it with its country code, like +55 11 91234-5678")]
pub struct NotAPhoneNumber;

impl PhoneNumber {
    /// Its digits.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl FromStr for PhoneNumber {
    type Err = NotAPhoneNumber;

    /// Takes it as people write and copy it: with a leading `+` or what is dialled in its
    /// place, any dashes and brackets, marks that nobody sees, out of a link.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seen: String = text.chars().filter(|c| !invisible::is_invisible(*c)).collect();
        let seen = seen.trim();
        let rest = BEFORE.iter().find_map(|before| seen.strip_prefix(before)).unwrap_or(seen);
        let rest = rest.strip_prefix('+').unwrap_or(rest);
        let is_written = |c: char| c.is_ascii_digit() || c.is_whitespace() || BETWEEN.contains(c);
        // In +55 (0)11 the 0 is for callers within the country.
        if !rest.chars().all(is_written) || rest.contains("(0)") {
            return Err(NotAPhoneNumber);
        }
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.strip_prefix("00").unwrap_or(&digits);
        if digits.starts_with('0') || !(7..=15).contains(&digits.len()) {
            return Err(NotAPhoneNumber);
        }
        Ok(Self(digits.to_owned()))
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_as_people_write_it() {
        for text in [
            "5511912345678",
            "+55 (11) 91234-5678",
            " 55.11.912345678 ",
            "0055 11 91234-5678",
            "\u{202a}+55\u{a0}11\u{2011}91234.5678\u{202c}",
            "tel:+5511912345678",
            "https://wa.me/5511912345678",
        ] {
            assert_eq!(text.parse::<PhoneNumber>().unwrap().digits(), "5511912345678", "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "+",
            "123456",
            "1234567890123456",
            "011912345678",
            "55x1191234",
            "++5511",
            "+55 (0)11 91234-5678",
        ] {
            assert_eq!(text.parse::<PhoneNumber>(), Err(NotAPhoneNumber), "{text}");
        }
    }
}
