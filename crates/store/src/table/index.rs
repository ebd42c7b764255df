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

/// Everything of an account: sessions, tokens, claims on devices. Sorted by `pk`, so that
/// one kind of item is a range of it.
pub(crate) const BY_ACCOUNT: UsedIndex = UsedIndex {
    name: "by_account",
    partition: "account",
    sort: "pk",
    read: &[
        "instance",
        "session_state",
        "device_jid",
        "created_at",
        "linked_at",
        "checked_at",
        "check_result",
        "token_id",
        "kind",
        "max_rpm",
        "note",
        "valid_until",
    ],
};

/// Sessions by the time of their next check.
pub(crate) const BY_DUE: UsedIndex =
    UsedIndex { name: "by_due", partition: "due", sort: "due_at", read: &["account", "instance"] };
