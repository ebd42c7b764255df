//! The rig: real backends, and the function as a process or in this one.

mod command;
mod driven;
mod event;
mod kms;
mod length;
mod observed;
mod online;
mod packed;
mod proxies;
mod release;
mod rig;
mod row;

pub use command::{leave_all, leave_all_within, statuses};
pub use driven::Driven;
pub(crate) use driven::driven;
pub use event::{Reply, Request, Shape, encode, fixture};
pub use kms::Kms;
pub use length::cases;
pub use observed::{Observed, read_line};
pub use online::PLENTY;
pub use packed::bomb;
pub use proxies::{PASSWORD, ProxyKind, ProxyServer, USER};
pub use release::Release;
pub use rig::{
    ACCOUNT_TOKEN, GROUP, INSTANCE_TOKEN, ORIGIN, Process, Rig, ask, ask_within, command, envelope,
    id, spawn, success, token_partition,
};
pub use row::{CORS, Row, assert_reply, assert_row, row};
