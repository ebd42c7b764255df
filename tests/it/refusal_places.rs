//! Every refusal at every place where it can arrive: it means the same. What the
//! caller hears, what the session remembers, whether the next call dials, and
//! whether a leave was sent.
//!
//! Source of the meanings: WhatsApp Web's handlers of `<failure>` and
//! `<stream:error>`, and its group exit job.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Clock, SystemClock, UnixMillis};
use domain::group::GroupKind;
use leave_group::service::Service;
use local_stack::items::{Attributes, Item};
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::Traffic;
use serde_json::{Value, json};
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use whatsapp_simulator::{Fault, Moment, NewGroup, Rank, Reaction, StreamErrorKind};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, command, driven, envelope};

driven! {
    an_ended_stream_means_the_same_wherever_it_ends {
        fault: "each refusal: `<failure>`, stream error, IQ error, a target's own",
        step: "login, invite, metadata, leave",
        answer: "the same row wherever it arrives; from the leave on 503 did not confirm",
        afterwards: "a block or a logout is remembered with its kind and end",
    }
    after_throttling_the_run_asks_and_sends_nothing_more {
        fault: "throttled: 429, as an IQ error or a stream error",
        step: "invite, metadata of a batch",
        answer: "429 WhatsApp for the whole run; nothing more is asked or sent",
        afterwards: "remembered with its end",
    }
}

/// Unknown to the roster, so its metadata is asked for.
const OTHER: &str = "120363407000000001@g.us";
const INVITE: &str = "ABC123XYZ";

/// What the caller hears, by the contract's number.
fn row(number: u8) -> (u16, &'static str) {
    match number {
        12 => (400, "Instance is not connected to WhatsApp"),
        13 => (404, "Invite link has been revoked or expired"),
        14 => (404, "Group not found or you are not a member of this group"),
        15 => (403, "Not allowed to leave this group"),
        16 => (429, "WhatsApp rate limit reached. Try again later."),
        17 => (503, "Instance is temporarily banned by WhatsApp"),
        19 => (503, "WhatsApp is unavailable. Try again later."),
        20 => (503, "WhatsApp did not confirm the leave. Try again to learn the outcome."),
        other => panic!("row {other} is no refusal of WhatsApp's"),
    }
}

/// What the session remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remembered {
    Nothing,
    LoggedOut(&'static str),
    Throttled(u64),
    Banned(u64),
}

use Remembered::{Banned, LoggedOut, Nothing, Throttled};

impl Remembered {
    /// The row of every call from now on, when it is answered without dialling.
    fn row(self) -> Option<u8> {
        match self {
            Nothing => None,
            LoggedOut(_) => Some(12),
            Throttled(_) => Some(16),
            Banned(_) => Some(17),
        }
    }

    fn of(session: &Attributes, now: UnixMillis) -> Self {
        let item = Item(session);
        let until = item.optional_number("blocked_until").map(UnixMillis);
        let left = until.map(|until| until.since(now).as_secs());
        let by = |name: &str, known: [&'static str; 3]| {
            let stored = item.optional_text(name).unwrap_or_default();
            known.into_iter().find(|known| *known == stored).unwrap_or("something else")
        };
        match (item.text("session_state").unwrap(), left) {
            ("linked", None) => Nothing,
            ("linked", Some(left)) if item.optional_text("blocked_by") == Some("banned") => {
                Banned(left)
            }
            ("linked", Some(left)) => Throttled(left),
            _ => LoggedOut(by("logged_out_by", ["unlinked", "locked", "banned"])),
        }
    }
}

/// One session that is put back before each cell, on a clock that stands.
struct Table {
    rig: Rig,
    clock: Arc<ManualClock>,
    service: Arc<Service>,
    session: Attributes,
}

