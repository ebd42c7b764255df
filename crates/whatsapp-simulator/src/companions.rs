//! Companions: those that are linked, and those that wait for it.

use std::collections::BTreeMap;

use crate::Simulator;
use crate::pairing_stanzas::pairing_notification;
use crate::phone::Phone;
use crate::reaction::PairingNotification;
use crate::registration::Registration;
use crate::waiting::Order;
use crate::world::{LinkedDevice, World};

impl Simulator {
    /// The phone of an account, which is made when missing.
    pub fn phone(&self, number: &str) -> Phone {
        Phone::new(self.shared.clone(), number)
    }

    /// How many clients wait to be linked.
    pub fn waiting_companions(&self) -> usize {
        self.shared.state().waiting.len()
    }

    /// Makes every ref that was given out invalid. Clients are not told, as in reality.
    pub fn expire_refs(&self) {
        self.shared.state().waiting.use_up_all();
    }

    /// Sends a notification to every client that waits to be linked.
    pub fn notify_waiting(&self, kind: PairingNotification) {
        for waiting in self.shared.state().waiting.iter() {
            // A client that is gone needs no notification.
            let _ = waiting.orders.send(Order::Notify(pairing_notification(kind)));
        }
    }

    /// Retires the ADV secrets of all waiting clients: `companion_reg_refresh`.
    pub fn refresh_registrations(&self) {
        self.notify_waiting(PairingNotification::CompanionRegRefresh);
    }

    /// How many pre-keys of a device are on the server, unused.
    pub fn pre_keys(&self, device_jid: &str) -> usize {
        let state = self.shared.state();
        let bundle = state.world.devices.get(device_jid).and_then(|device| device.bundle.as_ref());
        bundle.map_or(0, |bundle| bundle.pre_keys.len())
    }
}

impl World {
    /// The JIDs of an account's companions.
    pub(crate) fn companions(&self, phone: &str) -> Vec<String> {
        let of_phone = self.devices.iter().filter(|(_, device)| device.phone == phone);
        of_phone.map(|(jid, _)| jid.clone()).collect()
    }

    /// Links a client that registered.
    pub(crate) fn add_companion(
        &mut self,
        phone: &str,
        jid: &str,
        lid: &str,
        registration: Registration,
    ) {
        self.devices.insert(
            jid.to_owned(),
            LinkedDevice {
                phone: phone.to_owned(),
                lid: lid.to_owned(),
                noise_public_key: registration.noise_public_key,
                queue: Vec::new(),
                bundle: Some(registration.bundle),
                greeting_due: true,
                letters: BTreeMap::new(),
            },
        );
    }
}
