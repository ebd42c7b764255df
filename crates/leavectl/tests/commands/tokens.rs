//! `leavectl token`.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Budget, SystemClock};
use domain::token::Scope;
use domain::token::Token;
use operation::engine::Engine;
use store::gate::{Caller, Gate, Refusal};

use crate::pty::Pty;
use crate::rig::{Ran, Rig};

async fn admit(rig: &Rig, secret: &str) -> Result<Caller, Refusal> {
    let config = rig.backends.config().unwrap();
    let clock = Arc::new(SystemClock::new());
    let engine = Engine::new(&config.operation, clock.clone()).unwrap();
    let token = Token::new(secret).unwrap();
    Gate::new(engine.table, clock).admit(&token, Budget::of(Duration::from_secs(5))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issued_token_opens_the_gate_until_it_is_revoked() {
    let rig = Rig::start().await;
    let issued = rig.json(&[
        "token",
        "issue",
        "acme",
        "--instance",
        "sales",
        "--per-minute",
        "7",
        "--expires",
        "90d",
        "--note",
        "CRM",
    ]);
    let (secret, id) = (issued["token"].as_str().unwrap(), issued["id"].as_str().unwrap());
    assert!(secret.starts_with("lg_") && secret.len() == 67, "{secret}");
    assert!(id.starts_with("tok_") && id.len() == 14, "{id}");
    let caller = admit(&rig, secret).await.unwrap();
    assert_eq!(caller.account().as_str(), "acme");
    assert_eq!(caller.scope(), &Scope::Instance("sales".parse().unwrap()));
    assert_eq!(caller.limit().limit, 7);

    let listed = rig.json(&["token", "list", "acme"]);
    assert_eq!(listed["tokens"][0]["id"], id);
    assert_eq!(listed["tokens"][0]["note"], "CRM");
    assert_eq!(listed["tokens"][0]["perMinute"], 7);
    assert_eq!(listed["tokens"][0]["expiresAt"], issued["expiresAt"]);

    assert!(rig.ok(&["token", "revoke", "acme", id]).contains(id));
    assert_eq!(admit(&rig, secret).await.unwrap_err(), Refusal::Unknown);
    assert_eq!(rig.items("TOKEN#").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_shown_once_and_stored_nowhere() {
    let rig = Rig::start().await;
    let ran = rig.run(&["token", "issue", "acme"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let secret = ran.stdout.trim_end();
    assert_eq!(format!("{secret}\n"), ran.stdout, "stdout is the secret alone, to be piped");
    assert!(!ran.stderr.contains(secret));
    assert!(ran.stderr.contains("not shown again"));
    let stored = format!("{:?}", rig.provisioner.items().await.unwrap());
    assert!(!stored.contains(secret) && !stored.contains(&secret[3..]));
    for arguments in [&["token", "list", "acme"][..], &["token", "list", "acme", "--json"]] {
        assert!(!rig.ok(arguments).contains(&secret[3..]));
    }
    assert_eq!(admit(&rig, secret).await.unwrap().scope(), &Scope::Account);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_revokes_only_what_it_names_alone() {
    let rig = Rig::start().await;
    let ids: Vec<String> = (0..2)
        .map(|_| rig.json(&["token", "issue", "acme"])["id"].as_str().unwrap().to_owned())
        .collect();
    rig.refused(&["token", "revoke", "acme", "tok_"], &ids[0]);
    rig.refused(&["token", "revoke", "acme", "tok_9"], "leavectl token list acme");
    rig.refused_with(2, &["token", "revoke", "acme", "tok_!"], "neither the id");
    rig.refused_with(
        2,
        &["token", "revoke", "acme", "a token of no form at all"],
        "neither the id",
    );
    rig.ok(&["account", "create", "other"]);
    rig.refused(&["token", "revoke", "other", &ids[0]], "has no token");
    assert_eq!(rig.items("TOKEN#").await.len(), 2);
    let common = ids[0].bytes().zip(ids[1].bytes()).take_while(|(one, other)| one == other).count();
    let beginning = ["token", "revoke", "acme", &ids[0][..=common]];
    rig.refused(&beginning, &format!("Token {}, for every instance of account acme", ids[0]));
    assert_eq!(rig.items("TOKEN#").await.len(), 2, "a beginning asks first");
    rig.ok(&[&beginning[..], &["-y"]].concat());
    assert_eq!(rig.json(&["token", "list", "acme"])["tokens"][0]["id"], ids[1].as_str());
}

/// While somebody thinks about the answer, the one that was shown goes and another comes.
#[tokio::test(flavor = "multi_thread")]
async fn consent_to_one_token_revokes_no_other() {
    let rig = Rig::start().await;
    let shown = rig.json(&["token", "issue", "acme"])["id"].as_str().unwrap().to_owned();
    let mut asking = Pty::of(&rig).start("token revoke acme tok_");
    let question = asking.until("Go on?").await;
    assert!(question.contains(&shown), "{question}");
    rig.ok(&["token", "revoke", "acme", &shown]);
    let other = rig.json(&["token", "issue", "acme"])["id"].as_str().unwrap().to_owned();
    asking.type_in("y\n").await;
    let (code, told) = asking.end().await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!("has no token {shown}")), "{told}");
    assert_eq!(rig.json(&["token", "list", "acme"])["tokens"][0]["id"], other.as_str());
}

/// Who finds a leaked secret has it, and not the id.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_place_of_an_id_is_revoked_and_never_repeated() {
    let rig = Rig::start().await;
    let issued = rig.json(&["token", "issue", "acme"]);
    let (secret, id) = (issued["token"].as_str().unwrap(), issued["id"].as_str().unwrap());
    rig.ok(&["account", "create", "other"]);
    let cut = &secret[..secret.len() - 1];
    for (account, given) in [("other", secret), ("acme", cut), ("acme", &secret[..10])] {
        let ran = rig.run(&["token", "revoke", account, given]);
        assert!(matches!(ran.code, 1 | 2), "{ran:?}");
        assert!(!ran.stderr.contains(&given[4..]), "{ran:?}");
    }
    assert_eq!(rig.items("TOKEN#").await.len(), 1);
    let ran = rig.run(&["token", "revoke", "acme", secret]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains(id) && !ran.stdout.contains(&secret[4..]), "{ran:?}");
    assert_eq!(rig.items("TOKEN#").await.len(), 0);
}

/// A secret that is shown once and then nowhere must not be lost in silence.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_be_handed_over_is_told_with_how_to_take_it_back() {
    let rig = Rig::start().await;
    for more in [&[][..], &["--json"]] {
        let mut command = rig.command(&[&["token", "issue", "acme"][..], more].concat());
        command.stdout(std::fs::File::create("/dev/full").unwrap());
        let ran = tokio::task::block_in_place(|| Ran::of(command.output().unwrap()));
        let listed = rig.json(&["token", "list", "acme"]);
        let id = listed["tokens"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stderr.contains(&format!("leavectl token revoke acme {id}")), "{ran:?}");
        rig.ok(&["token", "revoke", "acme", &id]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issued_token_is_told_with_what_it_may_do() {
    let rig = Rig::start().await;
    let told = rig.run(&["token", "issue", "acme"]).stderr;
    assert!(told.contains("for every instance of account acme, 100 requests a minute"), "{told}");
    assert!(told.contains("until it is revoked"), "{told}");
    let narrow = ["--instance", "sales", "--per-minute", "1", "--expires", "2999-01-31"];
    let told = rig.run(&[&["token", "issue", "acme"][..], &narrow].concat()).stderr;
    assert!(told.contains("for instance acme/sales alone, 1 request a minute"), "{told}");
    assert!(told.contains("until 2999-01-31T00:00:00Z"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_issued_is_refused() {
    let rig = Rig::start().await;
    rig.refused(&["token", "issue", "nobody"], "leavectl account create nobody");
    rig.refused(
        &["token", "issue", "acme", "--instance", "nothing"],
        "leavectl instance list acme",
    );
    rig.refused(&["token", "issue", "acme", "--expires", "2020-01-31"], "past");
    rig.refused(&["token", "issue", "acme", "--expires", "99999999d"], "beyond the year 9999");
    assert_eq!(rig.items("TOKEN#").await.len(), 0);
    for arguments in [["--expires", "soon"], ["--per-minute", "0"], ["--per-minute", "many"]] {
        let ran = rig.run(&[&["token", "issue", "acme"][..], &arguments].concat());
        assert_eq!(ran.code, 2, "{ran:?}");
    }
}
