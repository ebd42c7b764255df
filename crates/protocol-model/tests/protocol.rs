use protocol_model::rules::{Rule, Rules};
use protocol_model::{Callers, Limit, Protocol};
use stateright::{Checker, HasDiscoveries, Model};
fn go(name: &str, p: Protocol, all: bool) {
    let t = std::time::Instant::now();
    let c = p
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::All)
        .timeout(std::time::Duration::from_secs(if all { 300 } else { 60 }))
        .spawn_bfs()
        .join();
    eprintln!(
        "== {name}: {} {} depth {} {:?}",
        c.unique_state_count(),
        c.state_count(),
        c.max_depth(),
        t.elapsed()
    );
    for (n, p) in c.discoveries() {
        eprintln!("   {n}: {:?} {:?}", p.clone().into_states()[0].membership, p.into_actions());
    }
}
#[test]
fn full() {
    for callers in [Callers::Invite, Callers::Either] {
        go(&format!("{callers:?}"), Protocol::new(Rules::KEPT, callers), true);
    }
}
#[test]
fn limits() {
    for l in
        [Limit::DuplicateAfterNextRelease, Limit::AnswerLostAfterSettling, Limit::LateRunDenies]
    {
        go(
            &format!("{l:?}"),
            Protocol { limit: Some(l), ..Protocol::new(Rules::KEPT, Callers::Jid) },
            false,
        );
    }
}
#[test]
fn broken() {
    for r in [
        Rule::HeldLeaseRefused,
        Rule::Fence,
        Rule::LastOwnerRefused,
        Rule::IntentBeforeStanza,
        Rule::IntentKept,
        Rule::RowReadUnderLease,
        Rule::RowWrittenBeforeStanza,
        Rule::LeaseCheckedBeforeStanza,
        Rule::RecoveryNeedsIntent,
        Rule::RecoveryNeedsRow,
        Rule::RecoveredOnlyWhenSettled,
        Rule::ConfirmedWithoutSettling,
        Rule::SettlingEndsEveryIntent,
        Rule::UnsentIntentTakenBack,
        Rule::EarlierIntentLeftAlone,
        Rule::TakenBackWithRelease,
        Rule::SyncTakesLease,
        Rule::SyncSparesOpenIntents,
    ] {
        go(&format!("{r:?}"), Protocol::new(Rules::without(r), Callers::Jid), false);
    }
}
