//! The kinds of accounts that a phone can have.

/// What kind of account a phone has; it decides which prefixes are signed
/// (`WAWebAdvSignatureConstants`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountKind {
    /// Account type and device type are `E2EE`.
    #[default]
    Personal,
    /// A business whose account type is `HOSTED`, while the companion's device type is `E2EE`.
    Business,
    /// Account type and device type are `HOSTED`.
    Hosted,
}
