//! A full window is remembered for seconds, then the token is looked at again: what
//! became of it meanwhile is not hidden for the rest of the minute.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::UnixMillis;
use domain::token::Scope;
use domain::token::Token;
use leave_group::service::Service;
use local_stack::items::{number, text};
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::{CallFault, Traffic};
use store::rows::token::{self, NewToken};

use crate::support::{GROUP, Reply, Request, Rig, ask, envelope, token_partition};

const TOKEN: &str = "leave-group-token-of-full-windows";
/// The beginning of a minute.
const MINUTE: UnixMillis = UnixMillis(1_800_000_000_000);
/// How long a note is trusted.
const TRUSTED: Duration = Duration::from_secs(5);
const A_MOMENT: Duration = Duration::from_millis(1);
/// A moment less than [`TRUSTED`].
const ALMOST: Duration = Duration::from_millis(4_999);

/// Puts the token's item: issued, or put back by an operator with other numbers.
async fn issue(rig: &Rig, limit: u64, valid_until: Option<UnixMillis>) {
    let new = NewToken {
        hash: Token::new(TOKEN).unwrap().hash(),
        account: &"acme".parse().unwrap(),
        scope: &Scope::Account,
        limit,
        id: "tok_0000000000",
        note: None,
        issued: MINUTE,
        valid_until,
    };
    rig.provisioner.write(vec![token::put(&new)]).await.unwrap();
}

async fn revoke(rig: &Rig) {
    let table = rig.environment(&[])["TABLE_NAME"].clone();
    let delete = rig.provisioner.client().delete_item().table_name(table);
    delete.key("pk", text(token_partition(TOKEN))).key("sk", text("TOKEN")).send().await.unwrap();
}

/// Changes only the limit, as an operator does.
async fn set_limit(rig: &Rig, limit: u64) {
    let token = rig.provisioner.item(&token_partition(TOKEN), "TOKEN").await.unwrap();
    let mut item = token.unwrap();
    item.insert("max_rpm".to_owned(), number(limit));
    rig.provisioner.put(item).await.unwrap();
}

/// One request: an instance that does not exist is 404, and counts.
async fn once(service: &Service) -> Reply {
    ask(service, &Request::leave(TOKEN, "nobody", GROUP)).await
}

/// Whether every header of the limit is there, or none.
fn has_limit_headers(reply: &Reply) -> bool {
    let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    let there = names.iter().filter(|name| reply.header(name).is_some()).count();
    assert!(there == 0 || there == names.len(), "{reply:?}");
    there > 0
}

struct Watched {
    rig: Rig,
    clock: Arc<ManualClock>,
    traffic: Traffic,
    service: Arc<Service>,
}

impl Watched {
    /// An environment that has noted the window of a token with `limit` as full.
    async fn full(limit: u64, valid_until: Option<UnixMillis>) -> Self {
        let rig = Rig::start().await;
        issue(&rig, limit, valid_until).await;
        let clock = Arc::new(ManualClock::at(MINUTE));
        let traffic = Traffic::new();
        let service = rig.service(clock.clone(), &traffic);
        for _ in 0..limit {
            assert_eq!(once(&service).await.status, 404);
        }
        assert_eq!(once(&service).await.status, 429);
        traffic.clear();
        Self { rig, clock, traffic, service }
    }

    /// The status of one request, and the calls that it took.
    async fn asked(&self) -> (u16, Vec<String>) {
        self.traffic.clear();
        let reply = once(&self.service).await;
        assert_eq!(has_limit_headers(&reply), reply.status != 401, "{reply:?}");
        (reply.status, self.traffic.operations())
    }
}

