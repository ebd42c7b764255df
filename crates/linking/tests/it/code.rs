//! Linking by a code that is entered on the phone.

use linking::{LinkError, Timing};
use whatsapp_simulator::{Moment, PairingAnswer, PairingNotification, Reaction};

use crate::account::{Account, NUMBER, SHORT, Shown, by_code, refusal, timing};

#[tokio::test]
async fn an_entered_code_links_a_device() {
    let account = Account::new().await;
    let enter = async |shown: &Shown| account.enter(shown).await;
    let (linked, shown) = account.link(by_code(), &timing(), enter).await;

    let linked = linked.unwrap();
    let jid = linked.credentials.device.to_string();
    assert_eq!(account.phone.companions(), std::slice::from_ref(&jid));
    assert_eq!(linked.unfinished, None);
    let [Shown::Code { code, number: 1, of: 3 }, Shown::Entered, Shown::Paired(paired), ..] =
        &shown[..]
    else {
        panic!("{shown:?}");
    };
    assert_eq!(code.len(), 8);
    assert_eq!(*paired, jid);

    let pairing = account.pairing();
    assert_eq!(pairing.answers, [PairingAnswer::Signed]);
    assert_eq!(pairing.hellos.len(), 1);
    let hello = &pairing.hellos[0];
    assert_eq!(
        (hello.phone.as_str(), hello.platform_id.as_str(), hello.platform_display.as_str()),
        (NUMBER, "1", "Chrome (Linux)")
    );
}

#[tokio::test]
async fn a_mistyped_code_is_entered_again() {
    let account = Account::new().await;
    let (linked, shown) = account
        .link(by_code(), &timing(), async |shown| {
            if let Shown::Code { code, .. } = shown {
                let refused = account.phone.enter_code(&mistyped(code)).await.unwrap_err();
                assert_eq!(refused, whatsapp_simulator::LinkError::WrongCode);
                account.enter(shown).await;
            }
        })
        .await;
    linked.unwrap();
    let entered = shown.iter().filter(|shown| **shown == Shown::Entered).count();
    assert_eq!(entered, 2);
    assert_eq!(account.pairing().hellos.len(), 1);
}

#[tokio::test]
async fn a_phone_that_goes_quiet_after_a_mistyped_code_is_shown_another() {
    let account = Account::new().await;
    let fast = Timing { entered: SHORT, ..timing() };
    let (linked, shown) = account
        .link(by_code(), &fast, async |shown| match shown {
            Shown::Code { code, number: 1, .. } => {
                account.phone.enter_code(&mistyped(code)).await.unwrap_err();
            }
            // A passkey's demand ends it: entering this code could be too late as well.
            Shown::Code { .. } => {
                let passkey = PairingNotification::PasskeyPrologueRequest;
                account.simulator.notify_waiting(passkey);
            }
            _ => {}
        })
        .await;
    assert_eq!(linked.unwrap_err(), LinkError::PasskeyDemanded);
    assert!(shown.iter().any(|shown| matches!(shown, Shown::Code { number: 2, .. })));
}

#[tokio::test]
async fn a_code_mistyped_four_times_is_replaced() {
    let account = Account::new().await;
    let (linked, shown) = account
        .link(by_code(), &timing(), async |shown| match shown {
            Shown::Code { code, number: 1, .. } => {
                for _ in 0..4 {
                    account.phone.enter_code(&mistyped(code)).await.unwrap_err();
                }
            }
            shown => account.enter(shown).await,
        })
        .await;
    linked.unwrap();
    assert!(shown.iter().any(|shown| matches!(shown, Shown::Code { number: 2, .. })));
    assert_eq!(account.pairing().hellos.len(), 2);
}

fn mistyped(code: &str) -> String {
    let first = if code.starts_with('A') { 'B' } else { 'A' };
    format!("{first}{}", &code[1..])
}

#[tokio::test]
async fn an_expired_code_is_replaced() {
    let account = Account::new().await;
    let (linked, shown) = account
        .link(by_code(), &timing(), async |shown| match shown {
            Shown::Code { number: 1, .. } => account.phone.refresh_code(false).unwrap(),
            shown => account.enter(shown).await,
        })
        .await;
    linked.unwrap();
    let codes: Vec<&String> = shown
        .iter()
        .filter_map(|shown| match shown {
            Shown::Code { code, .. } => Some(code),
            _ => None,
        })
        .collect();
    assert_eq!(codes.len(), 2);
    assert_ne!(codes[0], codes[1]);
}

#[tokio::test]
async fn after_three_codes_it_is_over() {
    let account = Account::new().await;
    let fast = Timing { code: SHORT, ..timing() };
    let (linked, shown) = account.link(by_code(), &fast, async |_| {}).await;

    assert_eq!(linked.unwrap_err(), LinkError::TimedOut);
    assert_eq!(shown.len(), 3);
    assert_eq!(account.pairing().hellos.len(), 3);
}

#[tokio::test]
async fn a_retired_secret_changes_nothing_about_a_code() {
    let account = Account::new().await;
    let (linked, shown) = account
        .link(by_code(), &timing(), async |shown| {
            if let Shown::Code { .. } = shown {
                account.simulator.refresh_registrations();
                account.enter(shown).await;
            }
        })
        .await;
    linked.unwrap();
    assert!(!shown.contains(&Shown::Refreshed));
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let cases = [
        (Moment::CompanionHello, 400, LinkError::CodeThrottled { code: 400 }),
        (Moment::CompanionHello, 403, LinkError::CodeUnavailable { code: 403 }),
        (Moment::CompanionHello, 429, LinkError::CodeThrottled { code: 429 }),
        (Moment::CompanionHello, 452, LinkError::CodeUnavailable { code: 452 }),
        (Moment::CompanionHello, 500, LinkError::CodeRefused { code: 500 }),
        (Moment::CompanionFinish, 500, LinkError::CodeRefused { code: 500 }),
    ];
    for (moment, code, expected) in cases {
        let account = Account::with(moment, refusal(code)).await;
        assert_eq!(account.link_by_code().await.unwrap_err(), expected, "{moment:?} {code}");
        account.all_faults_were_met();
        assert!(account.phone.companions().is_empty());
    }
}

#[tokio::test]
async fn a_passkey_can_be_demanded_after_the_code() {
    let passkey = Reaction::Notification(PairingNotification::PasskeyPrologueRequest);
    let account = Account::with(Moment::CompanionFinish, passkey).await;
    assert_eq!(account.link_by_code().await.unwrap_err(), LinkError::PasskeyDemanded);
    account.all_faults_were_met();
}
