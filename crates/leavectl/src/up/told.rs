//! What `leavectl up` says when everything runs: lines for people, JSON for programs.

use super::printed::Printed;
use crate::count::count;
use crate::failure::Failure;
use local_stack::Backends;
use local_stack::backends::TABLE;
use local_stack::seed::{Seeded, SeededInstance};

/// A stack that answers.
pub(super) struct Told<'a> {
    pub(super) url: &'a str,
    pub(super) backends: &'a Backends,
    /// Where the simulated phones are; `None` where WhatsApp is not the simulated one.
    pub(super) simulated_phones: Option<&'a str>,
    pub(super) seeded: &'a Seeded,
    /// The line for another terminal.
    pub(super) exports: &'a str,
}

impl Told<'_> {
    pub(super) fn json(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string(&Printed::of(self))?)
    }

    pub(super) fn lines(&self) -> String {
        let Self { url, backends, seeded, exports, .. } = self;
        let mut lines = vec![
            format!("API        {url}"),
            format!("DynamoDB   {}   table {TABLE}", backends.dynamodb()),
            format!("WhatsApp   {}", backends.whatsapp().0),
            format!("Account    {}   token {}", seeded.account, seeded.account_token),
        ];
        for instance in &seeded.instances {
            lines.push(format!(
                "Instance   {}   {}   in {}",
                instance.name,
                instance.jid,
                count(instance.groups.len(), "group")
            ));
        }
        let token = &seeded.account_token;
        for (instance, identifier) in examples(&seeded.instances) {
            lines.push(format!(
                "curl -X DELETE -H 'token: {token}' '{url}/api/group/leave/{instance}?identifier={identifier}'"
            ));
        }
        lines.push("For the other commands, in another terminal:".to_owned());
        lines.push((*exports).to_owned());
        lines.push("Ctrl-C stops it.".to_owned());
        lines.join("\n")
    }
}

/// The first group by its JID, the next one by its link.
fn examples(instances: &[SeededInstance]) -> Vec<(&str, String)> {
    let groups = instances.iter().flat_map(|instance| {
        let plain = instance.groups.iter().filter(|group| group.kind == "group");
        plain.map(move |group| (instance.name.as_str(), group))
    });
    groups
        .take(2)
        .enumerate()
        .map(|(index, (instance, group))| {
            let identifier = match index {
                0 => group.jid.clone(),
                _ => format!("https://chat.whatsapp.com/{}", group.invite),
            };
            (instance, identifier)
        })
        .collect()
}
