//! What can be broken, and which of it this thread breaks.

use std::cell::Cell;

macro_rules! rules {
    ($($(#[doc = $what:literal])+ $rule:ident,)+) => {
        /// A rule that holds, unless a thread breaks it. The numbers are those of the
        /// contract's rules of truth (`docs/truth.md`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Rule {
            $($(#[doc = $what])+ $rule,)+
        }

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$rule),+];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => stringify!($rule),)+
                }
            }

            /// What happens where it is broken.
            pub fn breaks(self) -> &'static str {
                let breaks = match self {
                    $(Self::$rule => concat!($($what),+),)+
                };
                breaks.trim()
            }
        }
    };
}

rules! {
    /// Rule 1: a leave is sent, and no intent stands.
    IntentBeforeTheStanza,
    /// Rule 1: an acquire writes its own intent over an earlier run's.
    EarlierIntentStays,
    /// Rule 1: an earlier run's intent grows old under the stanza of a run that took over.
    EarlierIntentIsRenewed,
    /// Rule 1: a renewed time stays although the run knows that its stanza changed nothing.
    RenewalIsGivenBack,
    /// Rule 1: intents are written and renewed although the lease was taken over.
    IntentsAreFenced,
    /// Rule 1: an intent counts for ever.
    IntentEnds,
    /// Rule 1: an intent counts for half a day.
    IntentLastsADay,
    /// Rule 1: an intent does not count from the end of a block that was remembered.
    BlockPostponesIntents,
    /// Rule 2: evidence is a row that was read before the lease was taken.
    RowIsReadUnderTheLease,
    /// Rule 2: an answered metadata query does not write the row.
    MetadataWritesTheRow,
    /// Rule 2: the row is written although the lease was taken over.
    MembershipIsFenced,
    /// Rule 3: "not a member" and a row are a 200, with no intent.
    IntentIsNeeded,
    /// Rule 3: "not a member" and an intent are a 200, with no evidence of membership.
    EvidenceIsNeeded,
    /// Rule 3: "not a member", an earlier run's intent and a row are a 404.
    LostLeaveIsTold,
    /// Rule 4: a recovered 200 is spoken although its settling failed.
    RecoveredIsSettled,
    /// Rule 4: "not a member" is spoken although its settling failed.
    DenialIsSettled,
    /// Rule 5: a run settles, block and logout included, although its lease was taken over.
    SettlingIsFenced,
    /// Rule 5: settling "not a member" leaves the row.
    SettlingTakesTheRow,
    /// Rule 5: settling leaves the intent of an earlier run.
    SettlingTakesEveryIntent,
    /// Rule 5: a run that changed nothing takes an earlier run's intent back too.
    EarlierIntentIsNotTaken,
    /// Rule 5: a run that changed nothing leaves its own intent.
    OwnIntentIsTakenBack,
    /// Rule 5: a stanza for a connection that had failed counts as sent.
    SpentIsNotSent,
    /// Rule 6: a sync writes although its lease was taken over.
    SyncIsFenced,
    /// Rule 6: a sync removes rows of leaves that are open.
    SyncSparesOpenLeaves,
    /// Rule 6: a community's leave takes rows although its lease was taken over.
    CommunityIsFenced,
    /// Rule 6: a community's leave takes the row of a subgroup whose own leave is open.
    CommunitySparesOpenLeaves,
    /// Rule 6: a deletion, a link or a rename writes although its lease was taken over.
    ReplacingIsFenced,
    /// Rule 6: a deletion, a link or a rename takes a lease that another run holds.
    ReplacingWaits,
    /// Rule 7: a group that was left is sent once more in the same run.
    GroupIsSentOnce,
    /// Rule 7: the portions of a long order do not know of each other's verdicts.
    PortionsShareVerdicts,
    /// Rule 8: a settling fails because an answer is kept already, which nobody looked for.
    SettlingOutlivesAKeptAnswer,
    /// Rule 8: a settling tidies whatever has ended, however much.
    TidyingIsBounded,
    /// Rule 8: any number of intents may be open.
    OpenIntentsAreBounded,
    /// Rule 9: rows of another generation are evidence.
    RowsAreOfTheGeneration,
    /// Rule 9: answers that another generation kept are given again.
    KeptAreOfTheGeneration,
    /// Rule 9: a link under a name that is being deleted keeps the generation.
    LinkAfterDeletionIsNew,
    /// Rule 9: tidying deletes rows of a session that was made under the name meanwhile.
    TidyingSparesTheNew,
    /// Rule 9: an instance that is being deleted answers.
    DeletingIsSilent,
    /// Rule 10: a stanza is sent with no time for its reply.
    ReplyHasTime,
    /// The lease: it is taken although another run holds it.
    LeaseIsExclusive,
    /// The lease: an acquire that arrives after its own release takes it again.
    LateAcquireIsRefused,
    /// The lease: a run logs in although it has run out.
    LeaseBeforeLogin,
    /// The lease: a run sends its leave although it has run out.
    LeaseBeforeStanza,
    /// The 200: a reply without `<leave>` confirms.
    LeaveElementIsNeeded,
    /// The 200: a `<leave>` that does not name the target confirms.
    TargetIsNeeded,
    /// The 200: the status of another target confirms.
    TargetIsCompared,
    /// The 200: a target with an error is confirmed.
    TargetErrorCounts,
    /// The 200: an IQ's error confirms.
    IqErrorCounts,
    /// The 200: a 5xx on a target is a refusal.
    FailedIsUnconfirmed,
    /// The 200: a stanza without a reply was not sent.
    LostIsUnconfirmed,
    /// The 200: "not a member" to a community's second try is not told by the first.
    SecondTryIsOurs,
    /// The 200: a refusal is a 403, without asking whether we are in the group.
    RefusalIsAskedAbout,
    /// The 200: a subgroup takes its community along.
    OnlyTheNamedIsLeft,
    /// Blocks: throttling and bans are not remembered.
    BlockIsRemembered,
    /// Blocks: after throttling or a ban the run asks and sends on.
    BlockEndsTheRun,
    /// Blocks: a ban lasts as long as the server says.
    BanIsBounded,
    /// Blocks: throttling lasts as long as the server says.
    ThrottleIsBounded,
    /// Blocks: a logout is not recorded.
    LogoutIsRecorded,
    /// The limit: a token has any number of requests in a window.
    LimitHolds,
    /// Keys: the same key with another identifier gets the first one's answer.
    KeyNamesOneIdentifier,
    /// Keys: "did not confirm" is kept.
    OnlyFinalIsKept,
    /// Keys: an answer is kept for ever.
    KeptEnds,
    /// Keys: an answer is kept for half a day.
    KeptLastsADay,
    /// Keys: a later answer takes the place of the first, which nobody looked for.
    KeptIsWrittenOnce,
    /// Keys: a request that waited for another with the same key is carried out too.
    KeyIsLookedForAgain,
}

thread_local! {
    static BROKEN: Cell<Option<Rule>> = const { Cell::new(None) };
}

/// This thread breaks `rule` from here on.
pub fn break_here(rule: Rule) {
    BROKEN.set(Some(rule));
}

/// Whether this thread breaks `rule`.
pub fn is_broken(rule: Rule) -> bool {
    BROKEN.get() == Some(rule)
}
