//! The words of the field, without any I/O: what names a group, an instance and who asks,
//! every refusal once, and the time that all of it is counted in.
//!
//! | module | what it is |
//! |---|---|
//! | [`identifier`], [`group`] | what is to be left |
//! | [`tenant`], [`token`], [`idempotency`] | who asks, and for which instance |
//! | [`credentials`], [`proxy`], [`client_version`] | a linked device, its way out, and what it says it is |
//! | [`problem`] | every refusal: status, text, `Retry-After` |
//! | [`gone`], [`block`] | why a session cannot log in, for good or for a while |
//! | [`lease`] | every time that belongs to a lease |
//! | [`clock`] | injected time, and the budget that every wait derives from |
//! | [`trace`] | what happened on a run's way |
//! | [`invisible`] | the characters that nobody sees |
//! | [`breakable`] | rules that a simulation breaks; nothing of it ships |
//! | [`system_error`] | what the operating system refuses, in words |
//!
//! Nearly all of it is public: these are the words that the other crates speak in, and
//! what must not be forged has a private constructor.

pub mod block;
pub mod breakable;
pub mod client_version;
pub mod clock;
pub mod credentials;
pub mod gone;
pub mod group;
pub mod idempotency;
pub mod identifier;
pub mod invisible;
pub mod lease;
pub mod problem;
pub mod proxy;
pub mod system_error;
pub mod tenant;
pub mod token;
pub mod trace;
