//! Characters that nobody sees: Unicode's general category Cf, "format".
//!
//! Messengers and editors put some of them around what is copied, and a name with
//! one of them looks like another name.

/// Every range of the category, both ends included.
/// Source: `extracted/DerivedGeneralCategory.txt` of the Unicode Character Database 16.0.0.
const FORMAT: [(char, char); 21] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{2064}'),
    ('\u{2066}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0001}', '\u{e0001}'),
    ('\u{e0020}', '\u{e007f}'),
];

/// Whether `c` is an invisible mark.
///
/// ```
/// use domain::invisible::is_invisible;
/// assert!(is_invisible('\u{200e}'));
/// assert!(!is_invisible(' '));
/// ```
pub fn is_invisible(c: char) -> bool {
    let after = FORMAT.partition_point(|(first, _)| *first <= c);
    after.checked_sub(1).is_some_and(|at| c <= FORMAT[at].1)
}

/// `text` without white space and invisible marks at its ends.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_are_in_order_and_apart() {
        for range in FORMAT {
            assert!(range.0 <= range.1, "{range:?}");
        }
        for pair in FORMAT.windows(2) {
            assert!(u32::from(pair[0].1) + 1 < u32::from(pair[1].0), "{pair:?}");
        }
    }

    /// The database's own count of the category.
    #[test]
    fn it_is_the_whole_category_and_nothing_else() {
        let found: Vec<char> = ('\0'..=char::MAX).filter(|c| is_invisible(*c)).collect();
        assert_eq!(found.len(), 170);
        for c in ['\u{200b}', '\u{200d}', '\u{200e}', '\u{202e}', '\u{2060}', '\u{feff}'] {
            assert!(found.contains(&c), "{c:?}");
        }
        // Spaces, controls, variation selectors and combining marks are other categories.
        for c in [' ', '\u{a0}', '\n', '\u{2065}', '\u{fe0f}', '\u{301}', '\u{200a}', '\u{2010}'] {
            assert!(!found.contains(&c), "{c:?}");
        }
    }

    #[test]
    fn both_ends_are_trimmed_whatever_the_order() {
        assert_eq!(trim("\u{feff} \u{200e}a\u{200b}b \u{2060}\n"), "a\u{200b}b");
        assert_eq!(trim(" \u{200e}\t\u{feff}"), "");
        assert_eq!(trim(""), "");
    }
}
