//! One stack at a time on a folder.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::rig::{LEAVE, Up, delete, env, folder_text, leavectl, ran};

#[test]
fn a_second_stack_on_the_same_folder_is_refused_and_told_about_the_first() {
    let data = folder_text("two");
    let up = Up::start(&["--data", &data]);
    let (code, stdout, stderr) = ran(&mut leavectl(&["up", "--listen", "0", "--data", &data]));
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    let (id, url) = (up.id(), up.text("/url"));
    for part in [
        format!("a stack runs on {data} already: process {id}, since 2"),
        url.clone(),
        format!("`kill {id}`"),
        "another folder with --data".to_owned(),
        format!("leavectl env --data {data}"),
    ] {
        assert!(stderr.contains(&part), "{part}: {stderr}");
    }
    // It took nothing of the first one's away.
    assert_eq!(env(&data, &[]).0, Some(0));
    assert_eq!(delete(&url, LEAVE, &up.text("/accountToken")).0, 200);
    assert_eq!(up.stop("-TERM").0, Some(0));
    assert_eq!(Up::start(&["--data", &data]).stop("-TERM").0, Some(0), "the folder is free again");
}

#[test]
fn a_stack_follows_one_that_is_being_stopped() {
    let data = folder_text("follows");
    let first = Up::start(&["--data", &data]);
    // A connection that is open makes the end take longer.
    let _idle = std::net::TcpStream::connect(first.text("/dynamodb").replace("http://", ""));
    first.send("-TERM");
    let second = Up::start(&["--data", &data]);
    assert_eq!(second.text("/accountToken"), first.text("/accountToken"));
    assert_eq!(env(&data, &[]).0, Some(0), "the end of the first has taken nothing away");
}

#[test]
fn a_killed_stack_has_no_variables_and_is_followed_by_another() {
    let data = folder_text("killed");
    let up = Up::start(&["--data", &data]);
    let (_, first, _) = env(&data, &[]);
    assert_eq!(up.stop("-KILL").0, None);
    let left = std::path::Path::new(&data).join("env");
    assert!(left.exists(), "it had no time to take it away");
    let (code, stdout, stderr) = env(&data, &["--wait", "0"]);
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stderr.contains(&format!("no stack runs on {data}")), "{stderr}");
    assert!(!stdout.contains("export"), "{stdout}");
    let again = Up::start(&["--data", &data]);
    let (code, second, _) = env(&data, &["--wait", "0"]);
    assert_eq!(code, Some(0));
    assert!(second.contains(&again.text("/dynamodb")) && second != first, "{second}");
}

/// What is left behind is gone before anything else is done, also where the start fails.
#[test]
fn a_start_that_fails_takes_stale_variables_away_and_leaves_the_folder_free() {
    let data = folder_text("fails");
    assert_eq!(Up::start(&["--data", &data]).stop("-KILL").0, None);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, ..) = ran(&mut leavectl(&["up", "--listen", &address, "--data", &data]));
    assert_eq!(code, Some(1));
    assert!(!std::path::Path::new(&data).join("env").exists());
    assert_eq!(Up::start(&["--data", &data]).stop("-TERM").0, Some(0));
}

/// Whoever asks holds the lock for a moment; a start waits for that.
#[test]
fn many_that_ask_do_not_keep_a_stack_from_starting() {
    let data = folder_text("asked");
    assert_eq!(Up::start(&["--data", &data]).stop("-TERM").0, Some(0));
    let asking: Vec<_> = (0..8)
        .map(|_| leavectl(&["env", "--data", &data]).stdout(Stdio::piped()).spawn().unwrap())
        .collect();
    let _up = Up::start(&["--data", &data]);
    for child in asking {
        let output = child.wait_with_output().unwrap();
        assert!(output.stdout.starts_with(b"export "), "{output:?}");
    }
}

#[test]
fn the_lock_says_who_holds_it_to_whoever_looks() {
    let data = folder_text("says");
    let up = Up::start(&["--data", &data]);
    let output = Command::new("cat").arg(format!("{data}/lock")).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["pid"], up.id());
    assert_eq!(said["url"], up.text("/url"));
    assert!(said["since"].as_u64().unwrap() > 1_700_000_000_000);
}
