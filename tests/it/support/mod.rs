//! The rig: real backends, and the function as a process or in this one.

mod command;
mod event;
mod kms;
mod online;
mod packed;
mod proxies;
mod rig;

pub use command::{leave_all, leave_all_within, statuses};
pub use event::{Reply, Request, Shape, encode, fixture};
pub use kms::Kms;
pub use online::PLENTY;
pub use packed::bomb;
pub use proxies::{PASSWORD, ProxyKind, ProxyServer, USER};
pub use rig::{
    ACCOUNT_TOKEN, GROUP, INSTANCE_TOKEN, Process, Rig, ask, ask_within, command, envelope, id,
    spawn, success,
};
