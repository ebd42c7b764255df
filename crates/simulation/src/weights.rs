//! How often what happens, drawn for each seed: some of it never, so that others are not
//! hidden behind it (swarm testing).

use fastrand::Rng;

/// One chance in a thousand, so many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chance(u16);

impl Chance {
    fn draw(dice: &mut Rng, some: [u16; 4]) -> Self {
        // Two of six are never.
        let drawn = dice.usize(0..6);
        Self(some.get(drawn).copied().unwrap_or_default())
    }

    pub(crate) const NEVER: Self = Self(0);

    pub(crate) fn strikes(self, dice: &mut Rng) -> bool {
        dice.u16(0..1_000) < self.0
    }
}

/// What a seed has at all, and how much of it.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    /// A call to `DynamoDB` meets a fault.
    pub(crate) call: Chance,
    /// A connection is refused, not answered, or cut.
    pub(crate) connection: Chance,
    /// WhatsApp refuses, throttles, or answers oddly.
    pub(crate) server: Chance,
    /// A run crashes.
    pub(crate) crash: Chance,
    /// The table answers with errors from some call of a run on.
    pub(crate) outage: Chance,
    /// A run freezes.
    pub(crate) freeze: Chance,
    /// The next step does not wait for this one.
    pub(crate) overlap: Chance,
    /// A request is one that was made before.
    pub(crate) repeat: Chance,
    /// A request has a key.
    pub(crate) key: Chance,
    /// A request carries the instance's own token, which has a small limit.
    pub(crate) own_token: Chance,
    /// A request carries a token that is to be refused.
    pub(crate) stranger: Chance,
    /// An operator's calls and connections meet what others' do.
    pub(crate) operator: Chance,
    /// The lease of a run that freezes ends meanwhile.
    pub(crate) takeover: Chance,
    /// A command names more than are looked at in one go.
    pub(crate) long: Chance,
    /// A story begins.
    pub(crate) story: Chance,
    /// Ranks, kinds, invites and devices change.
    pub(crate) rare: Chance,
    /// Steps of each kind, against each other.
    pub(crate) steps: [u16; 10],
}

impl Weights {
    pub(crate) fn draw(dice: &mut Rng) -> Self {
        let mut chance = |some| Chance::draw(dice, some);
        Self {
            call: chance([10, 40, 120, 250]),
            connection: chance([20, 80, 200, 400]),
            server: chance([50, 150, 300, 500]),
            crash: chance([20, 80, 200, 400]),
            outage: chance([20, 50, 100, 200]),
            freeze: chance([20, 60, 150, 300]),
            overlap: chance([50, 150, 400, 700]),
            repeat: chance([100, 300, 400, 700]),
            key: chance([100, 300, 500, 900]),
            own_token: chance([100, 300, 600, 900]),
            stranger: chance([20, 50, 100, 200]),
            operator: chance([200, 500, 1_000, 1_000]),
            takeover: chance([300, 500, 800, 1_000]),
            long: chance([50, 100, 200, 400]),
            story: chance([20, 50, 100, 200]),
            rare: chance([200, 400, 600, 1_000]),
            steps: std::array::from_fn(|_| dice.choice([0, 0, 1, 2, 4, 8]).unwrap_or(1)),
        }
    }
}
