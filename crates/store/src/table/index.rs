//! The table's indexes, as the code asks them; `template.yaml` makes them.

/// One index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedIndex {
    /// Its name.
    pub name: &'static str,
    /// The attribute that is its partition key.
    pub partition: &'static str,
    /// The attribute that is its sort key.
    pub sort: &'static str,
    /// What is read of an item that was found through it, beside the keys.
    pub read: &'static [&'static str],
}

/// Sessions by the time of their next check.
pub(crate) const BY_DUE: UsedIndex =
    UsedIndex { name: "by_due", partition: "due", sort: "due_at", read: &["account", "instance"] };
