//! Which of several stored devices is meant.

use domain::credentials::DeviceJid;

use crate::device::Device;
use crate::error::ImportError;
use crate::jid::{self, Own};

/// A store's rows; one that is no linked device says why.
pub(crate) type Rows = Vec<Result<Device, ImportError>>;

/// The chosen device, and the JIDs of the other linked ones.
pub(crate) fn choose(
    rows: Rows,
    wanted: Option<&str>,
) -> Result<(Device, Vec<DeviceJid>), ImportError> {
    let wanted =
        wanted.map(|text| understand(text).ok_or(ImportError::UnclearChoice)).transpose()?;
    let mut linked = linked(rows)?;
    let fits = |device: &Device| match &wanted {
        None => true,
        Some(Own::Device(jid)) => device.jid == *jid,
        Some(Own::Account(user)) => device.jid.user() == *user,
    };
    let fitting: Vec<usize> =
        linked.iter().enumerate().filter(|(_, device)| fits(device)).map(|(at, _)| at).collect();
    match *fitting.as_slice() {
        [only] => {
            let chosen = linked.swap_remove(only);
            let mut others = jids(&linked);
            others.sort_by_key(|jid| (jid.user(), jid.device()));
            Ok((chosen, others))
        }
        [] => Err(ImportError::NoSuchDevice { found: jids(&linked) }),
        [first, ..] => {
            let found: Vec<_> = fitting.iter().map(|at| linked[*at].jid.clone()).collect();
            if found.iter().all(|jid| *jid == found[0]) {
                return Err(ImportError::StoredTwice(linked.swap_remove(first).jid));
            }
            Err(ImportError::Several { found })
        }
    }
}

/// `user:device@s.whatsapp.net`, `user:device` or the phone number alone, with or
/// without a `+`.
fn understand(text: &str) -> Option<Own> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    if text.contains('@') { jid::own(text) } else { jid::own(&format!("{text}@s.whatsapp.net")) }
}

/// The linked devices, copies left out; where there is none, the reason.
fn linked(rows: Rows) -> Result<Vec<Device>, ImportError> {
    let mut linked: Vec<Device> = Vec::new();
    let mut reason = ImportError::NoDevice;
    for row in rows {
        match row {
            Ok(device) if linked.iter().any(|known| known.is_copy_of(&device)) => {}
            Ok(device) => linked.push(device),
            // Damage is worth more to the reader than a row that waits to be linked.
            Err(error) if matches!(reason, ImportError::NoDevice | ImportError::NotLinked) => {
                reason = error;
            }
            Err(_) => {}
        }
    }
    if linked.is_empty() { Err(reason) } else { Ok(linked) }
}

fn jids(devices: &[Device]) -> Vec<DeviceJid> {
    devices.iter().map(|device| device.jid.clone()).collect()
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::device::NoiseKey;

    fn row(jid: &str, key: u8) -> Result<Device, ImportError> {
        let key = NoiseKey { private: Zeroizing::new(vec![key; 32]), public: None };
        Device::new("jid", jid, None, Ok(key))
    }

    fn store() -> Rows {
        vec![
            row("5511999990001:7@s.whatsapp.net", 1),
            row("5511999990002:3@s.whatsapp.net", 2),
            row("5511999990002:4@s.whatsapp.net", 3),
            row("5511999990003@s.whatsapp.net", 4),
            row("nonsense", 5),
        ]
    }

    #[test]
    fn a_choice_by_jid_by_device_or_by_phone() {
        for (wanted, expected) in [
            ("5511999990001:7@s.whatsapp.net", "5511999990001:7@s.whatsapp.net"),
            ("5511999990001.0:7@s.whatsapp.net", "5511999990001:7@s.whatsapp.net"),
            ("5511999990001@s.whatsapp.net", "5511999990001:7@s.whatsapp.net"),
            ("5511999990002:4", "5511999990002:4@s.whatsapp.net"),
            (" +5511999990001 ", "5511999990001:7@s.whatsapp.net"),
        ] {
            let (chosen, others) = choose(store(), Some(wanted)).unwrap();
            assert_eq!(chosen.jid.to_string(), expected, "{wanted}");
            assert_eq!(others.len(), 2);
            assert!(!others.contains(&chosen.jid));
        }
    }

    #[test]
    fn no_choice_where_several_fit() {
        let several = |wanted| match choose(store(), wanted) {
            Err(ImportError::Several { found }) => found.len(),
            _ => 0,
        };
        assert_eq!(several(None), 3);
        assert_eq!(several(Some("5511999990002")), 2);
    }

    #[test]
    fn no_choice_where_none_fits() {
        for wanted in ["5511999990001:8", "5511999990003", "5511999990009"] {
            let error = choose(store(), Some(wanted)).err();
            assert!(matches!(error, Some(ImportError::NoSuchDevice { found }) if found.len() == 3));
        }
        for unclear in ["", "+", "someone", "5511 99999", "5511999990001:7@lid"] {
            let error = choose(store(), Some(unclear)).err();
            assert!(matches!(error, Some(ImportError::UnclearChoice)), "{unclear}");
        }
    }

    #[test]
    fn one_linked_device_needs_no_choice() {
        let (chosen, others) = choose(store().split_off(2), None).unwrap();
        assert_eq!((chosen.jid.device(), others.len()), (4, 0));
    }

    #[test]
    fn the_reason_where_no_device_is_linked() {
        let reason = |rows| choose(rows, None).err();
        assert!(matches!(reason(vec![]), Some(ImportError::NoDevice)));
        assert!(matches!(reason(store().drain(3..4).collect()), Some(ImportError::NotLinked)));
        assert!(matches!(reason(store().split_off(3)), Some(ImportError::Malformed("jid"))));
    }

    #[test]
    fn a_copy_counts_once_and_a_contradiction_is_reported() {
        let jid = "5511999990001:7@s.whatsapp.net";
        assert!(choose(vec![row(jid, 1), row(jid, 1)], None).is_ok());
        let error = choose(vec![row(jid, 1), row(jid, 2)], None).err();
        assert!(matches!(error, Some(ImportError::StoredTwice(_))));
    }
}
