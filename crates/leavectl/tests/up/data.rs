//! What is kept in a data folder, and for whom.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::rig::{LEAVE, Up, delete, folder};

#[test]
fn with_data_a_restart_keeps_tokens_sessions_and_groups() {
    let data = folder("restart");
    let arguments = ["--data", data.to_str().unwrap()];
    let first = Up::start(&arguments);
    let token = first.text("/accountToken");
    assert_eq!(delete(&first.text("/url"), LEAVE, &token).0, 200);
    let said = first.said.clone();
    assert_eq!(first.stop("-TERM").0, Some(0));

    let second = Up::start(&arguments);
    for pointer in [
        "/accountToken",
        "/sealingKey",
        "/whatsapp/rootKey",
        "/instances/0/token",
        "/instances/0/noiseKey",
        "/instances/1/jid",
    ] {
        assert_eq!(
            second.text(pointer),
            said.pointer(pointer).unwrap().as_str().unwrap(),
            "{pointer}"
        );
    }
    let url = second.text("/url");
    assert_eq!(delete(&url, LEAVE, &token).0, 404, "what was left stays left");
    let other =
        format!("/api/group/leave/support?identifier={}", second.text("/instances/1/groups/0/jid"));
    assert_eq!(delete(&url, &other, &token).0, 200);
    // Killed, it has kept what it answered.
    drop(second);
    let third = Up::start(&arguments);
    assert_eq!(delete(&third.text("/url"), &other, &token).0, 404);
    let database = std::fs::read(data.join("dynamodb.sqlite")).unwrap();
    let holds_token = database.windows(token.len()).any(|window| window == token.as_bytes());
    assert!(!holds_token, "the table holds only hashes");
}

/// The mode of the folder and of every file in it.
fn modes(data: &Path) -> Vec<(String, u32)> {
    let mode = |path: &Path| Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o777);
    let mut modes = vec![(".".to_owned(), mode(data).unwrap())];
    for entry in std::fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        // A file that is written beside another is renamed in between.
        modes.extend(mode(&entry.path()).map(|it| (entry.file_name().into_string().unwrap(), it)));
    }
    modes
}

#[test]
fn the_data_folder_is_for_its_user_alone_whatever_the_umask_allows() {
    let data = folder("private");
    let start = || {
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask 000; exec \"$0\" up --listen 127.0.0.1:0 --json --data \"$1\""]);
        Up::run(shell.args([env!("CARGO_BIN_EXE_leavectl").as_ref(), data.as_os_str()]))
    };
    let check = |up: &Up| {
        assert_eq!(delete(&up.text("/url"), LEAVE, "no token").0, 401);
        let modes = modes(&data);
        let names: Vec<_> = modes.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "dynamodb.sqlite",
            "dynamodb.sqlite-wal",
            "env",
            "lock",
            "sealing.key",
            "whatsapp.json",
        ] {
            assert!(names.contains(&name), "{names:?}");
        }
        for (name, mode) in &modes {
            let expected = if name == "." { 0o700 } else { 0o600 };
            assert_eq!(*mode, expected, "{name} has {mode:o}");
        }
    };
    let up = start();
    check(&up);
    drop(up);
    // What an earlier version left open is closed, also beside the database.
    for entry in std::fs::read_dir(&data).unwrap() {
        let open = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(entry.unwrap().path(), open).unwrap();
    }
    check(&start());
}
