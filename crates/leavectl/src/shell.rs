//! Lines that a shell reads: next commands to be pasted, variables.

use domain::tenant::InstanceId;

/// As a shell reads it back: one word.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:.,_+=-@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// An instance's account and name, as commands take them.
pub(crate) fn words(id: &InstanceId) -> String {
    format!("{} {}", id.account, quoted(id.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_word_to_a_shell() {
        assert_eq!(quoted("http://127.0.0.1:1/a+b="), "http://127.0.0.1:1/a+b=");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_name_with_a_space_is_one_word_too() {
        let id = InstanceId { account: "acme".parse().unwrap(), name: "my sales".parse().unwrap() };
        assert_eq!(words(&id), "acme 'my sales'");
    }
}
