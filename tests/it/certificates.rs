//! The server has to prove that it is WhatsApp.

use local_stack::traffic::Traffic;
use whatsapp_simulator::{CertificateFault, Fault, Moment, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, driven, envelope};

driven! {
    a_chain_that_is_wrong_in_any_way_gets_no_login {
        fault: "certificate chain wrong in each of eight ways",
        step: "hello",
        answer: "503 unavailable",
        afterwards: "no login was sent",
    }
}

const UNAVAILABLE: &str = "WhatsApp is unavailable. Try again later.";

#[tokio::test]
async fn a_chain_that_is_wrong_in_any_way_gets_no_login() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    for fault in [
        CertificateFault::RootSignature,
        CertificateFault::LeafSignature,
        CertificateFault::IntermediateIssuerSerial,
        CertificateFault::LeafIssuerSerial,
        CertificateFault::LeafKey,
        CertificateFault::Expired,
        CertificateFault::NotYetValid,
        CertificateFault::MissingIntermediate,
    ] {
        let reaction = Reaction::Certificate(fault);
        rig.simulator().script(Fault::new(Moment::ClientHello, reaction));
        let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
        assert_eq!((reply.status, reply.body), (503, envelope(UNAVAILABLE)), "{fault:?}");
        assert!(rig.simulator().record().login_attempts.is_empty(), "{fault:?}");
        rig.assert_settled().await;
    }
    assert!(rig.simulator().unused_faults().is_empty());
}

#[tokio::test]
async fn another_root_key_gets_no_login() {
    let rig = Rig::start().await;
    // WhatsApp's own root, which did not sign the simulated server.
    let root = hex::encode(wacore::handshake::WA_CERT_PUB_KEY);
    let process = rig.process_with(&[("WHATSAPP_ROOT_KEY", &root)]).await;
    let request = Request::leave(ACCOUNT_TOKEN, "sales", GROUP);
    let reply = process.send(&request, crate::support::Shape::HttpApi).await;
    assert_eq!((reply.status, reply.body), (503, envelope(UNAVAILABLE)));
    assert!(rig.simulator().record().login_attempts.is_empty());
    assert!(process.function.output().contains("certificate"));
}
