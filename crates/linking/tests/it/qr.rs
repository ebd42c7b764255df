//! Linking by QR code.

use std::time::Duration;

use domain::clock::Budget;
use domain::group::{Group, GroupKind};
use linking::{FirstLogin, LinkError, Method, Timing};
use whatsapp::TargetReply;
use whatsapp_simulator::{AccountKind, Direction, NewGroup, PairingAnswer, Rank};

use crate::account::{Account, LONG, NUMBER, SHORT, Shown, timing};

#[tokio::test]
async fn a_scanned_code_links_a_device() {
    let account = Account::new().await;
    let scan = async |shown: &Shown| account.scan(shown).await;
    let (linked, shown) = account.link(Method::Qr, &timing(), scan).await;

    let linked = linked.unwrap();
    let jid = linked.credentials.device.to_string();
    assert_eq!(account.phone.companions(), std::slice::from_ref(&jid));
    assert_eq!(linked.platform, "android");
    assert_eq!(linked.business_name, None);
    assert_eq!(linked.unfinished, None);
    let lid = linked.credentials.lid.unwrap();
    assert!(lid.ends_with("@lid") && !lid.contains(':'), "{lid}");

    assert!(matches!(&shown[0], Shown::Qr { number: 1, of: 6, .. }), "{shown:?}");
    let after = [
        Shown::Paired(jid),
        Shown::Finishing(FirstLogin::LoggingIn),
        Shown::Finishing(FirstLogin::Keys),
        Shown::Finishing(FirstLogin::Messages),
    ];
    assert_eq!(shown[1..], after);
}

#[tokio::test]
async fn it_registers_as_whatsapp_web_on_linux_and_answers_as_a_real_client() {
    let account = Account::new().await;
    let (linked, _) = account
        .link(Method::Qr, &timing(), async |shown| {
            if matches!(shown, Shown::Qr { .. }) {
                account.until(|pairing| pairing.pings_answered == 1).await;
                account.scan(shown).await;
            }
        })
        .await;
    linked.unwrap();

    let pairing = account.pairing();
    assert_eq!(
        (pairing.os.as_str(), pairing.platform.as_str(), pairing.version.as_str()),
        ("Linux", "CHROME", "2.3000.1042742319")
    );
    assert!(pairing.acknowledged);
    assert_eq!(pairing.answers, [PairingAnswer::Signed]);
}

#[tokio::test]
async fn the_linked_device_leaves_a_group() {
    let account = Account::new().await;
    let ours = NewGroup::new("Friends").member(NUMBER, Rank::Member);
    let group = account.simulator.create_group(ours);
    let linked = account.link_by_qr().await.unwrap();

    let mut online = account.log_in(&linked.credentials).await;
    let target = Group { jid: group.parse().unwrap(), kind: GroupKind::Group };
    let replies = online.leave(&[target], Budget::of(LONG), || true).await.unwrap();
    online.close(Budget::of(LONG)).await;
    assert!(matches!(replies[..], [TargetReply::Left(_)]), "{replies:?}");
    assert!(!account.simulator.is_member(&group, NUMBER));
}

#[tokio::test]
async fn business_accounts_are_linked() {
    for kind in [AccountKind::Business, AccountKind::Hosted] {
        let mut account = Account::new().await;
        account.phone = account.phone.of_kind(kind);
        let linked = account.link_by_qr().await.unwrap();
        assert_eq!(linked.business_name.as_deref(), Some("A simulated business"), "{kind:?}");
        assert_eq!(linked.platform, "smba", "{kind:?}");
        assert_eq!(linked.unfinished, None, "{kind:?}");
        assert_eq!(account.pairing().answers, [PairingAnswer::Signed], "{kind:?}");
    }
}

#[tokio::test]
async fn a_later_code_links_too() {
    let account = Account::new().await;
    let fast = Timing { first_qr: SHORT, ..timing() };
    let (linked, shown) = account
        .link(Method::Qr, &fast, async |shown| {
            if matches!(shown, Shown::Qr { number: 2, .. }) {
                account.scan(shown).await;
            }
        })
        .await;
    linked.unwrap();
    let codes = shown.iter().filter(|shown| matches!(shown, Shown::Qr { .. })).count();
    assert_eq!(codes, 2);
}

#[tokio::test]
async fn after_six_codes_it_is_over() {
    let account = Account::new().await;
    let fast = Timing { first_qr: SHORT, next_qr: SHORT, ..timing() };
    let (linked, shown) = account.link(Method::Qr, &fast, async |_| {}).await;

    assert_eq!(linked.unwrap_err(), LinkError::TimedOut);
    let numbers: Vec<usize> = shown
        .iter()
        .map(|shown| match shown {
            Shown::Qr { number, of: 6, .. } => *number,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    assert!(account.phone.companions().is_empty());
}

#[tokio::test]
async fn a_retired_secret_draws_the_same_reference_again() {
    let account = Account::new().await;
    let mut before = None;
    let (linked, shown) = account
        .link(Method::Qr, &timing(), async |shown| {
            let Shown::Qr { text, .. } = shown else { return };
            if before.replace(text.clone()).is_none() {
                account.simulator.refresh_registrations();
            } else {
                account.scan(shown).await;
            }
        })
        .await;

    linked.unwrap();
    let [Shown::Qr { text: old, .. }, Shown::Refreshed, Shown::Qr { text: new, number: 1, of: 6 }] =
        &shown[..3]
    else {
        panic!("{shown:?}");
    };
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split(',').collect(), new.split(',').collect());
    assert_eq!(old[..3], new[..3]);
    assert_ne!(old[3], new[3]);
    assert_eq!(old[4], new[4]);
}

#[tokio::test]
async fn the_code_of_a_retired_secret_links_nothing() {
    let account = Account::new().await;
    let mut before = None;
    let (linked, _) = account
        .link(Method::Qr, &timing(), async |shown| {
            let Shown::Qr { text, .. } = shown else { return };
            match before.take() {
                None => {
                    before = Some(text.clone());
                    account.simulator.refresh_registrations();
                }
                Some(before) => drop(account.phone.scan(&before).await),
            }
        })
        .await;
    assert_eq!(linked.unwrap_err(), LinkError::HmacMismatch);
    assert!(account.phone.companions().is_empty());
}

#[tokio::test]
async fn a_connection_that_waits_is_kept_alive() {
    let account = Account::new().await;
    let lively = Timing { keep_alive: Duration::from_millis(1), first_qr: SHORT, ..timing() };
    let (linked, _) = account
        .link(Method::Qr, &lively, async |shown| {
            if matches!(shown, Shown::Qr { number: 2, .. }) {
                account.scan(shown).await;
            }
        })
        .await;
    linked.unwrap();
    let record = account.simulator.record();
    let kept = record.stanzas.iter().any(|stanza| {
        stanza.device.is_empty()
            && stanza.direction == Direction::Received
            && stanza.node.attrs.get("xmlns").is_some_and(|xmlns| *xmlns == "w:p")
    });
    assert!(kept);
}
