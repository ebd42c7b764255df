//! A server that wants our memory does not get it: the real process, and the most
//! that it ever took.

use std::time::Duration;

use local_stack::function::Function;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::marshal;
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Process, Request, Rig, Shape, bomb, driven, envelope};

driven! {
    a_hostile_server_gets_no_memory_before_it_has_proved_anything {
        fault: "pings, an upgrade's answer without end, a frame of 8 MiB",
        step: "connect, hello",
        answer: "503 unavailable, within 64 MiB",
        afterwards: "nothing of the run is left; the environment works on",
    }
    a_hostile_server_gets_no_memory_after_the_login {
        fault: "packed stanzas that unpack to very much, JIDs inside JIDs",
        step: "login, metadata, leave",
        answer: "passed over, within 64 MiB",
        afterwards: "settled",
    }
}

const UNAVAILABLE: &str = "WhatsApp is unavailable. Try again later.";
const UNCONFIRMED: &str = "WhatsApp did not confirm the leave. Try again to learn the outcome.";
/// What a server may make us take beside what an idle environment has, in KiB.
const MOST: u64 = 64 * 1024;
/// Unknown to the roster, so it is asked for.
const OTHER: &str = "120363407000000001@g.us";

/// The most that a process ever had in memory, in KiB (`proc_pid_status(5)`).
fn peak(function: &Function) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", function.id().unwrap()));
    let status = status.unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// JIDs inside JIDs, as deep as there are bytes.
fn nested_jids() -> Vec<u8> {
    [&[0, 248, 3, 3, 3], [250].repeat(1_000_000).as_slice()].concat()
}

/// Room for 65,535 children at each of 128 levels, and nothing in it.
fn announced() -> Vec<u8> {
    [&[0], [248, 2, 3, 249, 255, 255].repeat(128).as_slice()].concat()
}

