//! A simulator for clients that are no Rust: it links a device, makes a group with it, and speaks
//! JSON lines.
//!
//! The first line of its output has everything that a client needs. After that it reads requests,
//! one per line, and answers each with one line:
//!
//! - `{"scan": "QR TEXT"}` and `{"enter_code": "CODE"}`: the phone links a companion;
//! - `{"is_member": "GROUP JID"}`: whether the account is in a group;
//! - `"record"`: what was seen so far.
//!
//! It ends with its input.

use std::error::Error;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, stdin, stdout};
use whatsapp_simulator::{Direction, GroupKind, NewGroup, Phone, Rank, Simulator, Stanza, World};

const PHONE: &str = "5511999990000";
const OWNER: &str = "5511988880000";

/// One line of input.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Request {
    Scan(String),
    EnterCode(String),
    IsMember(String),
    Record,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start(World::new()).await?;
    let phone = simulator.phone(PHONE);
    say(introduction(&simulator)).await?;
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = match serde_json::from_str(&line) {
            Ok(request) => answer(&simulator, &phone, request).await,
            Err(error) => json!({ "error": error.to_string() }),
        };
        say(answer).await?;
    }
    Ok(())
}

async fn say(line: Value) -> Result<(), Box<dyn Error>> {
    stdout().write_all(format!("{line}\n").as_bytes()).await?;
    Ok(stdout().flush().await?)
}

/// Address, root key, a linked device and the groups that it is in.
fn introduction(simulator: &Simulator) -> Value {
    let device = simulator.link_device(PHONE);
    simulator.queue_offline(&device.jid, 3);
    let group = |group: NewGroup| {
        let group = group.member(OWNER, Rank::Superadmin).member(PHONE, Rank::Member);
        simulator.create_group(group)
    };
    let friends = group(NewGroup::new("Friends").description("Old ones"));
    let by_lid = group(NewGroup::new("Neighbours").lid_addressed());
    let community = group(NewGroup::new("Town").kind(GroupKind::Community));
    let subgroup =
        group(NewGroup::new("Street").kind(GroupKind::Subgroup { parent: community.clone() }));
    json!({
        "url": simulator.url(),
        "root_key": hex::encode(simulator.root_key()),
        "phone": PHONE,
        "device": {
            "jid": device.jid,
            "lid": device.lid,
            "noise_private_key": hex::encode(device.noise_private_key),
        },
        "groups": {
            "plain": friends, "lid_addressed": by_lid,
            "community": community, "subgroup": subgroup,
        },
    })
}

async fn answer(simulator: &Simulator, phone: &Phone, request: Request) -> Value {
    let linked = match request {
        Request::Scan(text) => phone.scan(&text).await,
        Request::EnterCode(code) => {
            phone.asked_for_code().await;
            phone.enter_code(&code).await
        }
        Request::IsMember(group) => {
            return json!({ "is_member": simulator.is_member(&group, PHONE) });
        }
        Request::Record => return record(simulator),
    };
    match linked {
        Ok(device) => json!({ "jid": device.jid, "lid": device.lid, "os": device.os }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

fn record(simulator: &Simulator) -> Value {
    let record = simulator.record();
    let received: Vec<Value> = record
        .stanzas
        .iter()
        .filter(|stanza| stanza.direction == Direction::Received)
        .map(line)
        .collect();
    json!({
        "received": received,
        "linked": record.pairings.iter().map(|pairing| &pairing.device).collect::<Vec<_>>(),
    })
}

fn line(stanza: &Stanza) -> Value {
    json!({
        "device": stanza.device,
        "tag": stanza.tag(),
        "type": stanza.node.attrs.get("type").map(ToString::to_string),
        "xmlns": stanza.xmlns(),
        "name": stanza.name(),
    })
}
