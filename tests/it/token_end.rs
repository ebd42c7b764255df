//! A token may end by itself, told in the same call that counts.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::UnixMillis;
use domain::token::Scope;
use domain::token::Token;
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::Traffic;
use store::rows::token::{self, NewToken};

use crate::support::{GROUP, Request, Rig, ask};

const TOKEN: &str = "leave-group-token-that-ends-0001";
/// The beginning of a minute.
const MINUTE: UnixMillis = UnixMillis(1_800_000_000_000);

async fn issue(rig: &Rig, limit: u64, valid_until: UnixMillis) {
    let new = NewToken {
        hash: Token::new(TOKEN).unwrap().hash(),
        account: &"acme".parse().unwrap(),
        scope: &Scope::Account,
        limit,
        id: "tok_0000000000",
        note: None,
        issued: MINUTE,
        valid_until: Some(valid_until),
    };
    rig.provisioner.write(vec![token::put(&new)]).await.unwrap();
}

/// Its status, and the calls that it took. Another instance: nothing is left.
async fn asked(rig: &Rig, clock: &Arc<ManualClock>) -> (u16, Vec<String>) {
    let traffic = Traffic::new();
    // A fresh environment, which has no notes.
    let service = rig.service(clock.clone(), &traffic);
    let reply = ask(&service, &Request::leave(TOKEN, "nobody", GROUP)).await;
    (reply.status, traffic.operations())
}

#[tokio::test]
async fn a_token_works_until_its_end_and_is_unknown_from_then_on() {
    let rig = Rig::start().await;
    let clock = Arc::new(ManualClock::at(MINUTE));
    issue(&rig, 100, MINUTE.plus(Duration::from_hours(1))).await;
    assert_eq!(asked(&rig, &clock).await.0, 404, "let in");
    clock.set(MINUTE.plus(Duration::from_hours(1)).minus(Duration::from_millis(1)));
    assert_eq!(asked(&rig, &clock).await.0, 404, "to the last millisecond");
    clock.advance(Duration::from_millis(1));
    assert_eq!(asked(&rig, &clock).await, (401, vec!["UpdateItem".to_owned()]), "in one call");
    clock.advance(Duration::from_hours(24));
    assert_eq!(asked(&rig, &clock).await.0, 401);
}

#[tokio::test]
async fn a_full_window_does_not_hide_the_end() {
    let rig = Rig::start().await;
    let clock = Arc::new(ManualClock::at(MINUTE));
    issue(&rig, 1, MINUTE.plus(Duration::from_secs(30))).await;
    assert_eq!(asked(&rig, &clock).await.0, 404);
    assert_eq!(asked(&rig, &clock).await.0, 429);
    clock.advance(Duration::from_secs(30));
    assert_eq!(asked(&rig, &clock).await.0, 401);
}

#[tokio::test]
async fn the_end_holds_when_a_clock_ran_away_or_a_slot_is_stale() {
    let rig = Rig::start().await;
    for gap in [Duration::from_mins(8), Duration::from_mins(7)] {
        let clock = Arc::new(ManualClock::at(MINUTE));
        issue(&rig, 100, MINUTE.plus(Duration::from_mins(5))).await;
        assert_eq!(asked(&rig, &clock).await.0, 404);
        // The same slot of the ring, a whole turn later; and its neighbour.
        clock.advance(gap);
        assert_eq!(asked(&rig, &clock).await.0, 401, "{gap:?}");
    }
}
