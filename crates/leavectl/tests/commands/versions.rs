//! `leavectl version`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::rig::Rig;

/// A page at an address of this machine.
async fn page(status: &'static str, text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sw.js", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = client.read(&mut request).await;
            let length = text.len();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{text}");
            let _ = client.write_all(answer.as_bytes()).await;
        }
    });
    url
}

fn shown_at_login(rig: &Rig) -> String {
    rig.simulator().clear_record();
    rig.ok(&["instance", "check", "acme", "sales"]);
    rig.simulator().record().login_attempts.last().unwrap().version.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_set_shown_and_used() {
    let rig = Rig::start().await.with("WHATSAPP_VERSION", "2.3000.7");
    let before = rig.json(&["version", "show"]);
    assert_eq!(
        (&before["version"], &before["setAt"]),
        (&"2.3000.7".into(), &serde_json::Value::Null)
    );
    assert_eq!(shown_at_login(&rig), "2.3000.7");
    assert!(rig.ok(&["version", "set", "2.3000.8"]).contains("within five minutes"));
    let after = rig.json(&["version", "show"]);
    assert_eq!((&after["version"], &after["configured"]), (&"2.3000.8".into(), &"2.3000.7".into()));
    assert!(after["setAt"].is_string());
    assert_eq!(shown_at_login(&rig), "2.3000.8");
    assert_eq!(rig.run(&["version", "set", "newest"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_takes_whatsapp_webs_own() {
    let rig = Rig::start().await;
    let url = page("200 OK", r#"self.x={"client_revision":1099999999,"y":2}"#).await;
    let told = rig.ok(&["version", "refresh", "--from", &url]);
    assert!(told.contains("2.3000.1099999999 is set, in place of 2.3000."), "{told}");
    assert_eq!(shown_at_login(&rig), "2.3000.1099999999");
    assert!(rig.ok(&["version", "refresh", "--from", &url]).contains("shown already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_or_a_revision_nothing_changes_and_it_says_so() {
    let rig = Rig::start().await;
    let nobody = "http://127.0.0.1:9/sw.js".to_owned();
    let missing = page("404 Not Found", "").await;
    let other = page("200 OK", "<html>nothing</html>").await;
    for (url, code, text) in
        [(nobody, 4, "cannot be read"), (missing, 1, "404"), (other, 1, "names no client_revision")]
    {
        let refresh = ["version", "refresh", "--from", &url];
        rig.refused_with(code, &refresh, text);
        rig.refused_with(code, &refresh, "leavectl version set 2.3000.N");
    }
    assert!(rig.json(&["version", "show"])["setAt"].is_null());
}
