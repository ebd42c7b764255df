//! What it refuses, and what it says then.

use crate::rig::{Up, folder, leavectl, ran};

/// Refused with exit code 1; what it says, without the tool's name.
fn refused(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = ran(leavectl(&["up"]).args(arguments));
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(!stderr.contains("os error") && !stderr.contains("entity"), "{stderr}");
    stderr.trim_end().strip_prefix("leavectl: ").unwrap().to_owned()
}

#[test]
fn a_wrong_argument_is_usage() {
    for arguments in [
        &["up", "--listen", "nowhere"][..],
        &["up", "--listen", "127.0.0.1"],
        &["up", "--whatsapp", "ws://127.0.0.1:1"],
    ] {
        assert_eq!(ran(&mut leavectl(arguments)).0, Some(2), "{arguments:?}");
    }
}

#[test]
fn a_port_is_taken_as_people_write_it() {
    for listen in ["0", ":0", "localhost:0", "127.0.0.1:0"] {
        let mut up = leavectl(&["up", "--json", "--listen", listen]);
        assert!(Up::run(&mut up).text("/url").starts_with("http://127.0.0.1:"), "{listen}");
    }
}

#[test]
fn a_taken_port_is_named_with_the_flag_that_takes_another() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let told = refused(&["--listen", &port.to_string()]);
    assert!(told.starts_with(&format!("127.0.0.1:{port} is taken; stop what ")), "{told}");
    assert!(told.contains("another `leavectl up`?") && told.contains("`--listen 0`"), "{told}");
    // An address for documentation (RFC 5737) is nobody's.
    let told = refused(&["--listen", "192.0.2.1:9000"]);
    assert!(told.starts_with("192.0.2.1 is no address of this machine"), "{told}");
}

#[test]
fn a_folder_that_cannot_be_used_is_named_with_the_reason() {
    let file = folder("file");
    std::fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let up = |data: &str| refused(&["--listen", "0", "--data", data]);
    assert!(up(file).starts_with(&format!("{file} is no folder, and --data takes one")));
    let below = format!("{file}/below");
    let told = up(&below);
    let why =
        format!("{below} cannot be made: a part of its path is a file, and no folder; mend that");
    assert!(told.starts_with(&why) && told.contains("--data"), "{told}");
}

#[test]
fn a_file_of_the_folder_that_cannot_be_used_is_named_with_the_reason() {
    for (name, why) in [
        ("lock", "cannot be written: it is a folder"),
        ("sealing.key", "cannot be read: it is a folder"),
        ("whatsapp.json", "cannot be read: it is a folder"),
        ("dynamodb.sqlite", "cannot be used: "),
    ] {
        let data = folder("folder-inside");
        std::fs::create_dir_all(data.join(name)).unwrap();
        let told = refused(&["--listen", "0", "--data", data.to_str().unwrap()]);
        let expected = format!("{} {why}", data.join(name).display());
        assert!(told.starts_with(&expected), "{told}");
    }
    for (name, why) in [
        ("sealing.key", "it is no key of 64 hex digits; delete the folder to begin anew"),
        ("whatsapp.json", "; delete the folder to begin anew"),
        ("dynamodb.sqlite", "; delete the folder to begin anew"),
    ] {
        let data = folder("damaged");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::write(data.join(name), "damaged, and long enough to be seen as such").unwrap();
        let told = refused(&["--listen", "0", "--data", data.to_str().unwrap()]);
        let expected = format!("{} cannot be used: ", data.join(name).display());
        assert!(told.starts_with(&expected) && told.ends_with(why), "{told}");
    }
}
