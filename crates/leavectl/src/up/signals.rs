//! What ends a stack: Ctrl-C, `kill`, a terminal that is closed.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The bit of SIGHUP, the signal 1, in a mask of signals.
const HANGUP: u64 = 1;

/// The signals, from when this value is made.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// None where it is ignored on purpose: `nohup leavectl up`.
    hangup: Option<Signal>,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        // A handler would undo what `nohup` did, so that is asked first.
        let hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
        })
    }

    /// Returns when one of them has come.
    pub(super) async fn any(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
    }
}

/// Whether this process was started so that it outlives its terminal. Where there is
/// no `/proc` nobody can tell, and it ends with it.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & HANGUP != 0)
}
