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
