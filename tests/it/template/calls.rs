//! What the function's role may do with the table, against the calls that the code makes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Clock, SystemClock, UnixMillis};
use domain::group::GroupKind;
use domain::token::Scope;
use domain::token::Token;
use leave_group::entry::{self, Invocation};
use leave_group::service::Service;
use local_stack::items::{number, text};
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::{Access, CallFault, Traffic};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::schema::USED;
use whatsapp_simulator::{Fault, GroupKind as Kind, Moment, NewGroup, Rank, Reaction};

use super::policy::{Grant, allowing, grants};
use super::{function_statements, set};
use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, token_partition};

/// The partition of the data keys and of the client version.
const DATA_KEYS: &str = "KEYS";
/// The partition of the accounts.
const ACCOUNTS: &str = "ACCOUNTS";

/// A service on its way through everything that it does, its calls watched.
struct Walk {
    rig: Rig,
    clock: Arc<ManualClock>,
    traffic: Traffic,
    service: Arc<Service>,
}

impl Walk {
    async fn start() -> Self {
        let rig = Rig::start().await;
        // The beginning of a minute: a window that is full stays so for a while.
        let now = SystemClock::new().now().0;
        let clock = Arc::new(ManualClock::at(UnixMillis(now - now % 60_000)));
        let traffic = Traffic::new();
        let service = rig.service(clock.clone(), &traffic);
        service.engine.preload().await;
        Self { rig, clock, traffic, service }
    }

    async fn ask(&self, request: &Request) -> u16 {
        ask(&self.service, request).await.status
    }

    async fn leave(&self, instance: &str, identifier: &str) -> u16 {
        self.ask(&Request::leave(ACCOUNT_TOKEN, instance, identifier)).await
    }

    async fn event(&self, event: Value) -> Value {
        let event = RawValue::from_string(event.to_string()).unwrap();
        let invocation = Invocation {
            request_id: "request".to_owned(),
            trace_id: None,
            remaining: Duration::from_secs(29),
        };
        let answer = entry::handle(&self.service, &event, invocation).await.unwrap();
        serde_json::from_str(answer.get()).unwrap()
    }

    /// `acme/sales` is in [`GROUP`] again.
    fn rejoin(&self) {
        self.rig.simulator().add_member(GROUP, &self.rig.device.phone);
    }

    /// Another instance, in a group of its own.
    async fn another(&self, name: &str, phone: &str) -> String {
        let device = self.rig.link("acme", name, phone).await;
        let group = NewGroup::new(name).member(&device.phone, Rank::Member);
        self.rig.simulator().create_group(group)
    }

    async fn every_identifier(&self) {
        for identifier in [GROUP, "ABC123XYZ"] {
            self.rejoin();
            assert_eq!(self.leave("sales", identifier).await, 200, "{identifier}");
        }
        let unknown = self.rig.group(NewGroup::new("Unknown"), None).await;
        assert_eq!(self.leave("sales", &unknown).await, 200);
        assert_eq!(self.leave("sales", &unknown).await, 404);
        let kind = Kind::Community;
        let name = NewGroup::new("Ours").kind(kind);
        let community = self.rig.group(name, Some(GroupKind::Community)).await;
        // More than one transaction takes.
        for _ in 0..110 {
            let kind = Kind::Subgroup { parent: community.clone() };
            let known_as = GroupKind::Subgroup { parent: Some(community.parse().unwrap()) };
            self.rig.group(NewGroup::new("Part of it").kind(kind), Some(known_as)).await;
        }
        assert_eq!(self.leave("sales", &community).await, 200);
    }

    async fn an_idempotency_key(&self) {
        self.rejoin();
        let with_key = |identifier: &str| {
            Request::leave(ACCOUNT_TOKEN, "sales", identifier).header("Idempotency-Key", "key")
        };
        assert_eq!(self.ask(&with_key(GROUP)).await, 200);
        assert_eq!(self.ask(&with_key(GROUP)).await, 200);
        assert_eq!(self.ask(&with_key("ABC123XYZ")).await, 422);
    }

