//! What `leavectl up --json` prints. Its first names are older than the words of other
//! outputs, and scripts rely on them: both are there.

#![expect(clippy::struct_field_names, reason = "they are the names of what is printed")]

use local_stack::backends::TABLE;
use local_stack::seed::{SeededGroup, SeededInstance};
use serde::Serialize;

use super::told::Told;

/// A stack that answers.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed<'a> {
    /// The API's address.
    url: &'a str,
    /// DynamoDB's address.
    dynamodb: &'a str,
    /// The table's name.
    table: &'a str,
    /// The sealing key in base64.
    sealing_key: String,
    /// The WhatsApp that is used.
    whatsapp: WhatsApp<'a>,
    /// Where the simulated phones are; nothing where WhatsApp is not the simulated one.
    simulated_phones: Option<&'a str>,
    /// The id of the demonstration's account.
    account: &'a str,
    /// A token for every instance of it.
    account_token: &'a str,
    /// Its instances.
    instances: Vec<Instance<'a>>,
}

/// A WhatsApp.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct WhatsApp<'a> {
    /// Its WebSocket.
    url: &'a str,
    /// Its Noise root key, 64 hex digits.
    root_key: &'a str,
}

/// An instance of the demonstration.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Instance<'a> {
    /// Its name.
    name: &'a str,
    /// The same, by the word of other outputs.
    instance: &'a str,
    /// Its device's JID.
    jid: &'a str,
    /// A token for it alone.
    token: &'a str,
    /// Its Noise static private key, 64 hex digits.
    noise_key: &'a str,
    /// The groups that it is in.
    groups: Vec<Group<'a>>,
}

/// A group of the demonstration.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Group<'a> {
    /// Its JID.
    jid: &'a str,
    /// The same, by the word of other outputs.
    group_jid: &'a str,
    /// Its subject.
    subject: &'a str,
    /// An invite code that leads to it.
    invite: &'a str,
    /// `group`, `community`, `subgroup` or `announcement`.
    kind: &'static str,
}

impl<'a> Printed<'a> {
    pub(super) fn of(told: &Told<'a>) -> Self {
        let (url, root_key) = told.backends.whatsapp();
        Self {
            url: told.url,
            dynamodb: told.backends.dynamodb(),
            table: TABLE,
            sealing_key: told.backends.sealing_key(),
            whatsapp: WhatsApp { url, root_key },
            simulated_phones: told.simulated_phones,
            account: &told.seeded.account,
            account_token: &told.seeded.account_token,
            instances: told.seeded.instances.iter().map(Instance::from).collect(),
        }
    }
}

impl<'a> From<&'a SeededInstance> for Instance<'a> {
    fn from(seeded: &'a SeededInstance) -> Self {
        Self {
            name: &seeded.name,
            instance: &seeded.name,
            jid: &seeded.jid,
            token: &seeded.token,
            noise_key: &seeded.noise_key,
            groups: seeded.groups.iter().map(Group::from).collect(),
        }
    }
}

impl<'a> From<&'a SeededGroup> for Group<'a> {
    fn from(seeded: &'a SeededGroup) -> Self {
        Self {
            jid: &seeded.jid,
            group_jid: &seeded.jid,
            subject: &seeded.subject,
            invite: &seeded.invite,
            kind: seeded.kind,
        }
    }
}
