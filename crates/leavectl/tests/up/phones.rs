//! `leavectl phone`: the simulated phones, from another process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::rig::{Up, leavectl, ran};
use crate::schema;

/// As people write it, and its digits.
const PHONE: (&str, &str) = ("+55 (11) 99999-0003", "5511999990003");

/// What a phone says that links nothing.
fn refused(up: &Up, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = ran(up.command(&["phone"]).args(arguments));
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    stderr.trim_end().strip_prefix("leavectl: ").unwrap().to_owned()
}

/// `instance link --json` of an instance, which ends with this value.
struct Linking(Child);

impl Drop for Linking {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The same with the first code that it shows.
fn linking(up: &Up, arguments: &[&str], member: &str) -> (Linking, String) {
    let mut link = up.command(&["instance", "link", "acme", "--json"]);
    let mut link =
        link.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(link.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let event: Value = serde_json::from_str(&line).unwrap();
    (Linking(link), event[member].as_str().unwrap_or_else(|| panic!("{line}")).to_owned())
}

#[test]
fn a_number_is_taken_as_people_write_it_and_json_says_which_device_it_was() {
    let up = Up::start(&[]);
    let (_link, code) = linking(&up, &["new", "--phone", PHONE.0], "code");
    // Nobody shows this one.
    let wrong = if code.starts_with('1') { "23456789" } else { "12345678" };
    let told = refused(&up, &["enter", PHONE.0, wrong]);
    assert!(told.starts_with("the device that waits for the phone 5511999990003 shows another"));
    let mut enter = up.command(&["phone", "enter", PHONE.0, &code, "--json"]);
    let (exit, stdout, stderr) = ran(&mut enter);
    assert_eq!(exit, Some(0), "{stderr}");
    let said: Value = serde_json::from_str(&stdout).unwrap();
    schema::check("phone-enter", &said);
    assert_eq!(said, json!({"phone": PHONE.1, "jid": format!("{}:1@s.whatsapp.net", PHONE.1)}));

    let (_other, text) = linking(&up, &["other"], "text");
    let told = refused(&up, &["scan", PHONE.1, &text.replace("2@", "2@none")]);
    assert!(told.starts_with("no device of this stack shows this QR code"), "{told}");
    let (exit, stdout, stderr) = ran(&mut up.command(&["phone", "scan", PHONE.0, &text]));
    assert_eq!(exit, Some(0), "{stderr}");
    let device = format!("{}:2@s.whatsapp.net", PHONE.1);
    assert_eq!(stdout, format!("The phone {} has linked device {device}.\n", PHONE.1));
    let told = refused(&up, &["scan", PHONE.0, &text]);
    assert!(told.starts_with("this QR code is used up"), "{told}");
}

#[test]
fn a_phone_that_cannot_link_says_what_to_do_first() {
    let up = Up::start(&[]);
    let link = "`leavectl instance link ACCOUNT INSTANCE --phone 5511999990003`";
    let told = refused(&up, &["enter", PHONE.1, "ABCD-1234"]);
    let expected = "no device waits for a code of the phone 5511999990003: run ";
    assert!(told.starts_with(expected) && told.contains(link), "{told}");
    let told = refused(&up, &["enter", PHONE.1, "0000"]);
    assert!(told.starts_with("this is no linking code, ") && told.contains(link), "{told}");
    let told = refused(&up, &["scan", PHONE.1, "nonsense"]);
    assert!(told.starts_with("this is no linking QR code: give the `text`"), "{told}");
    let (code, _, stderr) = ran(&mut up.command(&["phone", "enter", "sales", "ABCD-1234"]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("write it with its country code"), "{stderr}");
}

#[test]
fn without_its_stack_a_phone_says_how_to_get_one() {
    let enter = || leavectl(&["phone", "enter", PHONE.1, "ABCD-1234"]);
    for (address, exit) in [(None, 1), (Some("http://127.0.0.1:1"), 4)] {
        let mut enter = enter();
        enter.env_remove("SIMULATED_PHONES");
        enter.envs(address.map(|address| ("SIMULATED_PHONES", address)));
        let (code, _, stderr) = ran(&mut enter);
        assert_eq!(code, Some(exit));
        assert!(stderr.contains("leavectl up --data DIR"), "{stderr}");
        assert!(stderr.contains("leavectl env --data DIR"), "{stderr}");
    }
}