    async fn commands(&self) {
        self.rejoin();
        let leave = |identifiers: &[&str]| {
            json!({
                "action": "leave", "account": "acme", "instance": "sales",
                "identifiers": identifiers,
            })
        };
        let answer = self.event(leave(&[GROUP, "120363000000000000@g.us"])).await;
        assert_eq!(answer["results"][0]["status"], 200, "{answer}");
        self.rejoin();
        let message = |id: &str| {
            let body = leave(&[GROUP]).to_string();
            json!({"messageId": id, "body": body, "eventSource": "aws:sqs"})
        };
        let answer = self.event(json!({"Records": [message("1"), message("2")]})).await;
        assert_eq!(answer["batchItemFailures"], json!([]));
    }

    async fn lost_outcomes(&self) {
        self.rejoin();
        self.rig.roster(GROUP, GroupKind::Group).await;
        self.rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
        assert_eq!(self.leave("sales", GROUP).await, 503);
        assert_eq!(self.leave("sales", GROUP).await, 200);
        // The lease's replies are lost, and it is given back.
        self.traffic.plan("UpdateItem", CallFault::Pass);
        for _ in 0..3 {
            self.traffic.plan("UpdateItem", CallFault::LoseReply);
        }
        assert_eq!(self.leave("sales", GROUP).await, 503);
        assert_eq!(self.traffic.unused_faults(), 0);
    }

    async fn refusals(&self) {
        let group = self.another("throttled", "5511999990002").await;
        let throttled =
            Reaction::IqError { code: 429, text: "rate-overlimit".to_owned(), backoff: Some(30) };
        self.rig.simulator().script(Fault::new(Moment::Leave, throttled));
        for _ in 0..2 {
            assert_eq!(self.leave("throttled", &group).await, 429);
        }
        let failures = [("banned", "5511999990003", 402, 503), ("out", "5511999990004", 401, 400)];
        for (name, phone, reason, status) in failures {
            let group = self.another(name, phone).await;
            let failure = Reaction::Failure { reason, expire: Some(600) };
            self.rig.simulator().script(Fault::new(Moment::Login, failure));
            for _ in 0..2 {
                assert_eq!(self.leave(name, &group).await, status, "{name}");
            }
        }
        assert_eq!(self.leave("nobody", GROUP).await, 404);
    }

    async fn tokens(&self) {
        let token = "leave-group-token-of-one-request";
        let account = "acme".parse().unwrap();
        let secret = Token::new(token).unwrap();
        self.rig.provisioner.token(&secret, &account, &Scope::Account, 1).await.unwrap();
        let asked = Request::leave(token, "nobody", GROUP);
        assert_eq!(self.ask(&asked).await, 404);
        assert_eq!(self.ask(&asked).await, 429);
        self.clock.advance(Duration::from_secs(5));
        assert_eq!(self.ask(&asked).await, 429, "confirmed by a read");
        let unknown = Request::leave("leave-group-token-of-nobody", "sales", GROUP);
        assert_eq!(self.ask(&unknown).await, 401);
    }

    /// Some are due and log in, one is logged out, and one is another run's.
    async fn checks(&self) {
        self.another("taken", "5511999990005").await;
        self.clock.advance(Duration::from_hours(11 * 24));
        let taken = self.rig.provisioner.item("INSTANCE#acme#taken", "SESSION").await.unwrap();
        let mut taken = taken.unwrap();
        let until = self.clock.now().plus(Duration::from_secs(20));
        taken.insert("lease_owner".to_owned(), text("another run"));
        taken.insert("lease_until".to_owned(), number(until.0));
        self.rig.provisioner.put(taken).await.unwrap();
        let answer = self.event(json!({"action": "check"})).await;
        assert!(answer["connected"].as_u64().unwrap() >= 1, "{answer}");
    }