impl Table {
    async fn start() -> Self {
        let rig = Rig::start().await;
        rig.group(NewGroup::new("Other").jid(OTHER), None).await;
        let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
        let service = rig.service(clock.clone(), &Traffic::new());
        let session = rig.session().await;
        Self { rig, clock, service, session }
    }

    async fn put_back(&self) {
        // Another window of the rate limit.
        self.clock.advance(Duration::from_mins(1));
        self.rig.provisioner.put(self.session.clone()).await.unwrap();
        for jid in [GROUP, OTHER] {
            self.rig.simulator().add_member(jid, &self.rig.device.phone);
        }
        self.rig.simulator().set_rank(GROUP, &self.rig.device.phone, Rank::Member);
        self.rig.roster(GROUP, GroupKind::Group).await;
        self.rig.simulator().forget_faults();
        self.rig.simulator().clear_record();
    }

    fn leaves(&self) -> usize {
        let record = self.rig.simulator().record();
        record.iqs(&self.rig.device.jid).iter().filter(|iq| *iq == "leave").count()
    }

    /// One cell.
    async fn cell(&self, moment: Moment, reaction: Reaction, number: u8, remembered: Remembered) {
        let context = format!("{reaction:?} at {moment:?}");
        self.put_back().await;
        self.rig.simulator().script(Fault::new(moment, reaction));
        let identifier = match moment {
            Moment::Invite => INVITE,
            Moment::Metadata => OTHER,
            _ => GROUP,
        };
        let request = Request::leave(ACCOUNT_TOKEN, "sales", identifier);
        let reply = ask(&self.service, &request).await;
        let (status, message) = row(number);
        assert_eq!((reply.status, reply.body), (status, envelope(message)), "{context}");
        assert!(self.rig.simulator().unused_faults().is_empty(), "{context}");

        let session = self.rig.session().await;
        assert_eq!(Remembered::of(&session, self.clock.now()), remembered, "{context}");
        let sent = usize::from(moment == Moment::Leave);
        assert_eq!(self.leaves(), sent, "leaves that were sent: {context}");
        // What was not sent, or was refused for certain, is taken back; what may
        // have been done stays.
        let intents = Item(&session).map("intents").unwrap().len();
        assert_eq!(intents, usize::from(number == 20), "intents: {context}");

        let dialled = self.rig.simulator().record().connections;
        let next = ask(&self.service, &request).await;
        let dials = self.rig.simulator().record().connections > dialled;
        match remembered.row() {
            Some(number) => {
                let (status, message) = row(number);
                assert_eq!((next.status, next.body), (status, envelope(message)), "{context}");
                assert!(!dials, "the next call dials: {context}");
            }
            None => assert!(dials, "the next call does not dial: {context}"),
        }
    }
}

fn stream_error(attributes: &[(&'static str, &'static str)], child: Option<Node>) -> Reaction {
    let node = NodeBuilder::new("stream:error").attrs(attributes.iter().copied()).children(child);
    Reaction::EndWith(Box::new(node.build()))
}

fn iq_error(code: u16) -> Reaction {
    Reaction::IqError { code, text: "refused".to_owned(), backoff: None }
}

#[tokio::test]
async fn a_refused_login_means_what_whatsapp_web_makes_of_it() {
    let table = Table::start().await;
    for (reason, expire, number, remembered) in [
        (401, None, 12, LoggedOut("unlinked")),
        (403, None, 12, LoggedOut("locked")),
        (406, None, 12, LoggedOut("banned")),
        (402, Some(600), 17, Banned(600)),
        (402, None, 17, Banned(3_600)),
        (429, Some(90), 16, Throttled(90)),
        (429, None, 16, Throttled(60)),
        (400, None, 19, Nothing),
        (405, None, 19, Nothing),
        (409, None, 19, Nothing),
        (413, None, 19, Nothing),
        (414, None, 19, Nothing),
        (415, None, 19, Nothing),
        (418, None, 19, Nothing),
        (500, None, 19, Nothing),
        (501, None, 19, Nothing),
        (503, None, 19, Nothing),
        (999, None, 19, Nothing),
    ] {
        table.cell(Moment::Login, Reaction::Failure { reason, expire }, number, remembered).await;
    }
}

