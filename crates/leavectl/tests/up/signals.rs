//! How it stops.

use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::rig::{LEAVE, Up, delete, env, folder_text};

#[test]
fn each_signal_stops_it_cleanly_with_a_connection_open() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let up = Up::start(&[]);
        let address = up.text("/url");
        let _idle = TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
        assert_eq!(up.stop(signal), (Some(0), String::new()), "{signal}");
    }
}

#[test]
fn a_closed_terminal_ends_it_as_cleanly() {
    let data = folder_text("hangup");
    let up = Up::start(&["--data", &data]);
    assert_eq!(env(&data, &[]).0, Some(0));
    assert_eq!(up.stop("-HUP"), (Some(0), String::new()));
    assert_eq!(env(&data, &["--wait", "0"]).0, Some(1));
}

/// The mask of signals that a process has under `name`, with SIGHUP as its lowest bit.
fn mask(id: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    u64::from_str_radix(mask.trim_start_matches(':').trim(), 16).unwrap()
}

#[test]
fn under_nohup_it_outlives_its_terminal() {
    let mut nohup = Command::new("nohup");
    nohup.args([env!("CARGO_BIN_EXE_leavectl"), "up", "--listen", "0", "--json"]);
    let up = Up::run(nohup.stdin(Stdio::null()).stderr(Stdio::null()));
    assert_eq!((mask(up.id(), "SigIgn") & 1, mask(up.id(), "SigCgt") & 1), (1, 0));
    up.send("-HUP");
    assert_eq!(delete(&up.text("/url"), LEAVE, &up.text("/accountToken")).0, 200);
    assert_eq!(up.stop("-TERM"), (Some(0), String::new()));
}
