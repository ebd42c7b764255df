//! The number of the phone that takes the device.

use std::fmt;
use std::str::FromStr;

/// A phone number in international form, 7 to 15 digits (E.164), without a leading zero.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

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

    /// Takes a leading `+`, and what people write between digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let text = text.strip_prefix('+').unwrap_or(text);
        let digits: String = text.chars().filter(|c| !" -.()/".contains(*c)).collect();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || digits.starts_with('0') || !(7..=15).contains(&digits.len()) {
            return Err(NotAPhoneNumber);
        }
        Ok(Self(digits))
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
        for text in ["5511912345678", "+55 (11) 91234-5678", " 55.11.912345678 "] {
            assert_eq!(text.parse::<PhoneNumber>().unwrap().digits(), "5511912345678", "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "+", "123456", "1234567890123456", "011912345678", "55x1191234", "++5511"]
        {
            assert_eq!(text.parse::<PhoneNumber>(), Err(NotAPhoneNumber), "{text}");
        }
    }
}
