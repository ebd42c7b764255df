//! Comma-separated values as databases' tools export them (RFC 4180), with the names of
//! the columns in the first line.

use zeroize::Zeroizing;

use crate::error::ImportError;
use crate::record::Record;

/// What separates values, in files of several tools.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

/// The lines of `text` as records, when its first line names a column that is known;
/// `None` when it does not, so that it is something else.
pub(crate) fn records(text: &str) -> Option<Result<Vec<Record<'_>>, ImportError>> {
    let separator = SEPARATORS.into_iter().find(|separator| {
        let mut reader = Reader { rest: text, separator: *separator, line: 1 };
        reader.values().is_ok_and(|names| Record::is_known(names.iter().map(|name| name.as_str())))
    })?;
    Some(lines(Reader { rest: text, separator, line: 1 }))
}

fn lines(mut reader: Reader<'_>) -> Result<Vec<Record<'_>>, ImportError> {
    let names = reader.values()?;
    let mut records = Vec::new();
    while !reader.rest.trim_matches(['\r', '\n']).is_empty() {
        let line = reader.line;
        let values = reader.values()?;
        if values.len() != names.len() {
            return Err(ImportError::Csv { line });
        }
        let cells = names.iter().zip(values);
        records.push(Record::of_text(cells.map(|(name, value)| (name.as_str(), value))));
    }
    Ok(records)
}

struct Reader<'a> {
    rest: &'a str,
    separator: char,
    /// Of the file, counted from 1.
    line: usize,
}

impl Reader<'_> {
    /// The values up to the end of the line, and past it.
    fn values(&mut self) -> Result<Vec<Zeroizing<String>>, ImportError> {
        let line = self.line;
        let mut values = Vec::new();
        loop {
            values.push(self.value().ok_or(ImportError::Csv { line })?);
            if let Some(rest) = self.rest.strip_prefix(self.separator) {
                self.rest = rest;
                continue;
            }
            let end = ["\r\n", "\n"].into_iter().find_map(|end| self.rest.strip_prefix(end));
            self.rest = match end {
                Some(rest) => rest,
                None if self.rest.is_empty() => "",
                None => return Err(ImportError::Csv { line }),
            };
            self.line += 1;
            return Ok(values);
        }
    }

    fn value(&mut self) -> Option<Zeroizing<String>> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let ends = |c: char| c == self.separator || matches!(c, '\r' | '\n');
            let (value, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
            self.rest = rest;
            return Some(Zeroizing::new(value.to_owned()));
        };
        let end = closing(quoted)?;
        let (value, rest) = quoted.split_at(end);
        self.rest = &rest[1..];
        self.line += value.matches('\n').count();
        // It never gets longer, so this never grows and leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(value.len()));
        for (index, part) in value.split("\"\"").enumerate() {
            if index > 0 {
                text.push('"');
            }
            text.push_str(part);
        }
        Some(text)
    }
}

/// Where the quote is that is not doubled.
fn closing(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let quote = from + text[from..].find('"')?;
        if !text[quote + 1..].starts_with('"') {
            return Some(quote);
        }
        from = quote + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Result<Vec<Vec<String>>, usize>> {
        Some(match records(text)? {
            Ok(records) => Ok(records
                .iter()
                .map(|record| {
                    let text = |name| record.text(name).map(|text| text.to_string());
                    ["id", "creds"].into_iter().filter_map(text).collect()
                })
                .collect()),
            Err(ImportError::Csv { line }) => Err(line),
            Err(_) => Err(0),
        })
    }

    #[test]
    fn values_with_quotes_separators_and_lines_in_them() {
        let expected = vec![vec!["1".to_owned(), "a\"b,;\tc\nd".to_owned()]];
        for separator in [",", ";", "\t"] {
            for end in ["", "\n", "\r\n", "\n\n"] {
                let text = format!(
                    "id{separator}\"creds\"{separator}other\n1{separator}\"a\"\"b,;\tc\nd\"{separator}{end}"
                );
                assert_eq!(read(&text), Some(Ok(expected.clone())), "{text:?}");
            }
        }
        assert_eq!(
            read("creds\r\n\"\"\r\nx"),
            Some(Ok(vec![vec![String::new()], vec!["x".into()]]))
        );
        assert_eq!(read("creds\n"), Some(Ok(vec![])));
    }

    #[test]
    fn damage_is_found_with_its_line() {
        for (text, line) in [
            ("id,creds\n1", 2),
            ("id,creds\n1,2,3", 2),
            ("id,creds\n1,2\n1,\"2", 3),
            ("id,creds\n1,\"2\"x", 2),
            ("id,creds\n\"1\n1\",2\n3", 4),
        ] {
            assert_eq!(read(text), Some(Err(line)), "{text:?}");
        }
    }

    #[test]
    fn other_text_is_none() {
        for text in ["", "text", "one,two\n1,2", "\"id", "{\"id\":\"creds\"}", "\"creds\": {}"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
