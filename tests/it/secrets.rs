//! Tokens, keys and sealed bytes appear in no log line, no error, no `Debug`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::credentials::Credentials;
use domain::token::Token;
use leave_group::config::Config;
use local_stack::items::Item;
use store::seal::Sealed;
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, INSTANCE_TOKEN, Request, Rig, Shape, fixture};

#[tokio::test]
async fn the_whole_output_of_the_process_at_debug_holds_no_secret() {
    let rig = Rig::start().await;
    let unknown = "leave-group-token-of-a-stranger";
    let sealed = rig.session().await;
    let sealed = Item(&sealed).binary("sealed").unwrap().to_vec();
    let process = rig
        .process_with(&[("RUST_LOG", "trace"), ("AWS_SECRET_ACCESS_KEY", "aws-secret-key-0001")])
        .await;
    for shape in Shape::ALL {
        for token in [ACCOUNT_TOKEN, INSTANCE_TOKEN, unknown] {
            for identifier in [GROUP, "ABC123XYZ", "nonsense identifier"] {
                process.send(&Request::leave(token, "sales", identifier), shape).await;
            }
        }
        let bearer = format!("Bearer {ACCOUNT_TOKEN}");
        let request =
            Request::to("sales").query("identifier", GROUP).header("authorization", &bearer);
        process.send(&request, shape).await;
    }
    for (moment, reaction) in [
        (Moment::Connect, Reaction::Drop),
        (Moment::Login, Reaction::Failure { reason: 405, expire: None }),
        (Moment::Leave, Reaction::Drop),
        (Moment::Login, Reaction::Failure { reason: 401, expire: None }),
    ] {
        rig.simulator().add_member(GROUP, &rig.device.phone);
        rig.simulator().script(Fault::new(moment, reaction));
        process.send(&Request::leave(ACCOUNT_TOKEN, "sales", GROUP), Shape::HttpApi).await;
    }
    // Events that are none of ours are logged by whoever refuses them.
    let mut event = fixture("http-api-v2");
    event.as_object_mut().unwrap().remove("requestContext");
    process.outcome(&event.to_string()).await;

    let key = rig.device.noise_private_key;
    let output = process.function.kill().await.unwrap();
    assert!(output.contains("\"status\":200"), "the log is there: {output}");
    let secrets = [
        ACCOUNT_TOKEN.to_owned(),
        INSTANCE_TOKEN.to_owned(),
        unknown.to_owned(),
        "aws-secret-key-0001".to_owned(),
        hex::encode(key),
        STANDARD.encode(key),
        format!("{key:?}"),
        rig.backends.sealing_key(),
        hex::encode(&sealed),
        STANDARD.encode(&sealed),
        format!("{sealed:?}"),
        "ABC123XYZ".to_owned(),
    ];
    for secret in secrets {
        assert!(!output.contains(&secret), "{secret} is in the output:\n{output}");
    }
}

#[tokio::test]
async fn debug_of_every_secret_shows_nothing_of_it() {
    let rig = Rig::start().await;
    let environment = rig.environment(&[
        ("AWS_SECRET_ACCESS_KEY", "aws-secret-key-0001"),
        ("AWS_SESSION_TOKEN", "aws-session-token-0001"),
    ]);
    let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
    let key = rig.device.noise_private_key;
    let credentials = Credentials {
        noise_private_key: zeroize::Zeroizing::new(key),
        device: rig.device.jid.parse().unwrap(),
        lid: None,
        proxy: None,
    };
    let sealed = Sealed { key_id: "key".to_owned(), bytes: key.to_vec() };
    let token = Token::new(ACCOUNT_TOKEN).unwrap();
    let shown = format!(
        "{config:?} {credentials:?} {sealed:?} {token:?} {:?} {:?}",
        token.hash(),
        rig.device
    );
    for secret in [
        ACCOUNT_TOKEN.to_owned(),
        "aws-secret-key-0001".to_owned(),
        "aws-session-token-0001".to_owned(),
        rig.backends.sealing_key(),
        hex::encode(key),
        format!("{key:?}").trim_matches(['[', ']']).to_owned(),
        token.hash().to_hex(),
    ] {
        assert!(!shown.contains(&secret), "{secret} is in {shown}");
    }
}

#[tokio::test]
async fn a_malformed_secret_stops_the_start_without_being_shown() {
    let rig = Rig::start().await;
    let process = rig.process_with(&[("SEALING_KEY", "bm90IDMyIGJ5dGVz")]).await;
    let (status, output) = process.function.wait().await.unwrap();
    assert!(!status.success());
    assert!(output.contains("SEALING_KEY"), "{output}");
    assert!(!output.contains("bm90IDMyIGJ5dGVz"), "{output}");
}

#[tokio::test]
async fn the_table_holds_hashes_and_sealed_values_only() {
    let rig = Rig::start().await;
    let key = rig.device.noise_private_key;
    let stored = format!("{:?}", rig.provisioner.items().await.unwrap());
    for secret in [
        ACCOUNT_TOKEN.to_owned(),
        INSTANCE_TOKEN.to_owned(),
        hex::encode(key),
        format!("{key:?}").trim_matches(['[', ']']).to_owned(),
        rig.backends.sealing_key(),
    ] {
        assert!(!stored.contains(&secret), "{secret}");
    }
}
