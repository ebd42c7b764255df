//! What all connections share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

use crate::departure::Watcher;
use crate::moment::Moment;
use crate::reaction::Reaction;
use crate::record::Record;
use crate::script::Script;
use crate::waiting::WaitingRoom;
use crate::world::World;

/// What one connection asks of another.
#[derive(Debug)]
pub(crate) enum Control {
    /// Another connection opened this session.
    Replaced {
        /// The number of the other connection.
        newer: u64,
        /// Dropped or used once the older one is out.
        out: oneshot::Sender<()>,
    },
    /// The device was unlinked.
    DeviceRemoved,
}

/// How to reach the connection that a device is logged in on.
pub(crate) struct Holder {
    pub(crate) connection: u64,
    pub(crate) control: mpsc::UnboundedSender<Control>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) record: Record,
    pub(crate) script: Script,
    pub(crate) holders: HashMap<String, Holder>,
    pub(crate) waiting: WaitingRoom,
    pub(crate) connections: u64,
    pub(crate) departures: Option<Watcher>,
}

pub(crate) struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self {
            state: Mutex::new(State { world, ..State::default() }),
            changes: watch::Sender::new(0),
        }
    }

    /// The state; a panic elsewhere does not take it away.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world and says so.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let outcome = change(&mut self.state().world);
        self.changed();
        outcome
    }

    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn take_fault(&self, moment: Moment, device: Option<&str>) -> Option<Reaction> {
        self.state().script.take(moment, device)
    }

    /// Ends the session of a device that is linked no more.
    pub(crate) fn throw_out(&self, device: &str) {
        if let Some(holder) = self.state().holders.remove(device) {
            let _ = holder.control.send(Control::DeviceRemoved);
        }
    }

    /// Gives a device's session to a connection, once the one that had it is out.
    pub(crate) async fn take_over(
        &self,
        device: &str,
        connection: u64,
    ) -> mpsc::UnboundedReceiver<Control> {
        let (control, receiver) = mpsc::unbounded_channel();
        let older = self.state().holders.insert(device.to_owned(), Holder { connection, control });
        if let Some(older) = older {
            let (out, is_out) = oneshot::channel();
            let asked = older.control.send(Control::Replaced { newer: connection, out });
            if asked.is_ok() {
                // An error says that the older connection ended by itself, which is as good.
                let _ = is_out.await;
            }
        }
        receiver
    }

    /// The socket of a session is closed.
    pub(crate) fn socket_closed(&self, device: &str, connection: u64) {
        self.state().record.socket_closed(device, connection);
    }

    /// The session itself is over.
    pub(crate) fn release(&self, device: &str, connection: u64) {
        let mut state = self.state();
        state.record.socket_closed(device, connection);
        if state.holders.get(device).is_some_and(|holder| holder.connection == connection) {
            state.holders.remove(device);
        }
    }
}
