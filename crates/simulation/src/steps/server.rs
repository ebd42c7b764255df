//! What WhatsApp does instead of its usual answer, in every place where it can.
//!
//! Nothing here is a lie: what would make WhatsApp say that we are out of a group that we
//! are in, or left one that we are in, can be told by nobody.

use fastrand::Rng;
use whatsapp_simulator::{Fault, LeaveReplyKind, Moment, Reaction, StreamErrorKind};

use crate::weights::Chance;

/// What a fault makes true that was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refuses {
    /// Nothing that lasts.
    Nothing,
    /// The device is no device any more.
    Device,
    /// We are to stay away for a while.
    ForAWhile,
    /// The number is banned for a while.
    Banned,
    /// What was asked for.
    Request,
}

impl Refuses {
    /// What a fault says; more than one thing where it has several targets.
    pub(crate) fn of(fault: &Fault) -> Vec<Self> {
        use Reaction as R;
        match &fault.reaction {
            R::Failure { reason: 401 | 403 | 406, .. }
            | R::StreamError(StreamErrorKind::DeviceRemoved | StreamErrorKind::Code(401 | 516))
            | R::ThenStreamError(
                StreamErrorKind::DeviceRemoved | StreamErrorKind::Code(401 | 516),
            ) => {
                vec![Self::Device]
            }
            R::Failure { reason: 402, .. } => vec![Self::Banned],
            R::Failure { reason: 429, .. }
            | R::StreamError(StreamErrorKind::Code(429))
            | R::ThenStreamError(StreamErrorKind::Code(429)) => vec![Self::ForAWhile],
            R::IqError { code, .. }
            | R::TargetError { code }
            | R::TargetErrorAfterApply { code } => vec![Self::by(*code)],
            R::TargetErrors(codes) => codes.iter().copied().map(Self::by).collect(),
            _ => vec![Self::Nothing],
        }
    }

    fn by(code: u16) -> Self {
        if code == 429 { Self::ForAWhile } else { Self::Request }
    }
}

/// What WhatsApp does to one run: nothing odd, one thing, or several.
pub(super) fn odds(dice: &mut Rng, chance: Chance) -> Vec<Fault> {
    if !chance.strikes(dice) {
        return Vec::new();
    }
    let first = odd(dice);
    match dice.u8(0..8) {
        // Whatever is asked again, it is answered the same.
        0 => vec![first.clone(), first],
        1 => vec![first, odd(dice)],
        _ => vec![first],
    }
}

/// A refusal of WhatsApp's, or an answer that confirms nothing.
pub(super) fn odd(dice: &mut Rng) -> Fault {
    let (moment, reaction) = match dice.u8(0..12) {
        0..=4 => (Moment::Leave, at_the_leave(dice)),
        5 => (Moment::Login, at_the_login(dice)),
        6 => (Moment::Metadata, at_a_question(dice)),
        7 => (Moment::Invite, at_a_question(dice)),
        8 => (Moment::Participating, at_a_question(dice)),
        9 => (Moment::AnyIq, at_a_question(dice)),
        10 => (Moment::Connect, before_the_login(dice)),
        _ => (Moment::ClientHello, before_the_login(dice)),
    };
    Fault::new(moment, reaction)
}

/// The leave is done, and nobody hears of it.
pub(super) fn unheard(dice: &mut Rng) -> Fault {
    let reaction = if dice.bool() { Reaction::SilenceAfterApply } else { Reaction::DropAfterApply };
    Fault::new(Moment::Leave, reaction)
}

/// Nothing is left.
pub(super) fn refused(dice: &mut Rng) -> Fault {
    let code = dice.choice([403, 405, 406, 400]).unwrap_or(403);
    Fault::new(Moment::Leave, Reaction::TargetError { code })
}

/// The number is banned for so many seconds.
pub(super) fn banned(seconds: u64) -> Fault {
    Fault::new(Moment::Login, Reaction::Failure { reason: 402, expire: Some(seconds) })
}

/// We are to stay away, as is said at the login, to a question or to a leave.
pub(super) fn throttled(dice: &mut Rng) -> Fault {
    let seconds = dice.choice([30, 600, 86_400]).unwrap_or(30);
    let (code, text) = (429, "rate-overlimit".to_owned());
    let reaction = Reaction::IqError { code, text, backoff: Some(seconds) };
    match dice.u8(0..5) {
        0 => Fault::new(Moment::Login, Reaction::Failure { reason: 429, expire: None }),
        1 => Fault::new(Moment::Leave, Reaction::TargetError { code }),
        2 => Fault::new(Moment::Invite, reaction),
        3 => Fault::new(Moment::Metadata, reaction),
        _ => Fault::new(Moment::Leave, reaction),
    }
}

