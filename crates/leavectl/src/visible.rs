//! Text that others chose (a group's subject, a business's name, a note, an error of a
//! server), made safe to look at: what cannot be seen, or changes what is around it, is
//! shown by its code point.

use std::fmt::Write;

/// Ranges of characters that a terminal acts on, does not draw, or lets change the order
/// of others. Source: Unicode 16.0, `UnicodeData.txt` (Cc, Cf, Zl, Zp) and
/// `DerivedCoreProperties.txt` (`Default_Ignorable_Code_Point`); and U+2800, which is
/// drawn as nothing.
const INVISIBLE: [(char, char); 35] = [
    ('\u{0}', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    // Tags, variation selectors, and what is reserved beside them.
    ('\u{e0000}', '\u{e0fff}'),
    // Noncharacters and private use mean nothing that is known here.
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{1fffe}', '\u{1ffff}'),
    ('\u{2fffe}', '\u{2ffff}'),
    ('\u{3fffe}', '\u{3ffff}'),
    ('\u{efffe}', '\u{10ffff}'),
];

/// What colours make of themselves (`output::coloured`).
const COLOURS: [&str; 5] = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"];

pub(crate) fn is_invisible(c: char) -> bool {
    !c.is_ascii_graphic() && INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

fn push(text: &mut String, c: char) {
    if is_invisible(c) {
        let _ = write!(text, "<U+{:04X}>", u32::from(c));
    } else {
        text.push(c);
    }
}

/// Text that was copied as it is shown, without the code points that stand for what cannot
/// be seen.
pub(crate) fn without_marks(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some((before, mark)) = rest.split_once("<U+") {
        plain.push_str(before);
        match mark.split_once('>') {
            Some((code, after)) if code.bytes().all(|it| it.is_ascii_hexdigit()) => rest = after,
            _ => {
                plain.push_str("<U+");
                rest = mark;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// One line of what others chose.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        push(&mut shown, c);
    }
    shown
}

/// What is about to be printed: the last wall, where a text was put together without
/// [`printable`]. Lines and our own colours stay.
pub(crate) fn lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(colour) = COLOURS.iter().find(|colour| rest.starts_with(**colour)) {
            shown.push_str(colour);
            rest = &rest[colour.len()..];
            continue;
        }
        if c == '\n' {
            shown.push(c);
        } else {
            push(&mut shown, c);
        }
        rest = &rest[c.len_utf8()..];
    }
    shown
}

/// JSON with the same characters as escapes: its value is the real text, and printing it
/// does nothing to a terminal.
pub(crate) fn json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if is_invisible(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_shown_by_its_code_point() {
        for (text, shown) in [
            ("a\u{1b}[2Jb\nc", "a<U+001B>[2Jb<U+000A>c"),
            ("invoice\u{202e}fdp.exe", "invoice<U+202E>fdp.exe"),
            ("\u{2066}a\u{2069}\u{200b}\u{200f}", "<U+2066>a<U+2069><U+200B><U+200F>"),
            ("\u{feff}\u{2060}\u{ad}\u{61c}", "<U+FEFF><U+2060><U+00AD><U+061C>"),
            ("\u{e0041}\u{e0101}\u{9b}31m\u{7f}", "<U+E0041><U+E0101><U+009B>31m<U+007F>"),
            ("\u{2028}\u{3164}\u{115f}", "<U+2028><U+3164><U+115F>"),
            ("ação, группа, 群 🎉 é <U+202E>", "ação, группа, 群 🎉 é <U+202E>"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn lines_and_our_own_colours_stay() {
        let text = "\u{1b}[32mgood\u{1b}[0m\nnext\r\u{1b}[2J\u{1b}[5m\u{202e}";
        let shown = "\u{1b}[32mgood\u{1b}[0m\nnext<U+000D><U+001B>[2J<U+001B>[5m<U+202E>";
        assert_eq!(lines(text), shown);
    }

    #[test]
    fn json_keeps_the_text() {
        let text = "a\u{1b}\u{202e}b\u{e0041}\u{7f}\u{feff}\n\"\\ 🎉";
        let value = serde_json::json!({ text: text });
        let shown = json(&value.to_string());
        assert!(shown.chars().all(|c| !is_invisible(c)), "{shown:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).ok(), Some(value));
    }

    #[test]
    fn the_ranges_are_what_others_count_as_invisible() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert!(is_invisible(c), "{:x}", u32::from(c));
        }
        for c in ' '..='~' {
            assert!(!is_invisible(c), "{c}");
        }
    }
}