fn calls(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn a_revoked_token_is_401_within_seconds_where_its_window_was_full() {
    let it = Watched::full(2, None).await;
    revoke(&it.rig).await;
    it.clock.advance(ALMOST);
    assert_eq!(it.asked().await, (429, calls(&[])), "the note is trusted");
    it.clock.advance(A_MOMENT);
    assert_eq!(it.asked().await, (401, calls(&["GetItem"])));
    let reply = once(&it.service).await;
    assert_eq!((reply.status, reply.body.as_str()), (401, envelope("Invalid token").as_str()));
    assert_eq!(reply.header("retry-after"), None);
    it.clock.advance(ALMOST);
    assert_eq!(it.asked().await, (401, calls(&[])), "an invalid token is noted as such");
    it.clock.advance(A_MOMENT);
    assert_eq!(it.asked().await, (401, calls(&["UpdateItem"])));
}

#[tokio::test]
async fn a_token_that_ends_is_401_from_that_moment_where_its_window_was_full() {
    let end = MINUTE.plus(Duration::from_secs(2));
    let it = Watched::full(2, Some(end)).await;
    it.clock.set(end.minus(A_MOMENT));
    assert_eq!(it.asked().await, (429, calls(&[])));
    it.clock.set(end);
    assert_eq!(it.asked().await, (401, calls(&["GetItem"])));
    assert_eq!(it.asked().await, (401, calls(&[])));
}

#[tokio::test]
async fn a_token_that_was_given_a_longer_life_meanwhile_stays_valid() {
    let end = MINUTE.plus(Duration::from_secs(2));
    let it = Watched::full(1, Some(end)).await;
    issue(&it.rig, 1, Some(end.plus(Duration::from_hours(1)))).await;
    it.clock.set(end);
    assert_eq!(it.asked().await, (404, calls(&["GetItem", "UpdateItem", "UpdateItem"])));
}

#[tokio::test]
async fn a_window_that_is_still_full_is_confirmed_by_one_read_and_trusted_again() {
    let it = Watched::full(2, None).await;
    for _ in 0..3 {
        it.clock.advance(TRUSTED);
        assert_eq!(it.asked().await, (429, calls(&["GetItem"])));
        it.clock.advance(ALMOST);
        assert_eq!(it.asked().await, (429, calls(&[])));
    }
    let reply = once(&it.service).await;
    assert_eq!((reply.number("x-ratelimit-limit"), reply.number("x-ratelimit-remaining")), (2, 0));
    assert_eq!(reply.number("x-ratelimit-reset"), MINUTE.seconds() + 60);
    // 3 × (5 s and 5 s less 1 ms) of the minute are over.
    assert_eq!(reply.number("retry-after"), 31);
}

#[tokio::test]
async fn the_read_is_strongly_consistent() {
    let it = Watched::full(1, None).await;
    it.clock.advance(TRUSTED);
    it.asked().await;
    let read = it.traffic.calls().pop().unwrap();
    assert_eq!((read.operation.as_str(), &read.body["ConsistentRead"]), ("GetItem", &true.into()));
}

#[tokio::test]
async fn a_raised_limit_counts_within_seconds_and_lets_in_the_difference() {
    let it = Watched::full(2, None).await;
    set_limit(&it.rig, 4).await;
    assert_eq!(it.asked().await, (429, calls(&[])));
    it.clock.advance(TRUSTED);
    let reply = once(&it.service).await;
    assert_eq!((reply.status, reply.number("x-ratelimit-remaining")), (404, 1));
    assert_eq!(it.asked().await.0, 404);
    assert_eq!(it.asked().await, (429, calls(&["UpdateItem"])), "4 in this minute, and no more");
    assert_eq!(it.asked().await, (429, calls(&[])));
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_that_look_again_at_once_let_in_exactly_the_difference() {
    let rig = Rig::start().await;
    issue(&rig, 20, None).await;
    let clock = Arc::new(ManualClock::at(MINUTE));
    let services: Vec<_> = (0..4).map(|_| rig.service(clock.clone(), &Traffic::new())).collect();
    assert_eq!(let_in(&services, 80).await, 20);
    set_limit(&rig, 50).await;
    clock.advance(TRUSTED);
    assert_eq!(let_in(&services, 200).await, 30);
    clock.advance(TRUSTED);
    assert_eq!(let_in(&services, 80).await, 0);
}

async fn let_in(services: &[Arc<Service>], count: usize) -> usize {
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..count {
        let service = Arc::clone(&services[number % services.len()]);
        asked.spawn(async move { once(&service).await.status });
    }
    asked.join_all().await.into_iter().filter(|status| *status == 404).count()
}

#[tokio::test]
async fn the_next_minute_counts_without_a_look_at_the_note() {
    let it = Watched::full(1, None).await;
    it.clock.set(MINUTE.plus(Duration::from_mins(1)));
    let (status, calls) = it.asked().await;
    assert_eq!((status, calls.first().map(String::as_str)), (404, Some("UpdateItem")));
}

#[tokio::test]
async fn a_note_from_the_future_is_not_trusted() {
    let it = Watched::full(1, None).await;
    it.clock.set(MINUTE.plus(Duration::from_secs(30)));
    assert_eq!(it.asked().await, (429, calls(&["GetItem"])));
    it.clock.set(MINUTE.plus(Duration::from_secs(29)));
    assert_eq!(it.asked().await, (429, calls(&["GetItem"])), "the clock was set back");
}

#[tokio::test]
async fn when_storage_does_not_answer_an_old_note_decides_nothing() {
    let it = Watched::full(1, None).await;
    it.clock.advance(TRUSTED);
    for _ in 0..3 {
        it.traffic.plan("GetItem", CallFault::ServerError);
    }
    let reply = once(&it.service).await;
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(it.traffic.unused_faults(), 0);
    assert_eq!(it.asked().await, (429, calls(&["GetItem"])), "and is asked about again");
}

/// 1000 requests to each of 10 environments, `apart` from one another, and how many
/// were let in.
async fn thousands(rig: &Rig, apart: Duration) -> (usize, Traffic) {
    let clock = Arc::new(ManualClock::at(MINUTE));
    let traffic = Traffic::new();
    let services: Vec<_> = (0..10).map(|_| rig.service(clock.clone(), &traffic)).collect();
    let mut admitted = 0;
    for _ in 0..1000 {
        for service in &services {
            match once(service).await.status {
                404 => admitted += 1,
                429 => {}
                other => panic!("{other}"),
            }
        }
        clock.advance(apart);
    }
    (admitted, traffic)
}

#[tokio::test]
async fn ten_thousand_requests_over_a_limit_of_100_cost_few_calls() {
    // At one instant, and spread over the whole minute.
    for (apart, reads) in [(Duration::ZERO, 0), (Duration::from_millis(60), 110)] {
        let rig = Rig::start().await;
        issue(&rig, 100, None).await;
        let (admitted, traffic) = thousands(&rig, apart).await;
        assert_eq!(admitted, 100);
        let of_tokens = |operation: &str| {
            let calls = traffic.calls().into_iter();
            let calls = calls.filter(|call| call.body.to_string().contains("TOKEN#"));
            calls.filter(|call| call.operation == operation).count()
        };
        // One for each request that was let in, and one refusal for each environment.
        assert_eq!(of_tokens("UpdateItem"), 110, "{apart:?}");
        // Every 5 s each environment looks once.
        assert_eq!(of_tokens("GetItem"), reads, "{apart:?}");
    }
}
