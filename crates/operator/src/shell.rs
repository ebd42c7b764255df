//! Words as a shell reads them back: the commands in texts are pasted.

use std::path::Path;

use domain::tenant::InstanceId;

/// One word.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:.,_+=-@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Names as a command takes them. Where one could be taken for a flag, `--` stands before
/// them all, so the command's own flags have to stand before these words.
pub fn words(names: &[&str]) -> String {
    let guard = names.iter().any(|name| name.starts_with('-')).then(|| "--".to_owned());
    let names = names.iter().map(|name| quoted(name));
    guard.into_iter().chain(names).collect::<Vec<_>>().join(" ")
}

/// An instance's account and name, as [`words`].
pub fn instance(id: &InstanceId) -> String {
    words(&[id.account.as_str(), id.name.as_str()])
}

/// A path as a flag's value, which could be taken for another flag.
pub fn path(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.starts_with('-') { quoted(&format!("./{text}")) } else { quoted(&text) }
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
        assert_eq!(instance(&id), "acme 'my sales'");
    }

    #[test]
    fn no_name_is_taken_for_a_flag() {
        assert_eq!(words(&["acme", "sales-", "b-r"]), "acme sales- b-r");
        assert_eq!(words(&["acme", "--yes"]), "-- acme --yes");
        assert_eq!(words(&["-acme"]), "-- -acme");
        assert_eq!(words(&["acme", "sales", "-my sales"]), "-- acme sales '-my sales'");
        assert_eq!(path(Path::new("-stack")), "./-stack");
        assert_eq!(path(Path::new("my stack")), "'my stack'");
    }
}
