//! No device is linked, and why.

#![expect(clippy::disallowed_methods, reason = "what the simulator says is compared")]

use domain::gone::Gone;
use domain::trace::WhatsAppCode;
use linking::{LinkError, Method};
use whatsapp::{CertificateFault as Fault, Failure, LoginFailure};
use whatsapp_simulator::{
    CertificateFault, Moment, PairSuccessFault, PairingAnswer, PairingNotification, Reaction,
};

use crate::account::{Account, timing};

#[tokio::test]
async fn a_pairing_without_proof_is_refused() {
    let cases = [
        (PairSuccessFault::Hmac, 401, "hmac-mismatch"),
        (PairSuccessFault::AccountSignature, 401, "signature-mismatch"),
        (PairSuccessFault::Garbled, 500, "internal-error"),
        (PairSuccessFault::NoIdentity, 500, "internal-error"),
        (PairSuccessFault::NoDevice, 500, "internal-error"),
        (PairSuccessFault::NoKeyIndex, 500, "internal-error"),
    ];
    for (fault, code, text) in cases {
        let account = Account::with(Moment::PairSuccess, Reaction::PairSuccess(fault)).await;
        let error = account.link_by_qr().await.unwrap_err();
        match fault {
            PairSuccessFault::Hmac => assert_eq!(error, LinkError::HmacMismatch),
            PairSuccessFault::AccountSignature => assert_eq!(error, LinkError::SignatureMismatch),
            _ => assert!(matches!(error, LinkError::Malformed(_)), "{fault:?}: {error:?}"),
        }
        let refused = PairingAnswer::Refused { code, text: text.to_owned() };
        assert_eq!(account.pairing().answers, [refused], "{fault:?}");
        assert!(account.phone.companions().is_empty(), "{fault:?}");
        account.all_faults_were_met();
    }
}

#[tokio::test]
async fn a_demanded_passkey_points_to_importing() {
    let cases = [
        (Moment::Registration, PairingNotification::PasskeyPrologueRequest),
        (Moment::PairDevice, PairingNotification::CrscContinuation),
        (Moment::PairSuccess, PairingNotification::PasskeyPrologueRequest),
    ];
    for (moment, notification) in cases {
        let account = Account::with(moment, Reaction::Notification(notification)).await;
        let error = match moment {
            Moment::PairSuccess => account.link_by_qr().await.unwrap_err(),
            _ => account.link_unseen().await.unwrap_err(),
        };
        assert_eq!(error, LinkError::PasskeyDemanded, "{moment:?}");
        assert!(error.to_string().contains("import its session"));
        account.all_faults_were_met();
    }
}

#[tokio::test]
async fn a_refused_registration_says_why() {
    let cases = [
        (405, LinkError::VersionRefused),
        (
            403,
            LinkError::Refused(LoginFailure::LoggedOut {
                gone: Gone::Locked,
                code: WhatsAppCode::new(403),
            }),
        ),
        (503, LinkError::Refused(LoginFailure::Unavailable(WhatsAppCode::new(503)))),
    ];
    for (reason, expected) in cases {
        let refusal = Reaction::Failure { reason, expire: None };
        let account = Account::with(Moment::Registration, refusal).await;
        assert_eq!(account.link_by_qr().await.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn a_connection_lost_before_the_phone_answered_links_nothing() {
    for moment in [Moment::Registration, Moment::PairDevice, Moment::PairSuccess] {
        let account = Account::with(moment, Reaction::Drop).await;
        let error = match moment {
            Moment::PairSuccess => account.link_by_qr().await.unwrap_err(),
            _ => account.link_unseen().await.unwrap_err(),
        };
        assert_eq!(error, LinkError::Lost(Failure::Closed), "{moment:?}");
        assert!(account.phone.companions().is_empty(), "{moment:?}");
        account.all_faults_were_met();
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_not_whatsapp_is_told_apart() {
    let account = Account::new().await;
    account.fails(Moment::ClientHello, Reaction::Certificate(CertificateFault::Expired));
    assert_eq!(
        account.link_by_qr().await.unwrap_err(),
        LinkError::NotWhatsApp(Failure::Certificate(Fault::Expired))
    );

    account.simulator.shutdown().await;
    let (linked, _) = account.link(Method::Qr, &timing(), async |_| {}).await;
    let error = linked.unwrap_err();
    assert!(matches!(error, LinkError::Unreachable(_)), "{error:?}");
}
