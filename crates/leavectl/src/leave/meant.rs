//! What an identifier would be taken for, and was not meant as: a group's name is a legal
//! invite code, and a phone number a legal JID. WhatsApp answers that there is no such
//! group, which reads as "nothing is left to do".

use std::fmt::Write;

use domain::credentials::DeviceJid;
use domain::identifier::{Identifier, InviteCode};
use domain::invisible;
use domain::tenant::InstanceId;
use linking::PhoneNumber;
use operator::shell;
use operator::{Operator, OperatorError};
use unicode_normalization::UnicodeNormalization;
use whatsapp::Listed;

use crate::failure::Failure;
use crate::group;
use crate::output::printable;
use crate::visible;

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

/// Whether it is neither a JID with its server, nor a link.
fn is_doubtful(text: &str) -> bool {
    let is_link = text.contains("://") || text.contains("whatsapp.com/");
    number(text).is_some() || !(text.contains("@g.us") || is_link)
}

/// The digits of a phone number.
fn number(text: &str) -> Option<String> {
    text.parse().ok().map(|number: PhoneNumber| number.digits().to_owned())
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
    let list = format!("`leavectl group list {}` shows the JIDs of groups", shell::instance(id));
    let is_known = |identifier: &Identifier| matches!(identifier, Identifier::Jid(jid) if roster.iter().any(|it| it.group.jid == *jid));
    if Identifier::parse(text).is_ok_and(|identifier| is_known(&identifier)) {
        return None;
    }
    if let Some(number) = number(text) {
        let whose = numbers.iter().find(|it| it.0 == number);
        let whose = whose.map_or_else(
            || "a phone number".to_owned(),
            |(_, whose)| format!("the phone number of instance {whose}"),
        );
        return Some(format!(
            "{shown} is {whose}, and no group; {list}. If it is a group's: {number}@g.us"
        ));
    }
    if same(id.name.as_str(), text) || same(&id.to_string(), text) {
        return Some(format!("{shown} is the instance itself, and no group; {list}"));
    }
    let is_it = |listed: &&Listed| listed.subject.as_deref().is_some_and(|it| same(it, text));
    let named: Vec<_> = roster.iter().filter(is_it).collect();
    let (first, others) = named.split_first()?;
    let mut said = format!("{shown} is the name of a group; give its JID: {}", group::told(first));
    for other in others {
        let _ = write!(said, "\nor {}", group::told(other));
    }
    if let Some(code) = InviteCode::parse(invisible::trim(text)) {
        let link = format!("https://chat.whatsapp.com/{}", code.as_str());
        let _ = write!(said, "\nIf it is an invite code: {link}");
    }
    Some(said)
}

/// As people compare names: whatever the case, the space, what cannot be seen, and how a
/// letter with a mark is written.
fn same(subject: &str, text: &str) -> bool {
    let plain = |text: &str| {
        // As it is shown, `<U+202E>`, it is copied too.
        let text = visible::without_marks(text);
        let seen = text.nfkc().filter(|c| !visible::is_invisible(*c)).collect::<String>();
        // Upper case first, where one letter can be two.
        let folded = seen.to_uppercase().to_lowercase().nfkc().collect::<String>();
        folded.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = plain(text);
    !text.is_empty() && plain(subject) == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_known_however_it_is_written() {
        for text in [
            "5511999990001",
            "+55 (11) 99999-0001",
            "55-11-9999-90001",
            "005511999990001",
            "\u{202a}+55\u{a0}11\u{2011}99999.0001\u{202c}",
            "tel:+5511999990001",
            "https://wa.me/5511999990001",
        ] {
            assert_eq!(number(text).as_deref(), Some("5511999990001"), "{text}");
        }
        for text in
            ["", "123456", "120363406289005073", "5511999990000-1600000000", "Partners", "1a"]
        {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_compared_as_people_read_them() {
        for (subject, text) in [
            ("Partners", "\u{200e}partners\u{feff}"),
            ("Vendas\u{200e}", "vendas"),
            ("\u{202e}FAMILY", "Family"),
            ("Caf\u{e9}", "cafe\u{301}"),
            ("Straße", "STRASSE"),
            ("Old  friends", " old friends "),
            ("Clientes\u{fe0f}", "clientes"),
            ("inv\u{202e}fdp.exe\u{202c}", "inv<U+202E>fdp.exe<U+202C>"),
        ] {
            assert!(same(subject, text), "{subject} {text}");
        }
        assert!(!same("Partners", "Partner"));
        assert!(!same(" ", ""), "a blank name is nobody's");
    }
}
