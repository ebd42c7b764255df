//! Sending the leave, and what WhatsApp's status for each target means.

use domain::broken;
use domain::group::{Group, GroupJid, GroupKind};
use domain::problem::Problem;
use domain::trace::Step;
use store::session::Intended;
use tokio::time::Instant;
use whatsapp::{LeaveError, Metadata, MetadataError, Online, TargetReply};

use super::evidence::Evidence;
use super::resolve::{cannot_be_left, nothing_done, was_attempted};
use super::run::Run;
use super::target::Target;
use super::verdict::Verdict;

/// A target whose intent stands.
struct Ready {
    intended: Intended,
    evidence: Option<Evidence>,
    /// A stanza of this very run named it, and its outcome is not known.
    is_uncertain: bool,
}

impl Ready {
    fn group(&self) -> &Group {
        self.intended.group()
    }
}

/// What became of one stanza, for each of its targets.
enum Sent {
    /// WhatsApp answered.
    Answered(Vec<TargetReply>),
    /// Nobody knows.
    Lost,
    /// It was not sent, for this reason.
    Withheld(Problem),
}

impl Run<'_, '_> {
    /// Leaves everything that may be left: the groups in one stanza, the communities
    /// in another. Groups first: those of a community go with it, and then a
    /// stanza of their own would find that they are left.
    pub(super) async fn leave_all(&mut self) {
        let mut targets: Vec<Target> = std::mem::take(&mut self.targets).into_values().collect();
        targets.sort_by_key(|target| target.group.kind == GroupKind::Community);
        while let Some(first) = targets.first() {
            let first = first.group.clone();
            let shares = |target: &Target| Online::share_stanza(&first, &target.group);
            let (batch, rest): (Vec<_>, Vec<_>) = targets.into_iter().partition(shares);
            targets = rest;
            let began = Instant::now();
            self.leave_batch(batch, 1 + usize::from(!targets.is_empty())).await;
            self.visit.trace().spent(Step::Leave, began);
        }
    }

    /// One stanza and the verdicts of its targets; `left` stanzas are to come, this
    /// one included.
    async fn leave_batch(&mut self, targets: Vec<Target>, left: usize) {
        let batch = self.intend(targets).await;
        if batch.is_empty() {
            return;
        }
        let intended: Vec<&Intended> = batch.iter().map(|ready| &ready.intended).collect();
        let replies = match self.send(&intended, left).await {
            Sent::Answered(replies) => replies,
            Sent::Lost => {
                self.end_all(batch.iter().map(Ready::group), &Verdict::Unconfirmed);
                return;
            }
            Sent::Withheld(problem) => {
                self.end_all(batch.iter().map(Ready::group), &nothing_done(problem));
                return;
            }
        };
        // Before anything is asked about one target: a throttled one ends the asking. One
        // stanza's throttling is one event, whatever the number of its targets.
        let throttled = replies.iter().find(|reply| matches!(reply, TargetReply::Throttled(_)));
        if let Some(reply) = throttled {
            self.saw_throttling(reply);
        }
        let mut to_ask = batch.len();
        for (ready, reply) in batch.into_iter().zip(replies) {
            let jid = ready.group().jid.clone();
            let verdict = self.judge(ready, reply, to_ask).await;
            self.progress.ended(&jid, verdict);
            to_ask -= 1;
        }
    }

    /// Makes sure that an intent stands for each target, counting from now. Returns
    /// those that may be sent.
    async fn intend(&mut self, targets: Vec<Target>) -> Vec<Ready> {
        let groups: Vec<Group> = targets.iter().map(|target| target.group.clone()).collect();
        if let Some(problem) = self.stopped {
            self.end_all(&groups, &nothing_done(problem));
            return Vec::new();
        }
        let intended = match self.leased.intend(groups.clone(), self.shares.run()).await {
            Ok(intended) => intended,
            Err(error) => {
                self.end_all(&groups, &nothing_done(Problem::from(&error)));
                return Vec::new();
            }
        };
        let mut batch = Vec::with_capacity(targets.len());
        for (Target { group, evidence, .. }, intended) in targets.into_iter().zip(intended) {
            match intended {
                Ok(intended) => {
                    if was_attempted(Some(intended.standing())) {
                        self.visit.trace().attempt = 2;
                    }
                    batch.push(Ready { intended, evidence, is_uncertain: false });
                }
                Err(error) => {
                    self.progress.ended(&group.jid, nothing_done(Problem::from(&error)));
                }
            }
        }
        batch
    }

