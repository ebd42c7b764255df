//! A latch between a test and the server.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

/// The test's end of a [`Reaction::Hold`](crate::Reaction::Hold): clones share one latch.
#[derive(Clone)]
pub struct HoldHandle {
    reached: Arc<watch::Sender<bool>>,
    released: Arc<watch::Sender<bool>>,
}

impl HoldHandle {
    /// A handle that holds.
    #[must_use]
    pub fn new() -> Self {
        Self {
            reached: Arc::new(watch::Sender::new(false)),
            released: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Lets the server go on, now or when it gets there.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    /// Returns once the server waits at this handle.
    pub async fn reached(&self) {
        wait(&self.reached).await;
    }

    /// Marks the handle as reached and waits for its release: for other servers
    /// of a test that hold at the same handle.
    pub async fn hold(&self) {
        self.mark_reached();
        self.released().await;
    }

    pub(crate) fn mark_reached(&self) {
        self.reached.send_replace(true);
    }

    pub(crate) async fn released(&self) {
        wait(&self.released).await;
    }
}

/// The sender is borrowed for as long as the wait lasts, so its channel cannot close.
async fn wait(latch: &watch::Sender<bool>) {
    let _ = latch.subscribe().wait_for(|set| *set).await;
}

impl Default for HoldHandle {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HoldHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HoldHandle")
            .field("reached", &*self.reached.borrow())
            .field("released", &*self.released.borrow())
            .finish()
    }
}
