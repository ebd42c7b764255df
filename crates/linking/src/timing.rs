//! How long everything may take.

use std::time::Duration;

use wacore::pair_code::PairCodeUtils;

/// Waiting times. The defaults are a real client's; tests take shorter ones.
#[derive(Debug, Clone)]
pub struct Timing {
    /// One step: a connection, a login, an answer to a question.
    pub step: Duration,
    /// How long the first QR code is shown (WhatsApp Web: 60 s).
    pub first_qr: Duration,
    /// How long each later QR code is shown (WhatsApp Web: 20 s).
    pub next_qr: Duration,
    /// Between two keep-alives (WhatsApp Web: 15 to 30 s).
    pub keep_alive: Duration,
    /// How long a pairing code can be entered (WhatsApp Web: 180 s).
    pub code: Duration,
    /// How long the phone may take from an entered code to the pairing (WhatsApp Web: 60 s).
    pub entered: Duration,
    /// The whole first login, with its retries.
    pub finish: Duration,
    /// Before the first login is tried again.
    pub pause: Duration,
    /// Silence after which the phone's first messages count as read, when WhatsApp has not said
    /// that they are all there.
    pub quiet: Duration,
    /// Silence that is enough once WhatsApp has said so: the phone's history comes a little later.
    pub linger: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            step: Duration::from_secs(20),
            first_qr: Duration::from_mins(1),
            next_qr: Duration::from_secs(20),
            keep_alive: Duration::from_secs(25),
            code: PairCodeUtils::code_validity(),
            entered: PairCodeUtils::primary_hello_pair_success_timeout(),
            finish: Duration::from_secs(90),
            pause: Duration::from_secs(2),
            quiet: Duration::from_secs(10),
            linger: Duration::from_secs(5),
        }
    }
}