#[tokio::test]
async fn a_failure_that_comes_after_the_login_means_what_it_means_there() {
    let table = Table::start().await;
    for (reason, number, remembered) in [
        ("401", 12, LoggedOut("unlinked")),
        ("403", 12, LoggedOut("locked")),
        ("406", 12, LoggedOut("banned")),
        ("402", 17, Banned(3_600)),
        ("429", 16, Throttled(60)),
        ("405", 19, Nothing),
        ("503", 19, Nothing),
    ] {
        let failure = NodeBuilder::new("failure").attr("reason", reason).build();
        let reaction = Reaction::EndWith(Box::new(failure));
        for moment in [Moment::Invite, Moment::Metadata] {
            table.cell(moment, reaction.clone(), number, remembered).await;
        }
        table.cell(Moment::Leave, reaction, 20, remembered).await;
    }
}

#[tokio::test]
async fn an_ended_stream_means_the_same_wherever_it_ends() {
    let table = Table::start().await;
    let conflict = |kind: &'static str| {
        let conflict = NodeBuilder::new("conflict").attr("type", kind).build();
        stream_error(&[], Some(conflict))
    };
    let with_code = |code: &'static str| stream_error(&[("code", code)], None);
    let overlimit = || Some(NodeBuilder::new("text").attr("text", "rate-overlimit").build());
    let ack = NodeBuilder::new("ack").attr("id", "1").attr("class", "message").build();
    let not_well_formed = NodeBuilder::new("xml-not-well-formed").build();
    let unlinked = LoggedOut("unlinked");
    for (reaction, number, remembered) in [
        (conflict("replaced"), 19, Nothing),
        (conflict("device_removed"), 12, unlinked),
        (conflict("another_type"), 12, unlinked),
        (with_code("401"), 12, unlinked),
        (with_code("516"), 12, unlinked),
        (with_code("429"), 16, Throttled(60)),
        (stream_error(&[("code", "429")], overlimit()), 16, Throttled(60)),
        (stream_error(&[("code", "429"), ("backoff", "45")], overlimit()), 16, Throttled(45)),
        (with_code("403"), 19, Nothing),
        (with_code("409"), 19, Nothing),
        (with_code("413"), 19, Nothing),
        (with_code("500"), 19, Nothing),
        (with_code("503"), 19, Nothing),
        (with_code("515"), 19, Nothing),
        (stream_error(&[], Some(ack)), 19, Nothing),
        (stream_error(&[], Some(not_well_formed)), 19, Nothing),
        (stream_error(&[], None), 19, Nothing),
        (Reaction::StreamError(StreamErrorKind::XmlStreamEnd), 19, Nothing),
        (Reaction::Drop, 19, Nothing),
        (Reaction::RawBytes(vec![0, 0, 3, 1, 2, 3]), 19, Nothing),
    ] {
        for moment in [Moment::Login, Moment::Invite, Moment::Metadata] {
            table.cell(moment, reaction.clone(), number, remembered).await;
        }
        // From the leave on it may have been done, whatever the code says.
        table.cell(Moment::Leave, reaction, 20, remembered).await;
    }
}

#[tokio::test]
async fn a_refused_question_means_the_same_wherever_it_is_asked() {
    let table = Table::start().await;
    // The code, and the rows at an invite, a metadata query and a leave.
    for (code, invite, metadata, leave, remembered) in [
        (429, 16, 16, 16, Throttled(60)),
        (401, 14, 19, 15, Nothing),
        (403, 14, 14, 15, Nothing),
        (404, 14, 14, 14, Nothing),
        (405, 19, 19, 15, Nothing),
        (406, 14, 19, 15, Nothing),
        (410, 13, 19, 20, Nothing),
        (416, 14, 19, 20, Nothing),
        (423, 14, 19, 20, Nothing),
        (436, 14, 19, 20, Nothing),
        (500, 19, 19, 20, Nothing),
        (501, 19, 19, 20, Nothing),
        (503, 19, 19, 20, Nothing),
    ] {
        for (moment, number) in
            [(Moment::Invite, invite), (Moment::Metadata, metadata), (Moment::Leave, leave)]
        {
            table.cell(moment, iq_error(code), number, remembered).await;
        }
    }
}

