//! `leavectl instance link`, with a simulated phone.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use domain::clock::{Clock, SystemClock};
use local_stack::items::{Item, number, text};
use local_stack::proxy::Proxy;
use local_stack::traffic::CallFault;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use whatsapp_simulator::{Fault, Moment, PairSuccessFault, PairingNotification, Reaction};

use crate::rig::{Ran, Rig};
use crate::schema;

const PHONE: &str = "5511999990003";

/// A running `instance link --json`.
struct Linking {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Linking {
    fn start(rig: &Rig, arguments: &[&str]) -> Self {
        let arguments: Vec<_> = ["instance", "link", "acme"]
            .iter()
            .chain(arguments)
            .chain(&["--json"])
            .copied()
            .collect();
        let mut child = Command::from(rig.command(&arguments))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn event(&mut self) -> Option<Value> {
        let line = self.lines.next_line().await.unwrap()?;
        let event = serde_json::from_str(&line).unwrap();
        schema::check("instance-link", &event);
        Some(event)
    }

    /// The next event of that name; those before it are passed over.
    async fn until(&mut self, name: &str) -> Value {
        loop {
            let event = self.event().await.unwrap_or_else(|| panic!("it ended before {name}"));
            if event["event"] == name {
                return event;
            }
        }
    }

    /// Its exit code, and what it wrote to stderr.
    async fn end(self) -> (i32, String) {
        let output = self.child.wait_with_output().await.unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_code_links_a_device_that_can_leave() {
    let rig = Rig::start().await;
    let mut linking = Linking::start(&rig, &["new"]);
    let qr = linking.until("qr").await;
    assert_eq!(
        (&qr["number"], &qr["of"], &qr["validForSeconds"]),
        (&1.into(), &6.into(), &60.into())
    );
    let by_phone = rig.simulator().phone(PHONE).scan(qr["text"].as_str().unwrap()).await.unwrap();
    let linked = linking.until("linked").await;
    assert_eq!(linked["jid"], by_phone.jid.as_str());
    assert_eq!((&linked["instance"], &linked["unfinished"]), (&"new".into(), &Value::Null));
    let (code, stderr) = linking.end().await;
    assert_eq!(code, 0, "{stderr}");

    let session = rig.session("new").await;
    assert!(!session.contains_key("lease_owner"), "the first login's lease is given back");
    assert_eq!(Item(&session).optional_text("session_state"), Some("linked"));
    assert_eq!(rig.simulator().pre_keys(&by_phone.jid), 811, "812, and the phone took one");
    assert!(rig.ok(&["instance", "check", "acme", "new"]).contains("connected"));

    // A second instance cannot have the device; the same one is linked again by its phone.
    let mut again = Linking::start(&rig, &["new", "--yes"]);
    let qr = again.until("qr").await;
    let second = rig.simulator().phone(PHONE).scan(qr["text"].as_str().unwrap()).await.unwrap();
    let linked = again.until("linked").await;
    assert_eq!(linked["replaced"], by_phone.jid.as_str(), "it is still on the phone");
    assert_eq!(again.end().await.0, 0);
    assert_ne!(second.jid, by_phone.jid);
    assert_eq!(rig.json(&["instance", "show", "acme", "new"])["jid"], second.jid.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_entered_on_the_phone_links_too() {
    let rig = Rig::start().await;
    let mut linking = Linking::start(&rig, &["new", "--phone", "+55 (11) 99999-0003"]);
    let code = linking.until("code").await;
    assert_eq!(code["code"].as_str().unwrap().len(), 8);
    rig.simulator().phone(PHONE).enter_code(code["code"].as_str().unwrap()).await.unwrap();
    linking.until("linked").await;
    assert_eq!(linking.end().await.0, 0);
    assert!(rig.ok(&["instance", "check", "acme", "new"]).contains("connected"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_a_code_to_scan_and_a_file_has_it_too() {
    let rig = Rig::start().await;
    let file =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("qr-{}.png", std::process::id()));
    // One that is there already, and open to everybody.
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let mut child = Command::from(rig.command(&[
        "instance",
        "link",
        "acme",
        "new",
        "--png",
        file.to_str().unwrap(),
    ]))
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .kill_on_drop(true)
    .spawn()
    .unwrap();
    let mut shown = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = shown.next_line().await.unwrap().unwrap();
    assert!(told.starts_with("Scan it within 60 s (code 1 of 6)"), "{told}");
    let mut drawn = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = drawn.next_line().await.unwrap().unwrap();
    // 53 modules, and four light ones at each side.
    assert_eq!(first.chars().count(), 61, "{first}");
    let png = std::fs::read(&file).unwrap();
    let decoder = png::Decoder::new(std::io::Cursor::new(png));
    let reader = decoder.read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (488, 488));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_stores_nothing_and_says_what_to_do() {
    let cases = [
        (Fault::new(Moment::PairSuccess, Reaction::PairSuccess(PairSuccessFault::Hmac)), true),
        (
            Fault::new(
                Moment::PairSuccess,
                Reaction::PairSuccess(PairSuccessFault::AccountSignature),
            ),
            true,
        ),
        (
            Fault::new(
                Moment::PairDevice,
                Reaction::Notification(PairingNotification::PasskeyPrologueRequest),
            ),
            false,
        ),
        (Fault::new(Moment::Registration, Reaction::Failure { reason: 405, expire: None }), false),
    ];
    let texts = ["", "", "import", "version"];
    for ((fault, is_scanned), text) in cases.into_iter().zip(texts) {
        let rig = Rig::start().await;
        rig.simulator().script(fault.clone());
        let mut linking = Linking::start(&rig, &["new"]);
        if is_scanned {
            let qr = linking.until("qr").await;
            let scanned = rig.simulator().phone(PHONE).scan(qr["text"].as_str().unwrap()).await;
            assert!(scanned.is_err(), "{fault:?}");
        }
        while linking.event().await.is_some() {}
        let (code, stderr) = linking.end().await;
        assert_eq!(code, 1, "{fault:?}: {stderr}");
        assert!(stderr.contains(text), "{fault:?}: {stderr}");
        rig.refused(&["instance", "show", "acme", "new"], "does not exist");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_cannot_be_stored_is_unlinked_again() {
    let rig = Rig::start().await;
    // `sales` belongs to another number.
    let mut linking = Linking::start(&rig, &["sales", "--yes"]);
    let qr = linking.until("qr").await;
    let phone = rig.simulator().phone(PHONE);
    phone.scan(qr["text"].as_str().unwrap()).await.unwrap();
    while linking.event().await.is_some() {}
    let (code, stderr) = linking.end().await;
    assert_eq!(code, 1);
    assert!(
        stderr.contains("belongs to the number of") && stderr.contains("unlinked again"),
        "{stderr}"
    );
    assert!(phone.companions().is_empty(), "{:?}", phone.companions());
}

/// A working device is not given up for a slip of the fingers: the old one stays on the
/// phone.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_works_is_linked_again_only_with_consent() {
    let rig = Rig::start().await;
    let link = ["instance", "link", "acme", "sales"];
    rig.refused(&link, &format!("has device {}, which is linked", rig.device.jid));
    rig.refused(&link, "add --yes");
    assert_eq!(rig.simulator().record().connections, 0);
    // One that does not work has nothing to lose.
    rig.simulator().unlink_device(&rig.device.jid);
    assert_eq!(rig.run(&["instance", "check", "acme", "sales"]).code, 1);
    let mut linking = Linking::start(&rig, &["sales"]);
    let qr = linking.until("qr").await;
    let phone = rig.simulator().phone(&rig.device.phone);
    phone.scan(qr["text"].as_str().unwrap()).await.unwrap();
    assert!(linking.until("linked").await["replaced"].is_null());
    assert_eq!(linking.end().await.0, 0);
}

/// Two links of one new instance at once: the second has looked before the first was
/// there, and does not take its place in silence.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_linked_meanwhile_is_not_replaced_unasked() {
    let rig = Rig::start().await;
    let mut first = Linking::start(&rig, &["new"]);
    let mut second = Linking::start(&rig, &["new"]);
    let (one, other) = (first.until("qr").await, second.until("qr").await);
    let phone = rig.simulator().phone(PHONE);
    let linked = phone.scan(one["text"].as_str().unwrap()).await.unwrap();
    first.until("linked").await;
    assert_eq!(first.end().await.0, 0);
    phone.scan(other["text"].as_str().unwrap()).await.unwrap();
    while second.event().await.is_some() {}
    let (code, stderr) = second.end().await;
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("unlinked again"), "{stderr}");
    assert_eq!(rig.json(&["instance", "show", "acme", "new"])["jid"], linked.jid.as_str());
    assert_eq!(phone.companions(), [linked.jid]);
}

/// What is known beforehand is refused beforehand.
#[tokio::test(flavor = "multi_thread")]
async fn another_number_is_refused_before_anybody_is_asked() {
    let rig = Rig::start().await;
    for more in [&[][..], &["-y"]] {
        let link = ["instance", "link", "acme", "sales", "--phone", PHONE];
        rig.refused(&[&link[..], more].concat(), "belongs to the number of");
    }
    assert_eq!(rig.simulator().record().connections, 0);
}

/// A code that nobody sees is not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_cannot_be_shown_ends_the_link_at_once() {
    let rig = Rig::start().await;
    let link = ["instance", "link", "acme", "new"];
    let png = [&link[..], &["--png", "/no/such/folder/x.png"]].concat();
    rig.refused(&png, "/no/such/folder/x.png cannot be written: it is not there");
    let mut command = rig.command(&[&link[..], &["--phone", PHONE, "--json"]].concat());
    command.stdout(std::fs::File::create("/dev/full").unwrap());
    let ran = tokio::task::block_in_place(|| Ran::of(command.output().unwrap()));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("the disk is full"), "{ran:?}");
}

/// A first login that is resumed and fails says so to a program too.
#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_login_that_fails_is_an_error_in_json() {
    let rig = Rig::start().await;
    rig.simulator().script(Fault::new(Moment::Digest, refusal()));
    let mut linking = Linking::start(&rig, &["new"]);
    let qr = linking.until("qr").await;
    rig.simulator().phone(PHONE).scan(qr["text"].as_str().unwrap()).await.unwrap();
    linking.until("linked").await;
    linking.end().await;
    rig.simulator().script(Fault::new(Moment::Digest, refusal()));
    let ran = rig.run(&["instance", "link", "acme", "new", "--resume", "--json"]);
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    schema::check("error", &error);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(error["error"]["message"].as_str().unwrap().contains("--resume"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_can_be_tried_again_says_so_to_scripts() {
    let mut rig = Rig::start().await;
    rig.set("WHATSAPP_URL", "ws://127.0.0.1:1/ws/chat");
    let link = ["instance", "link", "acme", "new"];
    rig.refused_with(4, &link, "does `leavectl up` still run?");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_there_is_told_before_anyone_scans() {
    let rig = Rig::start().await;
    rig.refused(&["instance", "link", "nobody", "new"], "leavectl account create nobody");
    assert_eq!(rig.simulator().record().connections, 0);
    assert_eq!(rig.run(&["instance", "link", "acme", "new", "--phone", "not a number"]).code, 2);
}

/// A run of the old device goes on for longer than the function waits: the link waits for
/// it.
#[tokio::test(flavor = "multi_thread")]
async fn a_leave_that_takes_its_time_is_waited_for() {
    let rig = Rig::start().await.with("LEASE_WAIT_MS", "0");
    let mut linking = Linking::start(&rig, &["new"]);
    let qr = linking.until("qr").await;
    rig.simulator().phone(PHONE).scan(qr["text"].as_str().unwrap()).await.unwrap();
    linking.until("linked").await;
    assert_eq!(linking.end().await.0, 0);

    let mut again = Linking::start(&rig, &["new", "--yes"]);
    let qr = again.until("qr").await;
    let mut busy = rig.session("new").await;
    busy.insert("lease_owner".to_owned(), text("a leave"));
    let now = SystemClock::new().now();
    busy.insert("lease_until".to_owned(), number(now.plus(Duration::from_secs(3)).0));
    rig.provisioner.put(busy).await.unwrap();
    let second = rig.simulator().phone(PHONE).scan(qr["text"].as_str().unwrap()).await.unwrap();
    let linked = again.until("linked").await;
    assert_eq!(
        (&linked["jid"], &linked["unfinished"]),
        (&second.jid.as_str().into(), &Value::Null)
    );
    assert_eq!(again.end().await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_login_that_was_cut_short_is_resumed() {
    let rig = Rig::start().await;
    rig.simulator().script(Fault::new(Moment::Digest, refusal()));
    let mut linking = Linking::start(&rig, &["new"]);
    let qr = linking.until("qr").await;
    let by_phone = rig.simulator().phone(PHONE).scan(qr["text"].as_str().unwrap()).await.unwrap();
    let linked = linking.until("linked").await;
    let (code, stderr) = linking.end().await;
    assert_eq!(code, 0, "{stderr}");
    let unfinished = linked["unfinished"].as_str().unwrap();
    assert!(unfinished.contains("leavectl instance link --resume acme new"), "{unfinished}");
    assert_eq!(rig.json(&["instance", "show", "acme", "new"])["firstLoginEnded"], false);
    assert!(rig.ok(&["instance", "show", "acme", "new"]).contains("--resume"));

    let told = rig.ok(&["instance", "link", "acme", "new", "--resume"]);
    assert!(told.contains("has ended the first login") && told.contains(&by_phone.jid), "{told}");
    let receipts = rig.simulator().record().receipts(&by_phone.jid);
    assert_eq!(receipts, ["peer_msg", "peer_msg", "hist_sync"]);
    assert_eq!(rig.json(&["instance", "show", "acme", "new"])["firstLoginEnded"], true);
    let session = rig.session("new").await;
    assert!(!session.contains_key("first_login") && !session.contains_key("lease_owner"));
    rig.refused(&["instance", "link", "acme", "new", "--resume"], "nothing to resume");
    rig.refused(&["instance", "link", "acme", "none", "--resume"], "does not exist");
}

fn refusal() -> Reaction {
    Reaction::IqError { code: 500, text: "refused".to_owned(), backoff: None }
}

/// The replies of the storing transaction are lost. Where the table has the device it is
/// kept; where nobody can tell, it is kept too.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_may_be_stored_is_not_unlinked() {
    for (fault, code) in [(CallFault::LoseReply, 0), (CallFault::Reset, 1)] {
        let rig = Rig::start().await;
        let proxy = Proxy::start(rig.backends.dynamodb()).await.unwrap();
        let rig = rig.with("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url());
        let mut linking = Linking::start(&rig, &["new"]);
        let qr = linking.until("qr").await;
        for _ in 0..9 {
            proxy.traffic().plan("TransactWriteItems", fault.clone());
        }
        let phone = rig.simulator().phone(PHONE);
        let by_phone = phone.scan(qr["text"].as_str().unwrap()).await.unwrap();
        while linking.event().await.is_some() {}
        let (ended, stderr) = linking.end().await;
        assert_eq!(ended, code, "{stderr}");
        assert_eq!(phone.companions(), std::slice::from_ref(&by_phone.jid), "{stderr}");
        if code == 0 {
            assert_eq!(
                rig.json(&["instance", "show", "acme", "new"])["jid"],
                by_phone.jid.as_str()
            );
        } else {
            assert!(stderr.contains("it is not known whether device"), "{stderr}");
            assert!(stderr.contains("leavectl instance show acme new"), "{stderr}");
        }
    }
}