async fn leave(process: &Process, identifier: &str) -> (u16, String) {
    let request = Request::leave(ACCOUNT_TOKEN, "sales", identifier);
    let reply = process.send(&request, Shape::HttpApi).await;
    (reply.status, reply.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_server_gets_no_memory_before_it_has_proved_anything() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    rig.simulator().script(Fault::new(Moment::ClientHello, Reaction::Drop));
    assert_eq!(leave(&process, GROUP).await.0, 503);
    let idle = peak(&process.function);
    let endless_head = [b"HTTP/1.1 101 Welcome\r\nX: ".to_vec(), vec![b'a'; 80 << 20]].concat();
    let long_accept = b"HTTP/1.1 101 Welcome\r\nSec-WebSocket-Accept: ".to_vec();
    let long_accept = [long_accept, vec![b'a'; 400], b"\r\n\r\n".to_vec()].concat();
    let large_frame = [vec![255, 255, 255], vec![7; 8 << 20]].concat();
    for (name, moment, reaction) in [
        ("head without end", Moment::Connect, Reaction::RawBytes(endless_head)),
        ("too long an accept", Moment::Connect, Reaction::RawBytes(long_accept)),
        ("pings", Moment::ClientHello, Reaction::Pings),
        ("large frame", Moment::ClientHello, Reaction::RawBytes(large_frame)),
    ] {
        rig.simulator().script(Fault::new(moment, reaction));
        assert_eq!(leave(&process, GROUP).await, (503, envelope(UNAVAILABLE)), "{name}");
        let took = peak(&process.function).saturating_sub(idle);
        assert!(took < MOST, "{name}: {took} KiB");
        rig.assert_settled().await;
    }
    assert!(rig.simulator().unused_faults().is_empty());
    assert_eq!(leave(&process, GROUP).await.0, 200, "the environment works on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_server_gets_no_memory_after_the_login() {
    let rig = Rig::start().await;
    rig.simulator().create_group(NewGroup::new("Strangers").jid(OTHER));
    // What cannot be read is passed over, and the answer waited for until its time ends.
    let process = rig.process_with(&[("LEASE_WAIT_MS", "100")]).await;
    rig.simulator().script(Fault::new(Moment::Login, Reaction::Drop));
    assert_eq!(leave(&process, GROUP).await.0, 503);
    let idle = peak(&process.function);
    for (moment, identifier, message) in [
        (Moment::Login, GROUP, UNAVAILABLE),
        (Moment::Metadata, OTHER, UNAVAILABLE),
        (Moment::Leave, GROUP, UNCONFIRMED),
    ] {
        for reaction in [Reaction::Pings, Reaction::Chatter] {
            let context = format!("{reaction:?} at {moment:?}");
            rig.simulator().script(Fault::new(moment, reaction));
            let answer = leave(&process, identifier).await;
            assert_eq!(answer, (503, envelope(message)), "{context}");
            let took = peak(&process.function).saturating_sub(idle);
            assert!(took < MOST, "{context}: {took} KiB");
        }
        // Each is passed over, and the usual answer comes after them.
        let bombs = vec![bomb(80), bomb(20), announced(), nested_jids()];
        rig.simulator().script(Fault::new(moment, Reaction::FramesFirst(bombs)));
        let answered = if identifier == OTHER { 404 } else { 200 };
        assert_eq!(leave(&process, identifier).await.0, answered, "bombs at {moment:?}");
        let took = peak(&process.function).saturating_sub(idle);
        assert!(took < MOST, "bombs at {moment:?}: {took} KiB");
        rig.simulator().add_member(GROUP, &rig.device.phone);
    }
    assert!(rig.simulator().unused_faults().is_empty());
}

#[tokio::test]
async fn the_largest_group_that_there_is_fits() {
    let rig = Rig::start().await;
    let mut group = NewGroup::new("Everybody").jid(OTHER).lid_addressed();
    for number in 0..2_047_u64 {
        group = group
            .member(&format!("{}", 5_511_900_000_000 + number), whatsapp_simulator::Rank::Member);
    }
    rig.group(group, None).await;
    let mut online = rig.online().await;
    let budget = domain::clock::Budget::of(Duration::from_secs(20));
    let jid = OTHER.parse().unwrap();
    let metadata = online.metadata(&jid, &rig.credentials(), budget).await.unwrap();
    assert_eq!(metadata.group().jid, jid);
}

#[tokio::test]
async fn a_list_of_some_thousand_groups_fits() {
    let groups = (0..5_000_u64).map(|number| {
        let parent = NodeBuilder::new("linked_parent").attr("jid", "120363401000000010@g.us");
        NodeBuilder::new("group")
            .attr("id", format!("{}", 120_363_400_000_000_000 + number))
            .attr("subject", format!("A group whose subject is long enough, number {number}"))
            .attr("creation", "1600000000")
            .attr("s_t", "1600000000")
            .attr("size", "1024")
            .attr("creator", "5511999990001@s.whatsapp.net")
            .attr("addressing_mode", "lid")
            .children([
                parent.build(),
                NodeBuilder::new("ephemeral").attr("expiration", "1").build(),
            ])
            .build()
    });
    let groups = NodeBuilder::new("groups").children(groups).build();
    let list = NodeBuilder::new("ib").children([groups]).build();
    let frame = marshal(&list).unwrap();
    assert!(frame.len() < 4 << 20, "{}", frame.len());
    let rig = Rig::start().await;
    let mut online = rig.online().await;
    let first = Reaction::FramesFirst(vec![frame]);
    rig.simulator().script(Fault::new(Moment::Metadata, first));
    let query = NodeBuilder::new("iq")
        .attr("to", GROUP.parse::<wacore_binary::Jid>().unwrap())
        .attr("type", "get")
        .attr("xmlns", "w:g2")
        .attr("id", "1")
        .children([NodeBuilder::new("query").attr("request", "interactive").build()])
        .build();
    let budget = domain::clock::Budget::of(Duration::from_secs(20));
    online.send(&query, budget).await.unwrap();
    let read = online.stanza().await.unwrap();
    assert_eq!(read.tag(), "ib", "it is read, not passed over");
}