#[tokio::test]
async fn a_targets_own_refusal_means_what_the_whole_ones_code_means() {
    let table = Table::start().await;
    for (code, number, remembered) in [
        (429, 16, Throttled(60)),
        (401, 15, Nothing),
        (403, 15, Nothing),
        (404, 14, Nothing),
        (405, 15, Nothing),
        (406, 15, Nothing),
        (410, 20, Nothing),
        (418, 20, Nothing),
        (500, 20, Nothing),
        (503, 20, Nothing),
        (0, 20, Nothing),
    ] {
        table.cell(Moment::Leave, Reaction::TargetError { code }, number, remembered).await;
    }
}

fn statuses(answer: &Value) -> Vec<u64> {
    let results = answer["results"].as_array().unwrap();
    results.iter().map(|result| result["status"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn after_throttling_the_run_asks_and_sends_nothing_more() {
    let table = Table::start().await;
    let with_code = stream_error(&[("code", "429")], None);
    for (moment, first, reaction) in [
        (Moment::Metadata, OTHER, iq_error(429)),
        (Moment::Metadata, OTHER, with_code.clone()),
        (Moment::Invite, INVITE, iq_error(429)),
        (Moment::Invite, INVITE, with_code),
    ] {
        let context = format!("{reaction:?} at {moment:?}");
        table.put_back().await;
        table.rig.simulator().script(Fault::new(moment, reaction));
        let second = if first == OTHER { GROUP } else { OTHER };
        let answer = command(&table.service, "sales", &[first, second]).await;
        assert_eq!(statuses(&answer), [429, 429], "{context}: {answer}");
        assert_eq!(table.rig.simulator().record().iqs(&table.rig.device.jid).len(), 1, "{context}");
        table.rig.assert_settled().await;
    }
}

#[tokio::test]
async fn a_target_that_cannot_be_asked_about_after_throttling_is_throttled_too() {
    let table = Table::start().await;
    table.put_back().await;
    table.rig.roster(OTHER, GroupKind::Group).await;
    let reaction = Reaction::TargetErrors(vec![429, 403]);
    table.rig.simulator().script(Fault::new(Moment::Leave, reaction));
    let answer = command(&table.service, "sales", &[GROUP, OTHER]).await;
    assert_eq!(statuses(&answer), [429, 429], "{answer}");
    assert_eq!(table.rig.simulator().record().iqs(&table.rig.device.jid), ["leave"]);
    assert_eq!(
        Remembered::of(&table.rig.session().await, table.clock.now()),
        Throttled(60),
        "it is remembered"
    );
    table.rig.assert_settled().await;
}

#[tokio::test]
async fn an_operator_sees_which_end_it_was() {
    let table = Table::start().await;
    for (reason, by) in [(401, "unlinked"), (403, "locked"), (406, "banned")] {
        table.put_back().await;
        let failure = Reaction::Failure { reason, expire: None };
        table.rig.simulator().script(Fault::new(Moment::Login, failure));
        let answer = command(&table.service, "sales", &[GROUP]).await;
        assert_eq!(
            answer["results"][0],
            json!({
                "identifier": GROUP, "status": 400, "message": "Instance is not connected to WhatsApp"
            })
        );
        let session = table.rig.session().await;
        assert_eq!(Item(&session).optional_text("logged_out_by"), Some(by));
    }
}
