//! The real process is killed at every step, and the retry tells the truth.
//!
//! Each row of [`ROWS`] is one SIGKILL; `docs/reliability.md` shows the same rows.

use std::time::Duration;

use domain::group::GroupKind;
use local_stack::proxy::Proxy;
use local_stack::traffic::CallFault;
use whatsapp_simulator::{Fault, HoldHandle, Moment, NewGroup, Reaction};

use crate::support::{ACCOUNT_TOKEN, Release, Request, Rig, Shape};

/// How the group is known, which decides the steps that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// By a roster row and its JID.
    Row,
    /// By its JID alone.
    Jid,
    /// By an invite, and a roster row.
    InviteAndRow,
    /// By an invite alone.
    Invite,
}

/// Where the process is when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Before the `nth` call of that operation is applied.
    Before(&'static str, usize),
    /// After it was applied, before its reply.
    After(&'static str, usize),
    /// While WhatsApp holds that question, nothing applied.
    Held(&'static str),
    /// After WhatsApp applied the leave, before its reply.
    Left,
}

/// One crash and what follows it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub step: &'static str,
    pub known: Known,
    pub at: At,
    /// Whether the crash leaves a lease behind.
    pub lease: bool,
    /// The retry's answer.
    pub retry: u16,
}

const fn row(step: &'static str, known: Known, at: At, lease: bool, retry: u16) -> Row {
    Row { step, known, at, lease, retry }
}

use At::{After, Before, Held, Left};
use Known::{Invite, InviteAndRow, Jid, Row as Roster};

pub const ROWS: [Row; 27] = [
    row("token and limit, before", Roster, Before("UpdateItem", 0), false, 200),
    row("token and limit, after", Roster, After("UpdateItem", 0), false, 200),
    row("acquire, before", Roster, Before("UpdateItem", 1), false, 200),
    row("acquire, after", Roster, After("UpdateItem", 1), true, 200),
    row("roster row, before", Roster, Before("GetItem", 0), true, 200),
    row("roster row, after", Roster, After("GetItem", 0), true, 200),
    row("connect", Roster, Held("connect"), true, 200),
    row("hello", Roster, Held("hello"), true, 200),
    row("login", Roster, Held("login"), true, 200),
    row("leave sent, not applied", Roster, Held("leave"), true, 200),
    row("leave applied, no reply", Roster, Left, true, 200),
    row("settle, before", Roster, Before("TransactWriteItems", 0), true, 200),
    row("settle, after", Roster, After("TransactWriteItems", 0), false, 404),
    row("metadata", Jid, Held("metadata"), true, 200),
    row("membership written, before", Jid, Before("TransactWriteItems", 0), true, 200),
    row("membership written, after", Jid, After("TransactWriteItems", 0), true, 200),
    row("leave sent, not applied", Jid, Held("leave"), true, 200),
    row("leave applied, no reply", Jid, Left, true, 200),
    row("settle, before", Jid, Before("TransactWriteItems", 1), true, 200),
    row("invite", InviteAndRow, Held("invite"), true, 200),
    row("intent, before", InviteAndRow, Before("UpdateItem", 2), true, 200),
    row("intent, after", InviteAndRow, After("UpdateItem", 2), true, 200),
    row("leave applied, no reply", InviteAndRow, Left, true, 200),
    row("settle, before", InviteAndRow, Before("TransactWriteItems", 0), true, 200),
    row("leave sent, not applied", Invite, Held("leave"), true, 200),
    row("leave applied, no reply", Invite, Left, true, 404),
    row("settle, before", Invite, Before("TransactWriteItems", 0), true, 404),
];

const JID: &str = "120363409999999999@g.us";

async fn group(rig: &Rig, known: Known) -> &'static str {
    let known_as = matches!(known, Roster | InviteAndRow).then_some(GroupKind::Group);
    rig.group(NewGroup::new("Crash").jid(JID).invite("CrashInvite"), known_as).await;
    match known {
        Roster | Jid => JID,
        InviteAndRow | Invite => "CrashInvite",
    }
}

