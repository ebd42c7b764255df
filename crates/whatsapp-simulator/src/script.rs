//! Failures on demand: which moment, and what the server does there.

use std::collections::VecDeque;

use crate::moment::{Moment, Stage};
use crate::reaction::Reaction;

/// One failure, used once. Faults for the same moment are used in the order they were scripted.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The device it is meant for (its JID), or any. Until a client has said who it is, at
    /// [`Moment::Connect`] and [`Moment::ClientHello`], only faults for any device are used.
    pub device: Option<String>,
    /// When it happens.
    pub moment: Moment,
    /// What happens. A reaction that makes no sense at its moment is never used, and stays in
    /// [`Simulator::unused_faults`](crate::Simulator::unused_faults).
    pub reaction: Reaction,
}

impl Fault {
    /// A fault for whichever device comes first.
    #[must_use]
    pub fn new(moment: Moment, reaction: Reaction) -> Self {
        Self { device: None, moment, reaction }
    }

    /// Narrows the fault to one device JID.
    #[must_use]
    pub fn for_device(mut self, jid: &str) -> Self {
        self.device = Some(jid.to_owned());
        self
    }
}

/// The queue of faults.
#[derive(Debug, Default)]
pub(crate) struct Script(VecDeque<Fault>);

impl Script {
    pub(crate) fn push(&mut self, fault: Fault) {
        self.0.push_back(fault);
    }

    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    pub(crate) fn unused(&self) -> Vec<Fault> {
        self.0.iter().cloned().collect()
    }

    /// Takes the first fault for this moment and device.
    pub(crate) fn take(&mut self, moment: Moment, device: Option<&str>) -> Option<Reaction> {
        let index = self.0.iter().position(|fault| {
            let for_moment = fault.moment == moment
                || (fault.moment == Moment::AnyIq && moment.stage() == Stage::Iq);
            let for_device = fault.device.is_none() || fault.device.as_deref() == device;
            for_moment && for_device && fault.reaction.fits(moment)
        })?;
        self.0.remove(index).map(|fault| fault.reaction)
    }
}
