//! Where a command works: the function's own variables.

use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_is_missing_or_wrong_is_named() {
    let mut rig = Rig::start().await;
    rig.set("SEALING_KEY", "");
    rig.refused(&["account", "list"], "or SEALING_KEY, 32 bytes in base64");
    rig.refused(&["account", "list"], "leavectl env --data ./stack");
    rig.set("SEALING_KEY", "secret words");
    let ran = rig.run(&["account", "list"]);
    assert!(ran.stderr.contains("a text of 12 bytes") && !ran.stderr.contains("secret words"));
}

/// Where nothing is set, everything is named at once, and nothing of AWS is asked.
#[test]
fn a_stranger_is_told_all_that_is_missing() {
    let mut leavectl = std::process::Command::new(env!("CARGO_BIN_EXE_leavectl"));
    let output = leavectl.args(["account", "list"]).env_clear().output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for name in ["TABLE_NAME", "SEALING_KEY_ARN", "AWS_REGION", "AWS_ACCESS_KEY_ID"] {
        assert!(told.contains(&format!("\n  {name} ")), "{name}: {told}");
    }
    assert!(told.contains("leavectl up --data ./stack"), "{told}");
}

/// A stack of this machine that has ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_to_this_machine_asks_for_the_stack() {
    let mut rig = Rig::start().await;
    rig.set("WHATSAPP_URL", "ws://127.0.0.1:1/ws/chat");
    rig.refused_with(4, &["group", "sync", "acme", "sales"], "does `leavectl up` still run?");
    rig.set("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1");
    rig.refused_with(4, &["account", "list"], "does `leavectl up` still run?");
    let leave = rig.run(&["leave", "acme", "sales", "120363406289005073@g.us", "-y"]);
    assert_eq!(leave.code, 4, "{leave:?}");
    assert!(leave.stderr.contains("does `leavectl up` still run?"), "{leave:?}");
    let doctor = rig.run(&["doctor"]).stdout;
    assert!(doctor.contains("still run?") && !doctor.contains("os error"), "{doctor}");
    // Elsewhere it is the network.
    rig.set("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.2:1");
    let ran = rig.run(&["account", "list"]);
    assert!(!ran.stderr.contains("leavectl up"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dynamodb_on_this_machine_needs_no_credentials() {
    let rig = Rig::start()
        .await
        .with("AWS_ACCESS_KEY_ID", "")
        .with("AWS_SECRET_ACCESS_KEY", "")
        .with("AWS_REGION", "");
    rig.ok(&["account", "list"]);
}

/// Region and credentials of a profile, as the AWS CLI keeps them.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_environment_lacks_comes_from_a_profile() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("profile");
    std::fs::create_dir_all(&folder).unwrap();
    let (config, credentials) = (folder.join("config"), folder.join("credentials"));
    std::fs::write(&config, "[default]\nregion = sa-east-1\n").unwrap();
    std::fs::write(
        &credentials,
        "[default]\naws_access_key_id = AKIDOFPROFILE\naws_secret_access_key = secret\n",
    )
    .unwrap();
    let mut rig = Rig::start().await;
    // No loopback address, so that the chain is asked; nobody listens there.
    rig.set("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.2:1");
    for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        rig.set(name, "");
    }
    rig.set("AWS_CONFIG_FILE", config.to_str().unwrap());
    rig.set("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap());
    rig.set("AWS_EC2_METADATA_DISABLED", "true");
    let doctor = rig.run(&["doctor"]);
    assert!(
        doctor.stdout.contains("good      configuration  table leave-group in sa-east-1"),
        "{doctor:?}"
    );
    assert!(doctor.stdout.contains("DynamoDB cannot be reached"), "{doctor:?}");
    rig.set("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    rig.refused(&["account", "list"], "no AWS credentials found");
}
