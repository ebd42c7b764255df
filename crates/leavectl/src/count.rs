//! Numbers with their word.

/// `1 row`, `2 rows`, `1 entry`, `2 entries`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 {
        return format!("1 {one}");
    }
    match one.strip_suffix('y') {
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn one_is_no_plural() {
        for (number, one, told) in [
            (0, "row", "0 rows"),
            (1, "row", "1 row"),
            (2, "row", "2 rows"),
            (1, "entry", "1 entry"),
            (3, "entry", "3 entries"),
        ] {
            assert_eq!(count(number, one), told);
        }
    }
}
