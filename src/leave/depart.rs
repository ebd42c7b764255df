//! Sending the leave, and what WhatsApp's code for each target means.
//! Source of the codes: WhatsApp Web's group exit job.

use tokio::time::Instant;

use super::attempt::Run;
use super::resolve::{Target, cannot_be_left};
use super::verdict::Verdict;
use super::was_attempted;
use crate::group::{Group, GroupKind};
use crate::identifier::Identifier;
use crate::problem::Problem;
use crate::trace::Step;
use crate::whatsapp::{Failure, LeaveError, Online, TargetReply, Told};

/// One wanted identifier on its way.
enum Slot {
    Pending(Target),
    Ended(Verdict),
}

/// What became of one stanza, for each of its targets.
enum Sent {
    /// WhatsApp answered; an IQ's own error counts for every target.
    Answered(Vec<(TargetReply, Told)>),
    /// Nobody knows.
    Lost,
    /// It was not sent.
    Withheld,
}

impl Run<'_> {
    /// Resolves and leaves everything that is wanted: the groups in one
    /// stanza, the communities in another.
    pub(super) async fn leave_all(&mut self, wanted: &[&Identifier]) -> Vec<Verdict> {
        let mut slots = Vec::with_capacity(wanted.len());
        let began = Instant::now();
        for identifier in wanted {
            slots.push(match self.resolve(identifier).await {
                Ok(target) => Slot::Pending(target),
                Err(verdict) => Slot::Ended(verdict),
            });
        }
        self.progress.trace.spent(Step::Resolve, began);
        while let Some(batch) = next_batch(&slots) {
            if batch.iter().any(|target| was_attempted(Some(target.intended.standing()))) {
                self.progress.trace.attempt = 2;
            }
            let began = Instant::now();
            let verdicts = self.leave_batch(&batch).await;
            self.progress.trace.spent(Step::Leave, began);
            for (target, verdict) in batch.iter().zip(verdicts) {
                for slot in &mut slots {
                    if matches!(slot, Slot::Pending(pending) if pending.group().jid == target.group().jid)
                    {
                        *slot = Slot::Ended(verdict.clone());
                    }
                }
            }
        }
        slots.into_iter().map(Slot::verdict).collect()
    }

    async fn leave_batch(&mut self, batch: &[Target]) -> Vec<Verdict> {
        let groups: Vec<Group> = batch.iter().map(|target| target.group().clone()).collect();
        let mut verdicts = Vec::with_capacity(batch.len());
        match self.send(&groups).await {
            Sent::Answered(replies) => {
                for (target, (reply, backoff)) in batch.iter().zip(replies) {
                    verdicts.push(self.judge(target, reply, backoff).await);
                }
            }
            Sent::Lost => verdicts.resize(batch.len(), Verdict::Unconfirmed),
            Sent::Withheld => verdicts.extend(batch.iter().map(|target| Verdict::NotSent {
                jid: Some(target.group().jid.clone()),
                problem: Problem::WhatsAppUnavailable,
            })),
        }
        verdicts
    }

    /// Sends one `<leave>`, if the lease still has time.
    async fn send(&mut self, groups: &[Group]) -> Sent {
        if !self.leased.is_held() {
            tracing::warn!(instance = %self.leased.instance(), "the lease ran out before the leave");
            return Sent::Withheld;
        }
        self.progress.sent = true;
        match self.online.leave(groups, self.budget).await {
            Ok(replies) => {
                Sent::Answered(replies.into_iter().map(|reply| (reply, Told::default())).collect())
            }
            Err(LeaveError::Refused { code, backoff }) => {
                Sent::Answered(groups.iter().map(|_| (TargetReply::Error(code), backoff)).collect())
            }
            Err(LeaveError::Unsent(failure)) => {
                self.saw(&failure);
                Sent::Withheld
            }
            Err(LeaveError::Lost(failure)) => {
                self.saw(&failure);
                Sent::Lost
            }
        }
    }

    /// One target's verdict from its own status.
    async fn judge(&mut self, target: &Target, reply: TargetReply, backoff: Told) -> Verdict {
        let group = target.group();
        match reply {
            TargetReply::Error(400) => {
                self.saw_code(400);
                self.resend(target).await
            }
            TargetReply::Error(code @ 500..) if group.kind == GroupKind::Community => {
                self.saw_code(code);
                // It may have been done all the same: "not a member" is our own act then.
                self.uncertain.insert(group.jid.clone());
                match self.send(std::slice::from_ref(group)).await {
                    Sent::Answered(replies) => match replies.into_iter().next() {
                        Some((reply, backoff)) => {
                            self.judge_once(target, group, reply, backoff).await
                        }
                        None => Verdict::Unconfirmed,
                    },
                    Sent::Lost | Sent::Withheld => Verdict::Unconfirmed,
                }
            }
            reply => self.judge_once(target, group, reply, backoff).await,
        }
    }

    /// As [`Self::judge`], with nothing sent again.
    async fn judge_once(
        &mut self,
        target: &Target,
        group: &Group,
        reply: TargetReply,
        backoff: Told,
    ) -> Verdict {
        let code = match reply {
            TargetReply::Left(confirmed) => {
                // Rows that cannot be read now are stale at worst, and heal when asked for.
                let linked = self.linked_to(group).await.unwrap_or_default();
                return Verdict::Confirmed { confirmed, group: group.clone(), linked };
            }
            TargetReply::Missing => {
                tracing::warn!(instance = %self.leased.instance(), "the reply does not name the target");
                return Verdict::Unconfirmed;
            }
            TargetReply::Error(code) => code,
        };
        self.saw_code(code);
        match code {
            404 => self.absent(group, target.evidence.clone()).await,
            401 | 403 | 405 | 406 => self.member_or_not(target).await,
            429 => {
                let problem = self.throttled(backoff);
                if self.uncertain.contains(&group.jid) {
                    return Verdict::Unconfirmed;
                }
                Verdict::NotSent { jid: Some(group.jid.clone()), problem }
            }
            _ => {
                tracing::warn!(instance = %self.leased.instance(), code, "leave not confirmed");
                Verdict::Unconfirmed
            }
        }
    }

    /// WhatsApp refused, which it does to members and strangers alike: its
    /// metadata decides.
    async fn member_or_not(&mut self, target: &Target) -> Verdict {
        let jid = &target.group().jid;
        match self.online.metadata(jid, self.credentials, self.budget).await {
            Ok(metadata) => Verdict::Refused { group: metadata.group().clone() },
            Err(Failure::Iq { code: 403 | 404, .. }) => {
                self.absent(target.group(), target.evidence.clone()).await
            }
            Err(failure) => {
                self.saw(&failure);
                Verdict::Unconfirmed
            }
        }
    }

    /// 400: the kind that was assumed is wrong. Asks once, sends once more.
    async fn resend(&mut self, target: &Target) -> Verdict {
        let jid = &target.group().jid;
        let metadata = match self.online.metadata(jid, self.credentials, self.budget).await {
            Ok(metadata) => metadata,
            Err(Failure::Iq { code: 403 | 404, .. }) => {
                return self.absent(target.group(), target.evidence.clone()).await;
            }
            Err(failure) => {
                self.saw(&failure);
                return Verdict::Unconfirmed;
            }
        };
        let group = metadata.group().clone();
        if cannot_be_left(&metadata) {
            return Verdict::Refused { group };
        }
        match self.send(std::slice::from_ref(&group)).await {
            Sent::Answered(replies) => match replies.into_iter().next() {
                Some((reply, backoff)) => self.judge_once(target, &group, reply, backoff).await,
                None => Verdict::Unconfirmed,
            },
            Sent::Lost | Sent::Withheld => Verdict::Unconfirmed,
        }
    }
}

impl Slot {
    fn verdict(self) -> Verdict {
        match self {
            Self::Ended(verdict) => verdict,
            // Every pending slot was in a batch.
            Self::Pending(_) => Verdict::Unconfirmed,
        }
    }
}

/// The next targets that may share a stanza, each once.
fn next_batch(slots: &[Slot]) -> Option<Vec<Target>> {
    let mut batch: Vec<Target> = Vec::new();
    for slot in slots {
        let Slot::Pending(target) = slot else {
            continue;
        };
        let fits =
            batch.first().is_none_or(|first| Online::share_stanza(first.group(), target.group()));
        let is_new = batch.iter().all(|other| other.group().jid != target.group().jid);
        if fits && is_new {
            batch.push(target.clone());
        }
    }
    (!batch.is_empty()).then_some(batch)
}
