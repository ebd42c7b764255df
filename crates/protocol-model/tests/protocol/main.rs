//! Each model's promises hold while all of its rules are kept, and each rule is
//! needed: without it a promise falls.

mod age;
mod batch;
mod check;
mod generation;
mod kept;
mod one_group;
mod room;
