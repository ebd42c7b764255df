//! This release and the one before at work on one table, as while traffic is shifted and
//! after going back: what one writes, the other reads.
//!
//! **Whoever changes what is stored adds it here**: a test in one of the files below, both
//! ways round, and a row of its `forms!`, which `docs/reliability.md` shows.

mod open_leaves;
mod remembered;
mod shared;

use local_stack::items::Attributes;

use crate::crashes::{ROWS, crash};
use crate::support::{ACCOUNT_TOKEN, Process, Release, Reply, Request, Rig, Shape};

/// Something that one release writes and the other reads.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The test's path.
    pub test: &'static str,
    pub written: &'static str,
    pub read: &'static str,
}

/// The rows of a file's tests. The compiler finds each test.
macro_rules! forms {
    ($($test:ident { written: $written:expr, read: $read:expr, })+) => {
        $(const _: fn() = $test;)+
        pub const FORMS: &[$crate::two_releases::Form] = &[$($crate::two_releases::Form {
            test: concat!(module_path!(), "::", stringify!($test)),
            written: $written,
            read: $read,
        }),+];
    };
}
use forms;

pub const FORMS: [&[Form]; 3] = [remembered::FORMS, open_leaves::FORMS, shared::FORMS];

/// One instance with a process of each release before it, both running from the beginning.
struct Pair {
    rig: Rig,
    first: Process,
    second: Process,
}

impl Pair {
    async fn of(order: [Release; 2]) -> Self {
        let rig = Rig::start().await;
        let wait = [("LEASE_WAIT_MS", "0")];
        let [first, second] = order;
        let first = rig.process_of(first, &wait).await;
        let second = rig.process_of(second, &wait).await;
        Self { rig, first, second }
    }

    async fn first(&self, request: &Request) -> Reply {
        self.first.send(request, Shape::HttpApi).await
    }

    async fn second(&self, request: &Request) -> Reply {
        self.second.send(request, Shape::HttpApi).await
    }

    fn connections(&self) -> usize {
        self.rig.simulator().record().connections
    }

    /// Changes the session's item, as time or an operator does.
    async fn change(&self, change: impl FnOnce(&mut Attributes)) {
        let mut session = self.rig.session().await;
        change(&mut session);
        self.rig.provisioner.put(session).await.unwrap();
    }
}

fn leave(identifier: &str) -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", identifier)
}

fn told(reply: &Reply) -> (u16, &str) {
    (reply.status, &reply.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_release_before_left_when_it_was_killed_is_healed_by_this_one() {
    for row in ROWS {
        crash(row, Release::Before, Release::This).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_release_left_when_it_was_killed_is_healed_by_the_one_before() {
    for row in ROWS {
        crash(row, Release::This, Release::Before).await;
    }
}
