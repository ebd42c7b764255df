//! One IQ in, one reply out.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::groups::Shown;
use crate::key_bundle::KeyBundle;
use crate::moment::Moment;
use crate::reaction::LeaveReplyKind;
use crate::stanza::{iq_error, jid, plain_error, result, text};
use crate::start_queries;
use crate::world::{GroupKind, World};

/// Pre-keys a device is said to have left: enough that a usual client uploads none.
const PRE_KEYS_LEFT: usize = 812;

/// What came of an IQ.
pub(crate) struct Answer {
    pub(crate) reply: Node,
    /// Whether the world is another one now.
    pub(crate) changed: bool,
    /// A passive session asked for its queue.
    pub(crate) activates: bool,
    /// A device that was unlinked by this IQ.
    pub(crate) unlinked: Option<String>,
}

impl From<Node> for Answer {
    fn from(reply: Node) -> Self {
        Self { reply, changed: false, activates: false, unlinked: None }
    }
}

/// The moment that an IQ belongs to.
pub(crate) fn moment(iq: &Node) -> Moment {
    match request(iq) {
        Some(("set", "w:g2", child)) if child.tag == "leave" => Moment::Leave,
        Some(("get", "w:g2", child)) if child.tag == "query" => Moment::Metadata,
        Some(("get", "w:g2", child)) if child.tag == "invite" => Moment::Invite,
        Some(("get", "w:g2", child)) if child.tag == "participating" => Moment::Participating,
        Some(("get", "encrypt", child)) if child.tag == "count" => Moment::PreKeyCount,
        Some(("get", "encrypt", child)) if child.tag == "digest" => Moment::Digest,
        Some(("set", "encrypt", child)) if child.tag != "rotate" => Moment::PreKeyUpload,
        Some((_, "passive", child)) if child.tag == "active" => Moment::Activate,
        Some(("set", "md", child)) if child.tag == "remove-companion-device" => Moment::Unlink,
        _ => Moment::AnyIq,
    }
}

/// Carries out an IQ of an account's device.
pub(crate) fn answer(world: &mut World, device: &str, phone: &str, iq: &Node) -> Answer {
    match request(iq) {
        Some(("set", "w:g2", child)) if child.tag == "leave" => leave(world, phone, iq, child),
        Some(("get", "w:g2", child)) => group_query(world, phone, iq, child).into(),
        Some((kind, "encrypt", child)) => keys(world, device, kind, iq, child),
        Some((_, "passive", child)) => {
            Answer { activates: child.tag == "active", ..result(iq, []).into() }
        }
        Some(("set", "md", child)) if child.tag == "remove-companion-device" => {
            unlink(world, phone, iq, child)
        }
        _ => start_queries::answer(world, iq).into(),
    }
}

/// Pre-keys: their number, their upload, their digest, and a new signed one.
fn keys(world: &mut World, device: &str, kind: &str, iq: &Node, request: &Node) -> Answer {
    let Some(linked) = world.devices.get_mut(device) else {
        return plain_error(iq, 404).into();
    };
    let bundle = &mut linked.bundle;
    match (kind, request.tag.as_ref()) {
        ("get", "count") => {
            let left = bundle.as_ref().map_or(PRE_KEYS_LEFT, |bundle| bundle.pre_keys.len());
            result(iq, [NodeBuilder::new("count").attr("value", left).build()]).into()
        }
        ("get", "digest") => match bundle {
            Some(bundle) => result(iq, [bundle.digest(false)]).into(),
            None => plain_error(iq, 404).into(),
        },
        ("set", "rotate") if bundle.as_mut().is_some_and(|bundle| bundle.rotate(request)) => {
            Answer { changed: true, ..result(iq, []).into() }
        }
        ("set", "rotate") => plain_error(iq, 406).into(),
        ("set", _) => match KeyBundle::read_upload(iq) {
            Some(upload) => {
                match bundle {
                    Some(bundle) => bundle.merge(upload),
                    None => *bundle = Some(upload),
                }
                Answer { changed: true, ..result(iq, []).into() }
            }
            None => plain_error(iq, 406).into(),
        },
        _ => plain_error(iq, 501).into(),
    }
}

