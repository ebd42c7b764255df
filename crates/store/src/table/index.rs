//! The table's indexes, as `template.yaml` makes them.

/// Everything of an account: sessions, tokens, claims on devices. Keys `account`
/// and `pk`, so that one kind of item is a range of it.
pub const BY_ACCOUNT: &str = "by_account";

/// Sessions by the time of their next check. Keys `due` and `due_at`.
pub const BY_DUE: &str = "by_due";