/// The device is no device any more, as is said at the login, or in place of any answer.
pub(super) fn gone(dice: &mut Rng) -> Fault {
    if dice.bool() {
        let reason = dice.choice([401, 403, 406]).unwrap_or(401);
        return Fault::new(Moment::Login, Reaction::Failure { reason, expire: None });
    }
    let kinds =
        [StreamErrorKind::DeviceRemoved, StreamErrorKind::Code(401), StreamErrorKind::Code(516)];
    let kind = dice.choice(kinds).unwrap_or(StreamErrorKind::DeviceRemoved);
    let moment = dice.choice([Moment::Login, Moment::Leave]).unwrap_or(Moment::Leave);
    Fault::new(moment, Reaction::StreamError(kind))
}

/// Nothing is answered.
pub(super) fn silent(moment: Moment) -> Fault {
    Fault::new(moment, Reaction::Silence)
}

fn stream_error(dice: &mut Rng) -> StreamErrorKind {
    let kinds = [
        StreamErrorKind::Replaced,
        StreamErrorKind::Replaced,
        StreamErrorKind::DeviceRemoved,
        StreamErrorKind::XmlStreamEnd,
        StreamErrorKind::Code(515),
        StreamErrorKind::Code(516),
        StreamErrorKind::Code(401),
        StreamErrorKind::Code(429),
        StreamErrorKind::Code(503),
    ];
    dice.choice(kinds).unwrap_or(StreamErrorKind::Replaced)
}

fn at_the_leave(dice: &mut Rng) -> Reaction {
    let odd = [
        LeaveReplyKind::Empty,
        LeaveReplyKind::MissingLeave,
        LeaveReplyKind::OtherTarget,
        LeaveReplyKind::OtherId,
        LeaveReplyKind::WrongTag,
    ];
    let refused = [400, 403, 405, 406, 429, 500, 503];
    let some = |dice: &mut Rng| dice.choice(refused).unwrap_or(500);
    match dice.u8(0..14) {
        0 => Reaction::Drop,
        1 => Reaction::DropAfterApply,
        2 => Reaction::TargetErrorAfterApply { code: 500 },
        3 => Reaction::TargetError { code: some(dice) },
        4 => Reaction::TargetErrors((0..3).map(|_| some(dice)).collect()),
        5 | 6 => Reaction::LeaveReply {
            kind: dice.choice(odd).unwrap_or(LeaveReplyKind::Empty),
            applied: dice.bool(),
        },
        7 | 8 => Reaction::SilenceAfterApply,
        9 => Reaction::Silence,
        10 => Reaction::ThenStreamError(stream_error(dice)),
        11 => Reaction::StreamError(stream_error(dice)),
        12 => iq_error(dice),
        _ => Reaction::Noise,
    }
}

fn at_the_login(dice: &mut Rng) -> Reaction {
    match dice.u8(0..8) {
        0 => Reaction::Drop,
        1 | 2 => {
            let reasons = [401, 403, 405, 406, 409, 429, 500, 503];
            Reaction::Failure { reason: dice.choice(reasons).unwrap_or(503), expire: None }
        }
        3 => {
            let most = dice.choice([600, 600, 6 * 86_400, 90 * 86_400]).unwrap_or(600);
            Reaction::Failure { reason: 402, expire: Some(dice.u64(1..most)) }
        }
        4 => Reaction::StreamError(stream_error(dice)),
        5 => Reaction::Silence,
        6 => Reaction::SuccessWithoutLid,
        _ => Reaction::Noise,
    }
}

fn at_a_question(dice: &mut Rng) -> Reaction {
    match dice.u8(0..7) {
        0 => Reaction::Drop,
        1 => Reaction::Silence,
        2 => Reaction::SilenceAfterApply,
        3 => Reaction::DropAfterApply,
        4 => Reaction::StreamError(stream_error(dice)),
        5 => iq_error(dice),
        _ => Reaction::Noise,
    }
}

fn before_the_login(dice: &mut Rng) -> Reaction {
    match dice.u8(0..3) {
        0 => Reaction::Silence,
        1 => Reaction::RawBytes(vec![0x13; 40]),
        _ => Reaction::Drop,
    }
}

fn iq_error(dice: &mut Rng) -> Reaction {
    match dice.u8(0..3) {
        0 => Reaction::IqError {
            code: 429,
            text: "rate-overlimit".to_owned(),
            backoff: Some(dice.choice([1, 30, 90, 86_400 * 30]).unwrap_or(30)),
        },
        1 => {
            Reaction::IqError { code: 500, text: "internal-server-error".to_owned(), backoff: None }
        }
        _ => Reaction::IqError { code: 503, text: "service-unavailable".to_owned(), backoff: None },
    }
}