    /// An environment that could not load the data keys when it started.
    async fn a_start_without_storage(&self) {
        let service = self.rig.service(self.clock.clone(), &self.traffic);
        self.rejoin();
        let request = Request::leave(ACCOUNT_TOKEN, "sales", GROUP);
        assert_eq!(ask(&service, &request).await.status, 200);
    }

    /// Everything that was asked of the table, once.
    async fn accesses() -> BTreeSet<Access> {
        let walk = Self::start().await;
        walk.every_identifier().await;
        walk.an_idempotency_key().await;
        walk.commands().await;
        walk.lost_outcomes().await;
        walk.refusals().await;
        walk.tokens().await;
        walk.checks().await;
        walk.a_start_without_storage().await;
        let table = walk.rig.environment(&[])["TABLE_NAME"].clone();
        let accesses: BTreeSet<_> =
            walk.traffic.calls().iter().flat_map(local_stack::traffic::Call::accesses).collect();
        assert!(accesses.iter().all(|access| access.table == table), "{accesses:?}");
        accesses
    }
}

#[tokio::test]
async fn the_role_may_make_the_calls_that_the_code_makes_and_no_other() {
    let grants = grants(&function_statements());
    let mut used: BTreeSet<&Grant> = BTreeSet::new();
    for access in Walk::accesses().await {
        let by = allowing(&grants, &access);
        assert!(!by.is_empty(), "the code does what its role may not: {access:?}");
        used.extend(by);
    }
    let unused: Vec<_> = grants.iter().filter(|grant| !used.contains(grant)).collect();
    assert!(unused.is_empty(), "allowed, and used by no run: {unused:?}");
}

fn access(action: &str, index: Option<&str>, partitions: &[&str]) -> Access {
    Access {
        action: format!("dynamodb:{action}"),
        table: "table".to_owned(),
        index: index.map(str::to_owned),
        partitions: partitions.iter().map(|it| (*it).to_owned()).collect(),
    }
}

/// What acts on items, as the service's authorisation reference lists it.
const ACTIONS: [&str; 13] = [
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "GetItem",
    "PartiQLDelete",
    "PartiQLInsert",
    "PartiQLSelect",
    "PartiQLUpdate",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
];

#[test]
fn what_is_operators_alone_is_out_of_the_roles_reach() {
    let grants = grants(&function_statements());
    let (account, device, instance) = (ACCOUNTS, "DEVICE#5511999990001:1", "INSTANCE#acme#sales");
    let token = token_partition(ACCOUNT_TOKEN);
    let mut denied = Vec::new();
    for action in ACTIONS {
        for partition in [account, device, "", "OTHER"] {
            denied.push(access(action, None, &[partition]));
        }
        denied.push(access(action, None, &[]));
        denied.push(access(action, None, &[instance, account]));
        denied.push(access(action, Some(USED.by_account.name), &["acme"]));
        denied.push(access(action, Some(USED.by_due.name), &["acme"]));
    }
    let writes = ["PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem", "ConditionCheckItem"];
    denied.extend(writes.map(|action| access(action, None, &[DATA_KEYS])));
    let puts = ["PutItem", "DeleteItem", "BatchWriteItem", "Query", "BatchGetItem"];
    denied.extend(puts.map(|action| access(action, None, &[&token])));
    for access in denied {
        assert_eq!(allowing(&grants, &access), Vec::<&Grant>::new(), "{access:?}");
    }
    // The same way of asking finds what is allowed.
    for access in [
        access("UpdateItem", None, &[&token]),
        access("PutItem", None, &[instance]),
        access("Query", None, &[DATA_KEYS]),
        access("Query", Some(USED.by_due.name), &["DUE"]),
    ] {
        assert_eq!(allowing(&grants, &access).len(), 1, "{access:?}");
    }
}

#[test]
fn each_kind_of_item_has_a_statement_of_its_own() {
    let patterns: BTreeSet<_> =
        grants(&function_statements()).into_iter().map(|grant| grant.partitions).collect();
    assert_eq!(patterns, set(&["TOKEN#*", "INSTANCE#*", DATA_KEYS, "DUE"]));
}
