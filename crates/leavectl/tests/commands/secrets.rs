//! No command shows what is sealed, or a key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local_stack::items::Item;

use crate::rig::{GROUP, Rig};

#[tokio::test(flavor = "multi_thread")]
async fn no_command_shows_a_key_or_what_is_sealed() {
    let rig = Rig::start().await;
    rig.groups();
    let session = rig.session("sales").await;
    let sealed = Item(&session).binary("sealed").unwrap();
    let secrets = [
        hex::encode(rig.device.noise_private_key),
        STANDARD.encode(rig.device.noise_private_key),
        hex::encode(sealed),
        STANDARD.encode(sealed),
        rig.backends.sealing_key(),
    ];
    let commands: &[&[&str]] = &[
        &["doctor"],
        &["table", "status"],
        &["account", "list"],
        &["instance", "list"],
        &["instance", "show", "acme", "sales"],
        &["token", "list", "acme"],
        &["group", "list", "acme", "sales"],
        &["leave", "acme", "sales", GROUP, "--dry-run"],
        &["leave", "acme", "sales", GROUP],
        &["history", "acme", "sales"],
    ];
    for arguments in commands {
        for json in [false, true] {
            let mut arguments = arguments.to_vec();
            arguments.extend(json.then_some("--json"));
            let ran = rig.run(&arguments);
            for secret in &secrets {
                assert!(
                    !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
                    "{arguments:?}"
                );
            }
        }
    }
    for arguments in [&["group", "sync", "acme", "sales"][..], &["key", "rotate"]] {
        let ran = rig.run(arguments);
        assert!(secrets.iter().all(|secret| !ran.stdout.contains(secret)), "{arguments:?}");
    }
}

/// What `clap` refuses it would repeat: a token where an account is wanted, a password in
/// an address, a code for a phone.
#[test]
fn a_line_that_is_refused_repeats_no_value() {
    const SECRET: &str = "lg_29884412345678901234567890123456789012345678901234567890ef98";
    const PIECE: &str = "2988441234567";
    for line in [
        "token revoke SECRET",
        "token revoke SECRET acme",
        "token revoke acme/SECRET",
        "token revoke acme PIECE",
        "token revoke acme tok_PIECE",
        "token revoke acme tok_abc SECRET",
        "token revoke acme --id SECRET",
        "token list SECRET",
        "token issue acme --expires SECRET",
        "token issue acme --per-minute SECRET",
        "token SECRET",
        "SECRET",
        "instance check SECRET",
        "instance set-proxy acme sales ftp://user:SECRET@h:1",
        "instance set-proxy acme http://user:SECRET@h:1",
        "instance set-proxy acme sales --none=http://u:SECRET@h:1",
        "instance link acme sales http://u:SECRET@h:1",
        "instance link acme sales --phone http://u:SECRET@h:1",
        "instance import acme sales file http://u:SECRET@h:1",
        "instance import acme sales http://u:SECRET@h:1",
        "instance import acme sales file --from http://u:SECRET@h:1",
        "phone enter SECRET",
        "phone scan 2@SECRET",
        "up --listen SECRET",
        "leave --nosuch=SECRET",
    ] {
        let line = line.replace("SECRET", SECRET).replace("PIECE", PIECE);
        for json in [&[][..], &["--json"]] {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_leavectl"));
            let output = command.args(line.split(' ')).args(json).env_clear().output().unwrap();
            assert!(matches!(output.status.code(), Some(1 | 2)), "{line}: {output:?}");
            let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(!told.contains(&SECRET[3..12]) && !told.contains(PIECE), "{line}: {told}");
        }
    }
}
