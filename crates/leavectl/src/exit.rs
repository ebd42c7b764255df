//! Exit codes: what a script can tell apart.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Done = 0,
    /// Refused or failed, and the same again would be too.
    Failed = 1,
    /// It cannot be understood what was asked.
    Usage = 2,
    /// The instance is not in that group.
    NotAMember = 3,
    /// Refused or failed, and the same again can end otherwise later.
    TryAgain = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        // Its values fit a byte.
        Self::from(exit as u8)
    }
}

impl Exit {
    /// How several ended together: what can change later first, so that trying until that
    /// is over ends; then what failed for good, then what needed nothing.
    pub(crate) fn of_all(all: impl IntoIterator<Item = Self>) -> Self {
        let rank = |exit: &Self| match exit {
            Self::Done => 0,
            Self::NotAMember => 1,
            Self::Failed | Self::Usage => 2,
            Self::TryAgain => 3,
        };
        all.into_iter().max_by_key(rank).unwrap_or(Self::Done)
    }

    /// How several checks ended together: one that has to be mended counts before those
    /// that waiting mends.
    pub(crate) fn of_checks(all: impl IntoIterator<Item = Self>) -> Self {
        let rank = |exit: &Self| match exit {
            Self::Done | Self::NotAMember => 0,
            Self::TryAgain => 1,
            Self::Failed | Self::Usage => 2,
        };
        all.into_iter().max_by_key(rank).unwrap_or(Self::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn of_several_the_one_that_a_script_has_to_act_on_counts() {
        use Exit::{Done, Failed, NotAMember, TryAgain};
        for (all, together) in [
            (vec![], Done),
            (vec![Done, Done], Done),
            (vec![Done, NotAMember, Done], NotAMember),
            (vec![NotAMember, Failed], Failed),
            (vec![TryAgain, Failed, Done], TryAgain),
        ] {
            assert_eq!(Exit::of_all(all.clone()), together, "{all:?}");
        }
    }
}
