//! The first login of a new device: what a real client does before the phone takes it for ready.
//!
//! App state, presence and privacy are left out: the function needs none of them.

use domain::clock::{Budget, Clock};
use tokio::time::{Instant, sleep, timeout_at};
use wacore::iq::passive::PassiveModeSpec;
use whatsapp::{CLOSING, Dialer, Failure, LoginFailure, Step, StreamError};

use crate::conversation::Conversation;
use crate::error::Unfinished;
use crate::event::{Event, FirstLogin};
use crate::keys::OneTimeKeys;
use crate::pairing::{Paired, failure};
use crate::signal::Signal;
use crate::timing::Timing;
use crate::{inbox, keys};

/// How often the first login is begun at most.
const TRIES: usize = 3;

/// When a login may still be made: the session's lease has time.
type IsOurs<'a> = &'a (dyn Fn() -> bool + Sync);

impl Paired {
    /// The first login: hands over the keys for messages, and receives the phone's first ones.
    /// Tried again when the connection fails, all within [`Timing::finish`]. No login is made
    /// once `is_ours` says no: the lease that it runs under is over.
    ///
    /// # Errors
    /// [`Unfinished`]; the credentials are good all the same, unless it says that WhatsApp does
    /// not know the device.
    pub async fn finish(
        &self,
        dialer: &Dialer,
        clock: &dyn Clock,
        timing: &Timing,
        is_ours: impl Fn() -> bool + Sync,
        mut on: impl FnMut(Event<'_>),
    ) -> Result<(), Unfinished> {
        let whole = Budget::of(timing.finish);
        // The connection is closed within the same time.
        let work = whole.keeping(CLOSING);
        // The same in every try: an earlier one may have uploaded them already.
        let keys = OneTimeKeys::of_seed(&self.companion.one_time_seed);
        let mut tries = 1;
        loop {
            let login =
                FirstTry { dialer, clock, timing, keys: &keys, whole, work, is_ours: &is_ours };
            let tried = self.log_in_first(&login, &mut on).await;
            let again = matches!(&tried, Err(Unfinished::Connection(failure)) if passes(failure));
            if !again || tries == TRIES || work.remaining() <= timing.pause {
                return tried;
            }
            sleep(timing.pause).await;
            tries += 1;
        }
    }

    async fn log_in_first(
        &self,
        first: &FirstTry<'_>,
        on: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Unfinished> {
        on(Event::Finishing(FirstLogin::LoggingIn));
        let FirstTry { dialer, clock, timing, keys, whole, work, is_ours } = *first;
        let step = work.at_most(timing.step);
        let greeted = dialer.greet(step, clock.now()).await?;
        let mut online = greeted.login(&self.credentials, step, is_ours).await.map_err(failure)?;
        let mut conversation = Conversation::new(&mut online, timing);
        let finished = self.get_ready(&mut conversation, timing, keys, work.end(), on).await;
        online.close(whole.at_most(timing.step)).await;
        finished
    }

    /// Passive until the keys are there, or the queue would come between the questions.
    async fn get_ready(
        &self,
        conversation: &mut Conversation<'_>,
        timing: &Timing,
        keys: &OneTimeKeys,
        end: Instant,
        on: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Unfinished> {
        let device = &self.companion.device;
        let active = async {
            on(Event::Finishing(FirstLogin::Keys));
            keys::hand_over(conversation, device, keys).await?;
            on(Event::Finishing(FirstLogin::Messages));
            Ok::<_, Unfinished>(conversation.ask(&PassiveModeSpec::active()).await?)
        };
        timeout_at(end, active).await.unwrap_or(Err(Failure::Timeout(Step::Iq).into()))?;
        inbox::drain(conversation, &mut Signal::new(device, keys), timing, end).await?;
        Ok(())
    }
}

/// What each try of a first login needs.
#[derive(Clone, Copy)]
struct FirstTry<'a> {
    dialer: &'a Dialer,
    clock: &'a dyn Clock,
    timing: &'a Timing,
    keys: &'a OneTimeKeys,
    whole: Budget,
    work: Budget,
    is_ours: IsOurs<'a>,
}

/// Whether a connection's failure may be another one's success.
fn passes(failure: &Failure) -> bool {
    match failure {
        Failure::Connect(_)
        | Failure::Timeout(_)
        | Failure::Closed
        | Failure::Login(LoginFailure::Unavailable(_))
        | Failure::Stream(StreamError::Code(_) | StreamError::End | StreamError::Unknown) => true,
        Failure::Spent(cause) => passes(cause),
        Failure::Protocol(_)
        | Failure::Certificate(_)
        | Failure::Login(_)
        | Failure::Stream(_)
        | Failure::Iq(_) => false,
    }
}
