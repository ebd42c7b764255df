//! An instance behind a proxy: WhatsApp is reached through it and by no other way.

use domain::credentials::Credentials;
use domain::proxy::Proxy;
use local_stack::traffic::Traffic;

use crate::support::{
    ACCOUNT_TOKEN, GROUP, PASSWORD, ProxyKind, ProxyServer, Reply, Request, Rig, Shape, USER, ask,
    id,
};

/// As an operator writes it: what an address cannot have is percent-encoded.
fn address(kind: ProxyKind, port: u16, password: &str) -> String {
    let scheme = match kind {
        ProxyKind::Http => "http",
        ProxyKind::Socks5 => "socks5",
    };
    format!("{scheme}://{USER}:{}@127.0.0.1:{port}", crate::support::encode(password))
}

/// A rig whose instance is behind the proxy at `address`, and WhatsApp's
/// environment variable naming a host, so that it has to be resolved somewhere.
async fn behind(rig: &Rig, address: &str) {
    let credentials = Credentials {
        noise_private_key: zeroize::Zeroizing::new(rig.device.noise_private_key),
        device: rig.device.jid.parse().unwrap(),
        lid: Some(rig.device.lid.clone()),
        proxy: Some(address.parse().unwrap()),
    };
    rig.provisioner.linked(&id("acme", "sales"), &credentials).await.unwrap();
}

fn by_name(rig: &Rig) -> String {
    rig.backends.whatsapp().0.replace("127.0.0.1", "localhost")
}

async fn leave(rig: &Rig) -> Reply {
    let clock = std::sync::Arc::new(domain::clock::SystemClock::new());
    let url = by_name(rig);
    let service = rig.service_with(clock, &Traffic::new(), &[("WHATSAPP_URL", &url)]);
    ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await
}

#[tokio::test]
async fn a_leave_goes_through_the_instances_own_proxy() {
    for kind in [ProxyKind::Http, ProxyKind::Socks5] {
        let rig = Rig::start().await;
        let proxy = ProxyServer::start(kind).await;
        behind(&rig, &address(kind, proxy.port, PASSWORD)).await;
        assert_eq!(leave(&rig).await.status, 200, "{kind:?}");
        // The name, as it is: it was not resolved here.
        let port = by_name(&rig).rsplit_once(':').unwrap().1.split('/').next().unwrap().to_owned();
        assert_eq!(proxy.asked(), [format!("localhost:{port}")], "{kind:?}");
        assert_eq!(rig.simulator().record().connections, 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_or_is_away_means_unavailable_and_never_a_direct_connection() {
    for kind in [ProxyKind::Http, ProxyKind::Socks5] {
        let rig = Rig::start().await;
        let proxy = ProxyServer::start(kind).await;
        let wrong = address(kind, proxy.port, "wrong");
        let port = proxy.port;
        behind(&rig, &wrong).await;
        assert_eq!(leave(&rig).await.status, 503, "{kind:?}");
        assert!(proxy.asked().is_empty());
        drop(proxy);
        behind(&rig, &address(kind, port, PASSWORD)).await;
        let reply = leave(&rig).await;
        assert_eq!(reply.status, 503, "{kind:?}");
        assert!(reply.body.contains("WhatsApp is unavailable"), "{reply:?}");
        assert_eq!(rig.simulator().record().connections, 0, "{kind:?}");
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn a_proxys_password_is_in_no_log() {
    let rig = Rig::start().await;
    let proxy = ProxyServer::start(ProxyKind::Http).await;
    let process = rig.process_with(&[("RUST_LOG", "trace")]).await;
    for password in [PASSWORD, "wrong-password-0002"] {
        behind(&rig, &address(ProxyKind::Http, proxy.port, password)).await;
        let request = Request::leave(ACCOUNT_TOKEN, "sales", GROUP);
        process.send(&request, Shape::HttpApi).await;
    }
    let stored = format!("{:?}", rig.provisioner.items().await.unwrap());
    let output = process.function.kill().await.unwrap();
    assert!(output.contains("proxy"), "the refusal is told: {output}");
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{USER}:{PASSWORD}"),
    );
    let encoded = crate::support::encode(PASSWORD);
    for secret in [PASSWORD, &encoded, "wrong-password-0002", &basic] {
        assert!(!output.contains(secret), "{secret}: {output}");
        assert!(!stored.contains(secret), "{secret} is in the table");
    }
}

#[test]
fn an_address_is_a_proxy_or_is_refused_without_being_repeated() {
    for (text, shown) in [
        ("http://10.0.0.1:3128", "http://10.0.0.1:3128"),
        ("http://proxy.example.com:3128/", "http://proxy.example.com:3128"),
        ("socks5://user:secret@proxy.example.com:1080", "socks5://…@proxy.example.com:1080"),
        ("SOCKS5H://user@[::1]:1080", "socks5://…@[::1]:1080"),
        ("http://us%40er:s%2Fec@h:1", "http://…@h:1"),
    ] {
        let proxy: Proxy = text.parse().unwrap();
        assert_eq!(proxy.to_string(), shown);
        assert_eq!(format!("{proxy:?}"), shown);
        assert_eq!(proxy.to_text().as_str(), text);
    }
    for text in [
        "",
        "proxy.example.com:3128",
        "https://proxy.example.com:3128",
        "ftp://proxy.example.com:21",
        "http://proxy.example.com",
        "http://proxy.example.com:0",
        "http://proxy.example.com:70000",
        "http://:3128",
        "http://user:secret@:3128",
        "http://user:secret@host:3128/path",
        "http://user:%ff@host:3128",
        "http://user:%0d%0aX@host:3128",
        "socks5://user:secret@ho st:1080",
    ] {
        let error = text.parse::<Proxy>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
