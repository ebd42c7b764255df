//! Every way in which WhatsApp refuses a login or ends a stream.

use local_stack::traffic::Traffic;
use whatsapp_simulator::{Fault, Moment, Reaction, StreamErrorKind};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, driven, envelope};

driven! {
    a_stream_that_ends_after_the_leave_was_sent_is_unconfirmed {
        fault: "stream ends: replaced, 515, `xmlstreamend`, device removed",
        step: "leave",
        answer: "503 did not confirm",
        afterwards: "removed is remembered, the others are not",
    }
    a_logged_out_device_is_recorded_and_not_dialled_again {
        fault: "logged out: 401, 403, 406; stream error 401, 516, any conflict but `replaced`",
        step: "login",
        answer: "400 not connected",
        afterwards: "remembered, the next call does not dial",
    }
    every_other_refusal_of_a_login_is_unavailable_and_changes_nothing {
        fault: "client version refused, other refusals, stream errors",
        step: "login",
        answer: "503 unavailable",
        afterwards: "nothing of the run is left",
    }
    bytes_that_are_no_frame_are_unavailable_before_and_unconfirmed_after_the_leave {
        fault: "bytes that are no frame, or do not decrypt",
        step: "login",
        answer: "503 unavailable",
        afterwards: "nothing of the run is left",
    }
}

const UNAVAILABLE: &str = "WhatsApp is unavailable. Try again later.";
const NOT_CONNECTED: &str = "Instance is not connected to WhatsApp";
const UNCONFIRMED: &str = "WhatsApp did not confirm the leave. Try again to learn the outcome.";

fn usual() -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", GROUP)
}

#[tokio::test]
async fn a_logged_out_device_is_recorded_and_not_dialled_again() {
    let streams =
        [StreamErrorKind::DeviceRemoved, StreamErrorKind::Code(401), StreamErrorKind::Code(516)]
            .map(Reaction::StreamError);
    for reaction in [401, 403, 406]
        .map(|reason| Reaction::Failure { reason, expire: None })
        .into_iter()
        .chain(streams)
    {
        let rig = Rig::start().await;
        let service = rig.local(&Traffic::new());
        rig.simulator().script(Fault::new(Moment::Login, reaction.clone()));
        let reply = ask(&service, &usual()).await;
        assert_eq!((reply.status, reply.body), (400, envelope(NOT_CONNECTED)), "{reaction:?}");
        rig.assert_settled().await;
        let dialled = rig.simulator().record().connections;
        let reply = ask(&service, &usual()).await;
        assert_eq!((reply.status, reply.body), (400, envelope(NOT_CONNECTED)), "{reaction:?}");
        assert_eq!(rig.simulator().record().connections, dialled, "{reaction:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_the_devices_is_logged_out() {
    let rig = Rig::start().await;
    rig.simulator().unlink_device(&rig.device.jid);
    let reply = ask(&rig.local(&Traffic::new()), &usual()).await;
    assert_eq!((reply.status, reply.body), (400, envelope(NOT_CONNECTED)));
}

#[tokio::test]
async fn every_other_refusal_of_a_login_is_unavailable_and_changes_nothing() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let before = rig.session().await;
    let failures = [400, 405, 409, 413, 414, 415, 418, 500, 501, 503, 999]
        .map(|reason| Reaction::Failure { reason, expire: None });
    let streams = [
        StreamErrorKind::Replaced,
        StreamErrorKind::Code(515),
        StreamErrorKind::Code(503),
        StreamErrorKind::XmlStreamEnd,
    ]
    .map(Reaction::StreamError);
    for reaction in failures.into_iter().chain(streams) {
        rig.simulator().script(Fault::new(Moment::Login, reaction.clone()));
        let reply = ask(&service, &usual()).await;
        assert_eq!(
            (reply.status, reply.body.clone()),
            (503, envelope(UNAVAILABLE)),
            "{reaction:?}"
        );
        let mut after = rig.session().await;
        after.remove("last_owner");
        let mut unchanged = before.clone();
        unchanged.remove("last_owner");
        assert_eq!(after, unchanged, "{reaction:?}");
    }
    assert!(rig.simulator().unused_faults().is_empty());
    assert_eq!(ask(&service, &usual()).await.status, 200);
}

#[tokio::test]
async fn a_stream_that_ends_after_the_leave_was_sent_is_unconfirmed() {
    for kind in [
        StreamErrorKind::Replaced,
        StreamErrorKind::Code(515),
        StreamErrorKind::XmlStreamEnd,
        StreamErrorKind::DeviceRemoved,
    ] {
        let rig = Rig::start().await;
        let service = rig.local(&Traffic::new());
        let reaction = Reaction::StreamError(kind);
        rig.simulator().script(Fault::new(Moment::Leave, reaction));
        let reply = ask(&service, &usual()).await;
        assert_eq!((reply.status, reply.body), (503, envelope(UNCONFIRMED)), "{kind:?}");
        let next = ask(&service, &usual()).await.status;
        // Removed is remembered; replaced is not the same as logged out.
        let expected = if kind == StreamErrorKind::DeviceRemoved { 400 } else { 200 };
        assert_eq!(next, expected, "{kind:?}");
    }
}

#[tokio::test]
async fn stanzas_that_nobody_asked_for_are_ignored() {
    let rig = Rig::start().await;
    for moment in [Moment::Login, Moment::Leave] {
        rig.simulator().script(Fault::new(moment, Reaction::Noise));
    }
    assert_eq!(ask(&rig.local(&Traffic::new()), &usual()).await.status, 200);
    assert!(rig.simulator().unused_faults().is_empty());
    assert_eq!(rig.simulator().record().acks(), 0);
}

#[tokio::test]
async fn bytes_that_are_no_frame_are_unavailable_before_and_unconfirmed_after_the_leave() {
    let frames = [Reaction::RawBytes(vec![0, 0, 3, 1, 2, 3]), Reaction::RawBytes(vec![255; 4096])];
    for reaction in frames {
        for (moment, message) in [(Moment::Login, UNAVAILABLE), (Moment::Leave, UNCONFIRMED)] {
            let rig = Rig::start().await;
            // A frame that announces more than it has is followed by nothing.
            let invocation = std::time::Duration::from_millis(1_500);
            rig.simulator().script(Fault::new(moment, reaction.clone()));
            let reply =
                crate::support::ask_within(&rig.local(&Traffic::new()), &usual(), invocation).await;
            assert_eq!(
                (reply.status, reply.body),
                (503, envelope(message)),
                "{moment:?} {reaction:?}"
            );
        }
    }
}