    fn end_all<'a>(&mut self, groups: impl IntoIterator<Item = &'a Group>, verdict: &Verdict) {
        for group in groups {
            self.progress.ended(&group.jid, verdict.clone());
        }
    }

    /// Sends one `<leave>`, if the lease still has time, the reply can still come, and
    /// nothing has stopped the run.
    async fn send(&mut self, intended: &[&Intended], left: usize) -> Sent {
        if let Some(problem) = self.stopped {
            return Sent::Withheld(problem);
        }
        let Some(budget) = self.shares.stanza(left) else {
            tracing::warn!(instance = %self.leased.instance(), "no time is left for the leave");
            return Sent::Withheld(Problem::WhatsAppUnavailable);
        };
        let groups: Vec<Group> = intended.iter().map(|target| target.group().clone()).collect();
        let jids = || groups.iter().map(|group| &group.jid);
        self.progress.sending(jids());
        let leased = self.leased;
        let is_held = || leased.is_held() || broken!(LeaseBeforeStanza);
        match self.online.leave(&groups, budget, is_held).await {
            Ok(replies) => Sent::Answered(replies),
            Err(LeaveError::LeaseExpired) => {
                tracing::warn!(instance = %leased.instance(), "the lease ran out before the leave");
                self.progress.not_sent(jids());
                Sent::Withheld(Problem::WhatsAppUnavailable)
            }
            Err(LeaveError::Lost(failure)) => {
                self.saw(&failure);
                Sent::Lost
            }
            Err(LeaveError::Unsent(failure)) => {
                self.progress.not_sent(jids());
                self.saw(&failure);
                Sent::Withheld(self.problem(&failure))
            }
        }
    }

    fn saw_throttling(&mut self, reply: &TargetReply) {
        if let TargetReply::Throttled(failure) = reply {
            self.saw(failure);
        }
    }

    /// One target's verdict from its own status. What WhatsApp asks to be tried once
    /// more is sent once more.
    async fn judge(&mut self, ready: Ready, reply: TargetReply, to_ask: usize) -> Verdict {
        self.saw_code(reply.code());
        match reply {
            TargetReply::Left(_) if broken!(GroupIsSentOnce) => {
                self.send_again(ready, to_ask).await
            }
            TargetReply::WrongKind(_) => self.resend(ready, to_ask).await,
            TargetReply::Failed(_) if ready.group().kind == GroupKind::Community => {
                // It may have been done all the same: "not a member" is our own act then.
                let is_uncertain = !broken!(SecondTryIsOurs);
                self.send_again(Ready { is_uncertain, ..ready }, to_ask).await
            }
            reply => self.judge_once(&ready, reply, to_ask).await,
        }
    }

    /// Sends one target once more and judges what is said then.
    async fn send_again(&mut self, ready: Ready, to_ask: usize) -> Verdict {
        match self.send(&[&ready.intended], 1).await {
            Sent::Answered(replies) => match replies.into_iter().next() {
                Some(reply) => {
                    self.saw_throttling(&reply);
                    self.saw_code(reply.code());
                    self.judge_once(&ready, reply, to_ask).await
                }
                None => Verdict::Unconfirmed,
            },
            Sent::Lost => Verdict::Unconfirmed,
            Sent::Withheld(problem) => self.refused(&ready, problem),
        }
    }

    /// As [`Self::judge`], with nothing sent again.
    async fn judge_once(&mut self, ready: &Ready, reply: TargetReply, to_ask: usize) -> Verdict {
        match reply {
            TargetReply::Left(confirmed) => {
                // Rows that cannot be read now are stale at worst, and heal when asked for.
                let linked = self.linked_to(ready.group()).await.unwrap_or_default();
                Verdict::Confirmed { confirmed, group: ready.group().clone(), linked }
            }
            TargetReply::NotMember(_) => self.is_absent(ready).await,
            TargetReply::Denied(_) if broken!(RefusalIsAskedAbout) => {
                Verdict::Refused { group: ready.group().clone() }
            }
            TargetReply::Denied(_) => self.member_or_not(ready, to_ask).await,
            TargetReply::Throttled(_) => {
                self.refused(ready, self.stopped.unwrap_or(Problem::WhatsAppUnavailable))
            }
            reply @ (TargetReply::WrongKind(_)
            | TargetReply::Failed(_)
            | TargetReply::Unknown(_)
            | TargetReply::Missing) => {
                tracing::warn!(instance = %self.leased.instance(), ?reply, "leave not confirmed");
                Verdict::Unconfirmed
            }
        }
    }

    async fn is_absent(&self, ready: &Ready) -> Verdict {
        self.absent(ready.group(), ready.evidence.clone(), ready.is_uncertain).await
    }

    /// WhatsApp refused, which it does to members and strangers alike: its
    /// metadata decides.
    async fn member_or_not(&mut self, ready: &Ready, to_ask: usize) -> Verdict {
        match self.ask_afterwards(&ready.group().jid, to_ask).await {
            Ok(metadata) => Verdict::Refused { group: metadata.group().clone() },
            Err(Unasked::NotMember) => self.is_absent(ready).await,
            Err(Unasked::Failed(problem)) => self.refused(ready, problem),
        }
    }

    /// 400: the kind that was assumed is wrong. Asks once, sends once more.
    async fn resend(&mut self, ready: Ready, to_ask: usize) -> Verdict {
        let metadata = match self.ask_afterwards(&ready.group().jid, to_ask).await {
            Ok(metadata) => metadata,
            Err(Unasked::NotMember) => return self.is_absent(&ready).await,
            Err(Unasked::Failed(problem)) => return self.refused(&ready, problem),
        };
        let group = metadata.group().clone();
        if cannot_be_left(&metadata) {
            return Verdict::Refused { group };
        }
        match ready.intended.of_kind(group) {
            Some(intended) => self.send_again(Ready { intended, ..ready }, to_ask).await,
            None => Verdict::Unconfirmed,
        }
    }

    /// WhatsApp said of this very target that nothing was done, and no more can be
    /// learned. What is open from an earlier stanza is as open as before.
    fn refused(&self, ready: &Ready, problem: Problem) -> Verdict {
        if ready.is_uncertain {
            return Verdict::Unconfirmed;
        }
        let is_open = was_attempted(self.leased.standing(&ready.group().jid));
        nothing_done(if is_open { Problem::Unconfirmed } else { problem })
    }

    /// Asks for the metadata of a target that was refused.
    async fn ask_afterwards(&mut self, jid: &GroupJid, to_ask: usize) -> Result<Metadata, Unasked> {
        if let Some(problem) = self.stopped {
            return Err(Unasked::Failed(problem));
        }
        let budget = self.shares.afterwards(to_ask);
        match self.online.metadata(jid, self.credentials, budget).await {
            Ok(metadata) => Ok(metadata),
            Err(MetadataError::NotMember(_)) => Err(Unasked::NotMember),
            Err(MetadataError::Failed(failure)) => {
                self.saw(&failure);
                Err(Unasked::Failed(self.problem(&failure)))
            }
        }
    }
}

/// Why there is no metadata.
enum Unasked {
    /// WhatsApp says that we are not in the group, or that there is none.
    NotMember,
    /// It did not answer, or was not asked any more.
    Failed(Problem),
}
