//! Our own LID: told at login, used where a group shows LIDs alone, and kept.

use domain::clock::Budget;
use domain::credentials::Credentials;
use domain::tenant::InstanceId;
use local_stack::items::Item;
use local_stack::traffic::Traffic;
use operation::check::{self, Health, When};
use whatsapp_simulator::{Device, Fault, GroupKind as Kind, Moment, NewGroup, Rank, Reaction};

use crate::support::{ACCOUNT_TOKEN, PLENTY, Request, Rig, ask, envelope, id, success};

pub const COMMUNITY: &str = "120363401000000010@g.us";
const NOT_ALLOWED: &str = "Not allowed to leave this group";

fn imported() -> InstanceId {
    id("acme", "imported")
}

/// An instance that was imported without its LID, and owns a community that shows
/// LIDs alone.
pub async fn import(rig: &Rig, lid: Option<&str>) -> Device {
    let device = rig.simulator().link_device("5511999990002");
    let credentials = Credentials {
        noise_private_key: zeroize::Zeroizing::new(device.noise_private_key),
        device: device.jid.parse().unwrap(),
        lid: lid.map(str::to_owned),
        proxy: None,
    };
    rig.provisioner.linked(&imported(), &credentials).await.unwrap();
    let community = NewGroup::new("Ours").jid(COMMUNITY).kind(Kind::Community).lids_only();
    rig.simulator().create_group(community.member(&device.phone, Rank::Superadmin));
    device
}

async fn leave(rig: &Rig) -> (u16, String) {
    let request = Request::leave(ACCOUNT_TOKEN, "imported", COMMUNITY);
    let reply = ask(&rig.local(&Traffic::new()), &request).await;
    (reply.status, reply.body)
}

async fn stored_lid(rig: &Rig) -> Option<String> {
    let items = rig.provisioner.items().await.unwrap();
    let is_ours = |item: &&local_stack::items::Attributes| {
        let item = Item(item);
        item.text("pk") == Ok("INSTANCE#acme#imported") && item.text("sk") == Ok("SESSION")
    };
    let session = items.iter().find(is_ours).unwrap();
    Item(session).optional_text("device_lid").map(str::to_owned)
}

#[tokio::test]
async fn a_session_without_a_lid_recognises_itself_at_its_very_first_run() {
    let rig = Rig::start().await;
    let device = import(&rig, None).await;
    assert_eq!(leave(&rig).await, (403, envelope(NOT_ALLOWED)));
    assert!(!rig.simulator().record().iqs(&device.jid).contains(&"leave".to_owned()));
    assert_eq!(stored_lid(&rig).await, Some(device.lid), "it is kept");
}

#[tokio::test]
async fn a_lid_that_was_kept_serves_where_whatsapp_tells_none() {
    let rig = Rig::start().await;
    let device = import(&rig, None).await;
    let service = rig.local(&Traffic::new());
    let health = check::one(&service.engine, &imported(), When::Always, Budget::of(PLENTY)).await;
    assert_eq!(health, Health::Connected);
    assert_eq!(stored_lid(&rig).await, Some(device.lid), "a check keeps it too");
    rig.simulator().script(Fault::new(Moment::Login, Reaction::SuccessWithoutLid));
    assert_eq!(leave(&rig).await, (403, envelope(NOT_ALLOWED)));
    assert!(rig.simulator().unused_faults().is_empty());
}

#[tokio::test]
async fn what_whatsapp_tells_counts_before_what_was_imported() {
    let rig = Rig::start().await;
    import(&rig, Some("100000000000001@lid")).await;
    assert_eq!(leave(&rig).await, (403, envelope(NOT_ALLOWED)));
    assert_eq!(stored_lid(&rig).await.as_deref(), Some("100000000000001@lid"), "never replaced");
}

#[tokio::test]
async fn nobody_is_recognised_by_anothers_lid() {
    let rig = Rig::start().await;
    let device = import(&rig, None).await;
    rig.simulator().set_rank(COMMUNITY, &device.phone, Rank::Member);
    rig.simulator().add_member(COMMUNITY, "5511988880000");
    rig.simulator().set_rank(COMMUNITY, "5511988880000", Rank::Superadmin);
    assert_eq!(leave(&rig).await, (200, success(COMMUNITY)));
}