/// Plans the hold, and returns the handle that it is reached by.
fn hold(rig: &Rig, proxy: &Proxy, at: At) -> HoldHandle {
    let hold = HoldHandle::new();
    let plan = |operation: &str, nth: usize, fault| {
        for _ in 0..nth {
            proxy.traffic().plan(operation, CallFault::Pass);
        }
        proxy.traffic().plan(operation, fault);
    };
    match at {
        Before(operation, nth) => plan(operation, nth, CallFault::HoldBefore(hold.clone())),
        After(operation, nth) => plan(operation, nth, CallFault::HoldAfter(hold.clone())),
        Held(moment) => {
            let moment = match moment {
                "connect" => Moment::Connect,
                "hello" => Moment::ClientHello,
                "login" => Moment::Login,
                "metadata" => Moment::Metadata,
                "invite" => Moment::Invite,
                _ => Moment::Leave,
            };
            rig.simulator().script(Fault::new(moment, Reaction::Hold(hold.clone())));
        }
        Left => {
            rig.simulator().script(Fault::new(Moment::Leave, Reaction::SilenceAfterApply));
        }
    }
    hold
}

/// One release is killed, and one makes the retry.
pub async fn crash(row: Row, killed: Release, next: Release) {
    let rig = Rig::start().await;
    let identifier = group(&rig, row.known).await;
    let proxy = Proxy::start(rig.backends.dynamodb()).await.unwrap();
    let process = rig.process_of(killed, &[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url())]).await;
    process.runtime.asked(1).await;
    proxy.traffic().clear();

    let mut changes = rig.simulator().changes();
    let hold = hold(&rig, &proxy, row.at);
    let request = Request::leave(ACCOUNT_TOKEN, "sales", identifier);
    let mut answer = process.runtime.begin(&request.event(Shape::HttpApi), Duration::from_secs(29));
    let reached = async {
        if row.at == Left {
            let gone = |_: &u64| !rig.simulator().is_member(JID, &rig.device.phone);
            changes.wait_for(gone).await.unwrap();
        } else {
            hold.reached().await;
        }
    };
    process.on_its_way(&mut answer, reached).await;
    let output = process.function.kill().await.unwrap();
    assert!(!output.contains("\"answered\""), "it was killed too late: {row:?}\n{output}");
    drop(answer);

    // Until the lease has run out, nobody else may act.
    let is_held = rig.session().await.contains_key("lease_owner");
    assert_eq!(is_held, row.lease, "{row:?}");
    let next = rig.process_of(next, &[("LEASE_WAIT_MS", "0")]).await;
    if row.lease {
        let reply = next.send(&request, Shape::HttpApi).await;
        assert_eq!(reply.status, 503, "{row:?} {reply:?}");
        assert!(reply.body.contains("busy"), "{row:?} {reply:?}");
    }
    rig.expire_lease().await;
    let reply = next.send(&request, Shape::HttpApi).await;
    assert_eq!(reply.status, row.retry, "{row:?} {reply:?}\n{}", next.function.output());

    // What the crash left is gone, and nothing is doubled.
    hold.release();
    assert!(!rig.simulator().is_member(JID, &rig.device.phone), "{row:?}");
    assert!(!rig.items().await.contains_key(&format!("GROUP#{JID}")), "{row:?}");
    rig.assert_settled().await;
    let recorded = usize::from(row.retry == 200 || matches!(row.at, After(..)));
    assert_eq!(rig.history().await, recorded, "{row:?}");
    let again = next.send(&request, Shape::HttpApi).await;
    assert_eq!(again.status, 404, "{row:?} {again:?}");
    assert_eq!(proxy.traffic().unused_faults(), 0, "{row:?}");
    assert!(rig.simulator().unused_faults().is_empty(), "{row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_step_leaves_nothing_that_the_retry_does_not_heal() {
    for row in ROWS {
        crash(row, Release::This, Release::This).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_key_an_answer_that_was_settled_and_lost_is_given_again() {
    let rig = Rig::start().await;
    let identifier = group(&rig, Roster).await;
    let proxy = Proxy::start(rig.backends.dynamodb()).await.unwrap();
    let process = rig.process_with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url())]).await;
    process.runtime.asked(1).await;
    let hold = hold(&rig, &proxy, After("TransactWriteItems", 0));
    let request =
        Request::leave(ACCOUNT_TOKEN, "sales", identifier).header("idempotency-key", "key-1");
    let answer = process.runtime.begin(&request.event(Shape::HttpApi), Duration::from_secs(29));
    hold.reached().await;
    process.function.kill().await.unwrap();
    drop(answer);
    let next = rig.process().await;
    let reply = next.send(&request, Shape::HttpApi).await;
    assert_eq!((reply.status, reply.header("idempotent-replayed")), (200, Some("true")));
    hold.release();
}
