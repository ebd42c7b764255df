//! One stanza that nobody can read is not the end, and neither is one that nobody
//! asked for; a server that sends nothing else is given up.

use local_stack::traffic::Traffic;
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, driven, envelope, success};

driven! {
    stanzas_that_cannot_be_read_are_passed_over_at_every_step {
        fault: "stanzas that nobody can read, up to 64, before the answer",
        step: "login, invite, metadata, leave",
        answer: "200",
        afterwards: "settled",
    }
    a_server_that_sends_nothing_else_is_given_up {
        fault: "nothing but stanzas that nobody can read, or that nobody asked for",
        step: "login, leave",
        answer: "503 unavailable; after the leave 503 did not confirm",
        afterwards: "nothing of the run is left",
    }
}

const UNAVAILABLE: &str = "WhatsApp is unavailable. Try again later.";
const UNCONFIRMED: &str = "WhatsApp did not confirm the leave. Try again to learn the outcome.";

/// Nothing, no node, a node cut short, a zlib stream that is none.
fn unreadable() -> Vec<Vec<u8>> {
    vec![vec![], vec![0], vec![0, 255, 255, 255], vec![0, 248, 2, 3], vec![2, 1, 2, 3]]
}

#[tokio::test]
async fn stanzas_that_cannot_be_read_are_passed_over_at_every_step() {
    for moment in [Moment::Login, Moment::Invite, Moment::Metadata, Moment::Leave] {
        let rig = Rig::start().await;
        let unknown = rig.group(NewGroup::new("Other").invite("OtherInvite"), None).await;
        rig.simulator().script(Fault::new(moment, Reaction::FramesFirst(unreadable())));
        let (identifier, left) = match moment {
            Moment::Invite => ("OtherInvite", unknown.as_str()),
            Moment::Metadata => (unknown.as_str(), unknown.as_str()),
            _ => (GROUP, GROUP),
        };
        let request = Request::leave(ACCOUNT_TOKEN, "sales", identifier);
        let reply = ask(&rig.local(&Traffic::new()), &request).await;
        assert_eq!((reply.status, reply.body), (200, success(left)), "{moment:?}");
        assert!(rig.simulator().unused_faults().is_empty());
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn a_server_that_sends_nothing_else_is_given_up() {
    let nonsense = vec![vec![0, 255]; 100];
    for reaction in [Reaction::FramesFirst(nonsense), Reaction::Chatter] {
        for (moment, message) in [(Moment::Login, UNAVAILABLE), (Moment::Leave, UNCONFIRMED)] {
            let rig = Rig::start().await;
            rig.simulator().script(Fault::new(moment, reaction.clone()));
            let request = Request::leave(ACCOUNT_TOKEN, "sales", GROUP);
            let reply = ask(&rig.local(&Traffic::new()), &request).await;
            assert_eq!((reply.status, reply.body), (503, envelope(message)), "{moment:?}");
        }
    }
}
