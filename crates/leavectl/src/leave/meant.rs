//! What an identifier would be taken for, and was not meant as: a group's name is a legal
//! invite code, and a phone number a legal JID. WhatsApp answers that there is no such
//! group, which reads as "nothing is left to do".

use std::fmt::Write;

use domain::credentials::DeviceJid;
use domain::tenant::InstanceId;
use linking::PhoneNumber;
use operator::{Operator, OperatorError};
use whatsapp::Listed;

use crate::failure::Failure;
use crate::group;
use crate::output::printable;

/// Longest phone number, in digits (E.164). Group ids of today have 18.
const LONGEST_NUMBER: usize = 15;

/// Refuses identifiers that name something else, with the JID that is meant. Asks the table
/// only where one is given that could.
///
/// # Errors
/// [`Failure::Meant`], or the table's.
pub(super) async fn look(
    operator: &Operator,
    id: &InstanceId,
    identifiers: &[String],
) -> Result<(), Failure> {
    let doubtful: Vec<_> = identifiers.iter().filter(|text| is_doubtful(text)).collect();
    if doubtful.is_empty() {
        return Ok(());
    }
    let roster = match operator.roster(id).await {
        Ok(roster) => roster,
        // The leave answers that, in its own words.
        Err(OperatorError::NoInstance(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let numbers = if doubtful.iter().any(|text| number(text).is_some()) {
        numbers(operator, id).await?
    } else {
        Vec::new()
    };
    let told: Vec<_> =
        doubtful.iter().filter_map(|text| told(text, id, &roster, &numbers)).collect();
    if told.is_empty() { Ok(()) } else { Err(Failure::Meant(told.join("\n"))) }
}

/// Whether it is neither a JID with its server, nor a link, nor a JID's digits.
fn is_doubtful(text: &str) -> bool {
    let text = text.trim();
    let has_form = text.contains('@') || text.contains("://") || text.contains("whatsapp.com/");
    let is_long_id =
        text.len() > LONGEST_NUMBER && text.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    !has_form && !is_long_id
}

fn number(text: &str) -> Option<PhoneNumber> {
    text.parse().ok()
}

/// The phones of the account's instances.
async fn numbers(
    operator: &Operator,
    id: &InstanceId,
) -> Result<Vec<(String, InstanceId)>, Failure> {
    let instances = operator.instances(Some(&id.account)).await?;
    let known = instances.into_iter().filter_map(|found| {
        let device: DeviceJid = found.device?.parse().ok()?;
        Some((device.user().to_string(), found.id))
    });
    Ok(known.collect())
}

/// What it names in place of a group that it leads to.
fn told(
    text: &str,
    id: &InstanceId,
    roster: &[Listed],
    numbers: &[(String, InstanceId)],
) -> Option<String> {
    let shown = printable(text.trim());
    let is_known = |text: &str| roster.iter().any(|it| it.group.jid.user() == text.trim());
    if let Some(number) = number(text).filter(|_| !is_known(text)) {
        let whose = numbers.iter().find(|it| it.0 == number.digits());
        let whose = whose.map_or_else(
            || "a phone number".to_owned(),
            |(_, whose)| format!("the phone number of instance {whose}"),
        );
        return Some(format!(
            "{shown} is {whose}, and no group; `leavectl group list {} {}` shows the JIDs of \
             groups. If it is a group's: {}@g.us",
            id.account,
            id.name,
            number.digits()
        ));
    }
    let is_it = |listed: &&Listed| listed.subject.as_deref().is_some_and(|it| same(it, text));
    let named: Vec<_> = roster.iter().filter(is_it).collect();
    let (first, others) = named.split_first()?;
    let mut said = format!("{shown} is the name of a group; give its JID: {}", group::told(first));
    for other in others {
        let _ = write!(said, "\nor {}", group::told(other));
    }
    if text.trim().chars().all(|it| it.is_ascii_alphanumeric() || "_-".contains(it)) {
        let _ =
            write!(said, "\nIf it is an invite code: https://chat.whatsapp.com/{}", text.trim());
    }
    Some(said)
}

/// As people compare names: whatever the case, and the space around.
fn same(subject: &str, text: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(subject) == plain(text)
}
