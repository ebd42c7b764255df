//! The protocol of lease, intent, evidence, leave and settling, as models whose
//! every state can be visited. What they model in words: `docs/truth.md` and
//! `docs/lease.md`. Small models beside one another take the place of one in which
//! everything meets, since that one has too many states to visit.
//!
//! | model | what it is about |
//! |---|---|
//! | [`one_group`] | one group, in the smallest steps: lease, fence, intent, row, sync |
//! | [`batch`] | several targets in a run, one that is named twice, communities, cut commands |
//! | [`age`] | how long an intent counts, through renewals, crashes and blocks |
//! | [`kept`] | answers kept for an `Idempotency-Key` |
//! | [`generation`] | a name that is used again: deleting and linking |
//! | [`room`] | how many intents may stand, and what settling may depend on |
//!
//! Each has a `Rule`, whose rules can be broken one at a time, and a `Promise`; each
//! says its bounds and what is coarser in it than in the code. The tests show that
//! every promise holds while all rules are kept, and for each rule which promise
//! falls without it.
//!
//! What they share: [`rules`], the `promise`s and which were broken, the `lease`, the
//! [`group`] and the [`delivery`] of calls to DynamoDB.
//!
//! Some have bounds that are too large for every test run: `cargo test -p protocol-model
//! -- --ignored`.

pub mod age;
pub mod batch;
pub mod delivery;
pub mod generation;
pub mod group;
pub mod kept;
mod lease;
pub mod one_group;
mod promise;
pub mod room;
pub mod rules;