/// Type, namespace and first child of an IQ.
fn request(iq: &Node) -> Option<(&'static str, &'static str, &Node)> {
    const NAMESPACES: [&str; 4] = ["w:g2", "encrypt", "passive", "md"];
    let kind = match text(iq, "type")?.as_str() {
        "get" => "get",
        "set" => "set",
        _ => return None,
    };
    let xmlns = text(iq, "xmlns")?;
    let xmlns = NAMESPACES.into_iter().find(|known| *known == xmlns)?;
    Some((kind, xmlns, iq.children()?.first()?))
}

/// Some clients write the bare server as `@g.us`.
fn addressee(iq: &Node) -> String {
    let to = text(iq, "to").unwrap_or_default();
    to.strip_prefix('@').map_or(to.clone(), str::to_owned)
}

fn leave(world: &mut World, phone: &str, iq: &Node, leave: &Node) -> Answer {
    let targets = leave.children().unwrap_or_default();
    let one_kind = targets.windows(2).all(|pair| pair[0].tag == pair[1].tag);
    if addressee(iq) != "g.us" || targets.is_empty() || !one_kind {
        return plain_error(iq, 400).into();
    }
    let mut changed = false;
    let outcomes: Vec<Node> = targets
        .iter()
        .map(|target| {
            let outcome = match target_of(target) {
                Some(("group", jid)) => world.leave_group(phone, &jid),
                Some((_, jid)) => world.leave_community(phone, &jid),
                None => Err(400),
            };
            changed |= outcome.is_ok();
            mirror(target, outcome.err())
        })
        .collect();
    let leave = NodeBuilder::new("leave").children(outcomes).build();
    Answer { changed, ..result(iq, [leave]).into() }
}

fn target_of(target: &Node) -> Option<(&'static str, String)> {
    match target.tag.as_ref() {
        "group" => Some(("group", text(target, "id")?)),
        "linked_groups" => Some(("linked_groups", text(target, "parent_group_jid")?)),
        _ => None,
    }
}

/// A target as its reply repeats it.
fn mirror(target: &Node, error: Option<u16>) -> Node {
    let node = match target_of(target) {
        Some(("group", id)) => NodeBuilder::new("group").attr("id", jid(&id)),
        Some((_, id)) => NodeBuilder::new("linked_groups").attr("parent_group_jid", jid(&id)),
        None => NodeBuilder::new_dynamic(target.tag.to_string()),
    };
    match error {
        Some(code) => node.attr("error", code),
        None => node,
    }
    .build()
}

/// A leave's reply with the same code, or success, for every target.
pub(crate) fn leave_reply(iq: &Node, error: Option<u16>) -> Node {
    let targets = leave_targets(iq).iter().map(|target| mirror(target, error));
    result(iq, [NodeBuilder::new("leave").children(targets).build()])
}

/// A leave's reply with a code for each target, in order; 0 is none.
pub(crate) fn leave_reply_with(iq: &Node, codes: &[u16]) -> Node {
    let codes = codes.iter().copied().chain(std::iter::repeat(0));
    let targets = leave_targets(iq)
        .iter()
        .zip(codes)
        .map(|(target, code)| mirror(target, (code != 0).then_some(code)));
    result(iq, [NodeBuilder::new("leave").children(targets).build()])
}

fn leave_targets(iq: &Node) -> &[Node] {
    iq.get_optional_child("leave").and_then(Node::children).unwrap_or_default()
}

