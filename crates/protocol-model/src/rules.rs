//! The protocol's rules, each of which can be broken on its own.

/// One rule of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A lease that has not run out is not taken over.
    HeldLeaseRefused,
    /// Every write after the acquire is on condition that the lease is its own.
    Fence,
    /// An acquire by the run that released last is refused.
    LastOwnerRefused,
    /// The intent stands before the stanza is sent.
    IntentBeforeStanza,
    /// A new run does not overwrite an earlier run's intent.
    IntentKept,
    /// The row is read after the lease was taken.
    RowReadUnderLease,
    /// What the metadata says is in the row before the stanza is sent.
    RowWrittenBeforeStanza,
    /// The lease is checked for time left right before the stanza.
    LeaseCheckedBeforeStanza,
    /// A recovered 200 needs an earlier run's intent.
    RecoveryNeedsIntent,
    /// A recovered 200 needs the row.
    RecoveryNeedsRow,
    /// A recovered 200 is spoken only once its settling is known to be written.
    RecoveredOnlyWhenSettled,
    /// A 404 is spoken only once its settling is known to be written: a run that
    /// was fenced off saw the other run's act.
    DeniedOnlyWhenSettled,
    /// A confirmed 200 is spoken whatever became of its settling.
    ConfirmedWithoutSettling,
    /// Settling an outcome removes the intent, whoever wrote it.
    SettlingEndsEveryIntent,
    /// A run that sent nothing takes its own intent back.
    UnsentIntentTakenBack,
    /// A run that sent nothing leaves an earlier run's intent alone.
    EarlierIntentLeftAlone,
    /// An intent is taken back in the very write that releases the lease.
    TakenBackWithRelease,
    /// A sync of the roster takes the lease.
    SyncTakesLease,
    /// A sync leaves the row alone while an intent is open.
    SyncSparesOpenIntents,
}

/// Which rules of a model are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules<R = Rule> {
    broken: [Option<R>; 2],
}

impl<R: Copy + PartialEq> Rules<R> {
    /// The protocol as it is.
    pub const KEPT: Self = Self { broken: [None, None] };

    /// The protocol without `rule`.
    pub const fn without(rule: R) -> Self {
        Self { broken: [Some(rule), None] }
    }

    /// The protocol without both: for a rule that only shows where another one
    /// fails too.
    pub const fn without_both(rule: R, other: R) -> Self {
        Self { broken: [Some(rule), Some(other)] }
    }

    /// Whether `rule` is kept.
    pub fn keep(self, rule: R) -> bool {
        !self.broken.contains(&Some(rule))
    }
}
