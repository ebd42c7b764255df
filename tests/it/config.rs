//! The environment: each error names its variable, what it got and what it expects.

use std::collections::BTreeMap;

use leave_group::config::Config;
use store::seal::Sealing;

use crate::support::Rig;

fn complete() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("TABLE_NAME", "leave-group".to_owned()),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "id".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("SEALING_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()),
    ])
}

fn read(environment: &BTreeMap<&'static str, String>) -> Result<Config, String> {
    Config::from_lookup(|name| environment.get(name).cloned()).map_err(|error| error.to_string())
}

#[test]
fn defaults_are_whatsapps_own() {
    let config = read(&complete()).unwrap();
    assert_eq!(config.operation.whatsapp.url, "wss://web.whatsapp.com/ws/chat");
    assert_eq!(config.operation.whatsapp.root_key, wacore::handshake::WA_CERT_PUB_KEY);
    assert!(config.operation.whatsapp.version.to_string().starts_with("2.3000."));
    assert_eq!(config.operation.lease_wait.as_millis(), 5000);
    assert_eq!(config.operation.aws.dynamodb, None);
    assert!(!config.allowed_origins.allow("https://app.example.com"));
}

#[test]
fn a_missing_variable_is_named() {
    for name in complete().into_keys() {
        for value in [None, Some(String::new())] {
            let mut environment = complete();
            match value {
                Some(value) => environment.insert(name, value),
                None => environment.remove(name),
            };
            let error = read(&environment).unwrap_err();
            assert!(error.starts_with(&format!("{name} is not set; it expects ")), "{error}");
        }
    }
}

#[test]
fn a_malformed_variable_is_named_with_what_it_got() {
    for (name, value) in [
        ("WHATSAPP_URL", "ws://web.whatsapp.com/ws/chat"),
        ("WHATSAPP_URL", "https://web.whatsapp.com"),
        ("WHATSAPP_URL", "ws://127.0.0.1.evil.example"),
        ("WHATSAPP_URL", "not an address"),
        ("WHATSAPP_ROOT_KEY", "abcd"),
        ("WHATSAPP_VERSION", "2.3000"),
        ("WHATSAPP_VERSION", "2.3000.x"),
        ("ALLOWED_ORIGINS", "app.example.com"),
        ("ALLOWED_ORIGINS", "https://app.example.com/"),
        ("ALLOWED_ORIGINS", "https://*.example.com"),
        ("ALLOWED_ORIGINS", "null"),
        ("LOG_LEVEL", "TRACE"),
        ("LEASE_WAIT_MS", "5s"),
        ("SEALING_KEY_ARN", "alias/leave-group"),
        ("SEALING_KEY_ARN", "arn:aws:sns:eu-west-1:111122223333:key/1"),
    ] {
        let mut environment = complete();
        if name == "SEALING_KEY_ARN" {
            environment.remove("SEALING_KEY");
        }
        environment.insert(name, value.to_owned());
        let error = read(&environment).unwrap_err();
        assert!(error.starts_with(&format!("{name} is `{value}`; it expects ")), "{error}");
    }
    for value in ["not base64", "AAEC", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ=="] {
        let mut environment = complete();
        environment.insert("SEALING_KEY", value.to_owned());
        let error = read(&environment).unwrap_err();
        assert!(error.starts_with("SEALING_KEY is a text of "), "{error}");
        assert!(!error.contains(value), "{error}");
    }
}

#[test]
fn an_origin_of_the_list_is_the_one_that_a_browser_sends() {
    let mut environment = complete();
    let listed = " https://App.Example.com:443 , http://localhost:3000,capacitor://localhost,,";
    environment.insert("ALLOWED_ORIGINS", listed.to_owned());
    let origins = read(&environment).unwrap().allowed_origins;
    for origin in ["https://app.example.com", "http://localhost:3000", "capacitor://localhost"] {
        assert!(origins.allow(origin), "{origin}");
    }
    for origin in
        ["http://app.example.com", "https://app.example.com:8443", "null", "http://localhost"]
    {
        assert!(!origins.allow(origin), "{origin}");
    }
    environment.insert("ALLOWED_ORIGINS", "https://a.example,https://b.example/path".to_owned());
    let error = read(&environment).unwrap_err();
    assert!(error.starts_with("ALLOWED_ORIGINS is `https://b.example/path`; "), "{error}");
}

#[test]
fn data_keys_are_wrapped_by_kms_or_by_a_key_and_never_by_both() {
    let arn = "arn:aws:kms:eu-west-1:111122223333:key/9c8b5c0e-6a1b-4d2f-8e3a-0123456789ab";
    let mut environment = complete();
    environment.insert("SEALING_KEY_ARN", arn.to_owned());
    assert_eq!(
        read(&environment).unwrap_err(),
        "SEALING_KEY_ARN and SEALING_KEY are both set; exactly one of them is expected"
    );
    environment.remove("SEALING_KEY");
    match read(&environment).unwrap().operation.sealing {
        Sealing::Kms(key) => assert_eq!((key.as_str(), key.region()), (arn, "eu-west-1")),
        Sealing::Key(_) => panic!("KMS was asked for"),
    }
}

#[test]
fn the_service_endpoint_of_dynamodb_wins_over_the_general_one() {
    let mut environment = complete();
    environment.insert("AWS_ENDPOINT_URL", "http://general".to_owned());
    assert_eq!(
        read(&environment).unwrap().operation.aws.dynamodb.as_deref(),
        Some("http://general")
    );
    environment.insert("AWS_ENDPOINT_URL_DYNAMODB", "http://own".to_owned());
    assert_eq!(read(&environment).unwrap().operation.aws.dynamodb.as_deref(), Some("http://own"));
}

#[tokio::test]
async fn the_process_says_it_in_one_line_and_stops() {
    let rig = Rig::start().await;
    for (name, value) in
        [("TABLE_NAME", ""), ("LEASE_WAIT_MS", "soon"), ("ALLOWED_ORIGINS", "example.com")]
    {
        let process = rig.process_with(&[(name, value)]).await;
        let (status, output) = process.function.wait().await.unwrap();
        assert!(!status.success());
        assert_eq!(output.lines().count(), 1, "{output}");
        assert!(output.contains(name), "{output}");
    }
}