/// A leave's reply that does not confirm what was asked; more than one for [`LeaveReplyKind::Twice`].
pub(crate) fn odd_leave_replies(iq: &Node, kind: LeaveReplyKind) -> Vec<Node> {
    let good = leave_reply(iq, None);
    match kind {
        LeaveReplyKind::Empty => vec![result(iq, [NodeBuilder::new("leave").build()])],
        LeaveReplyKind::MissingLeave => vec![result(iq, [])],
        LeaveReplyKind::OtherTarget => {
            let other =
                NodeBuilder::new("group").attr("id", jid("120363499999999999@g.us")).build();
            vec![result(iq, [NodeBuilder::new("leave").children([other]).build()])]
        }
        LeaveReplyKind::OtherId => {
            let mut asked = iq.clone();
            let id = format!("{}-other", text(iq, "id").unwrap_or_default());
            asked.attrs.insert("id", id);
            vec![leave_reply(&asked, None)]
        }
        LeaveReplyKind::Twice => vec![good.clone(), good],
        LeaveReplyKind::WrongTag => {
            let targets = leave_targets(iq).iter().map(|target| {
                let mut target = mirror(target, None);
                target.tag = "participant".into();
                target
            });
            vec![result(iq, [NodeBuilder::new("leave").children(targets).build()])]
        }
    }
}

fn group_query(world: &World, phone: &str, iq: &Node, query: &Node) -> Node {
    match query.tag.as_ref() {
        "query" => metadata(world, phone, iq),
        "invite" => invite(world, iq, query),
        "participating" => participating(world, phone, iq, query),
        "sub_groups" => sub_groups(world, phone, iq),
        _ => plain_error(iq, 501),
    }
}

fn metadata(world: &World, phone: &str, iq: &Node) -> Node {
    let id = addressee(iq);
    match world.groups.get(&id) {
        None => plain_error(iq, 404),
        Some(group) if !group.members.contains_key(phone) => plain_error(iq, 403),
        Some(group) => result(iq, [world.group_node(&id, group, Shown::ALL)]),
    }
}

fn invite(world: &World, iq: &Node, query: &Node) -> Node {
    let code = text(query, "code").unwrap_or_default();
    let Some(invite) = world.invites.get(&code) else {
        return plain_error(iq, 406);
    };
    if invite.revoked {
        return plain_error(iq, 410);
    }
    match world.groups.get(&invite.group) {
        None => plain_error(iq, 404),
        Some(group) => result(iq, [world.group_node(&invite.group, group, Shown::NO_MEMBERS)]),
    }
}

fn participating(world: &World, phone: &str, iq: &Node, query: &Node) -> Node {
    let shown = Shown {
        members: query.get_optional_child("participants").is_some(),
        description: query.get_optional_child("description").is_some(),
    };
    let groups = world
        .groups
        .iter()
        .filter(|(_, group)| group.members.contains_key(phone))
        .map(|(id, group)| world.group_node(id, group, shown));
    result(iq, [NodeBuilder::new("groups").children(groups).build()])
}

fn sub_groups(world: &World, phone: &str, iq: &Node) -> Node {
    let parent = addressee(iq);
    match world.groups.get(&parent) {
        None => return plain_error(iq, 404),
        Some(group) if !group.members.contains_key(phone) => return plain_error(iq, 403),
        Some(group) if group.kind != GroupKind::Community => {
            return iq_error(iq, 400, "bad-request", None);
        }
        Some(_) => {}
    }
    let groups = world
        .groups
        .iter()
        .filter(|(_, group)| group.kind.parent() == Some(parent.as_str()))
        .map(|(id, group)| world.group_node(id, group, Shown::NEITHER));
    result(iq, [NodeBuilder::new("sub_groups").children(groups).build()])
}

fn unlink(world: &mut World, phone: &str, iq: &Node, request: &Node) -> Answer {
    let device = text(request, "jid").unwrap_or_default();
    let ours = world.devices.get(&device).is_some_and(|linked| linked.phone == phone);
    if !ours {
        return plain_error(iq, 404).into();
    }
    world.devices.remove(&device);
    Answer { changed: true, unlinked: Some(device), ..result(iq, []).into() }
}
