//! What a leave would do, without doing it: the operation's own foretelling, with the
//! subjects that WhatsApp's list of groups has.

use domain::group::{Group, GroupJid};
use domain::identifier::{Identifier, IdentifierError};
use domain::problem::Problem;
use domain::tenant::InstanceId;
use operation::leave::{Foretold, foretell};
use whatsapp::{Listed, Participating};

use crate::{Operator, OperatorError};

/// What is foreseen for one identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreseen {
    /// It would be left.
    Leaves {
        /// The group.
        listed: Listed,
        /// Groups of its community that go with it.
        along: Vec<Listed>,
    },
    /// It would be refused.
    Refused {
        /// As this.
        problem: Problem,
        /// The group, when the identifier led to one.
        listed: Option<Listed>,
    },
    /// We are out, and an earlier leave of ours lost its outcome: it would be told as
    /// left.
    Recovered(GroupJid),
}

impl Operator {
    /// Foresees what leaving each of `identifiers` would do; one result for each, in
    /// order. One connection; WhatsApp's list of groups, and a question for each community
    /// and for what is not listed.
    ///
    /// # Errors
    /// Those of a [`Self::visit`]. What concerns one identifier is its result.
    pub async fn rehearse(
        &self,
        instance: &InstanceId,
        identifiers: &[String],
    ) -> Result<Vec<Foreseen>, OperatorError> {
        let parsed: Vec<_> = identifiers.iter().map(|text| Identifier::parse(text)).collect();
        let wanted: Vec<&Identifier> = parsed.iter().flatten().collect();
        if wanted.is_empty() {
            // Nothing that WhatsApp could be asked about.
            return Ok(parsed.iter().map(unparsed).collect());
        }
        let (listed, foretold) = self
            .visit(instance, async |visit, online, credentials| {
                let listed = online.participating(visit.budget()).await?;
                let foretold = foretell(visit, online, credentials, &listed, &wanted).await?;
                Ok((listed, foretold))
            })
            .await?;
        let mut foretold = foretold.into_iter();
        let foreseen = parsed.iter().map(|identifier| match identifier {
            Ok(_) => foretold.next().map_or_else(
                || refused(Problem::Internal),
                |foretold| with_subjects(foretold, &listed),
            ),
            Err(_) => unparsed(identifier),
        });
        Ok(foreseen.collect())
    }
}

fn unparsed(identifier: &Result<Identifier, IdentifierError>) -> Foreseen {
    refused(identifier.as_ref().err().map_or(Problem::Internal, |error| Problem::from(*error)))
}

fn refused(problem: Problem) -> Foreseen {
    Foreseen::Refused { problem, listed: None }
}

fn with_subjects(foretold: Foretold, all: &Participating) -> Foreseen {
    let named = |group: Group| {
        let subject = all.groups.get(&group.jid).and_then(|known| known.subject.clone());
        Listed { group, subject }
    };
    match foretold {
        Foretold::Leaves(group) => {
            let along = all.groups.values();
            // WhatsApp's list is newer than the rows by which leaving tidies.
            let along = along.filter(|other| other.group.kind.parent() == Some(&group.jid));
            Foreseen::Leaves { along: along.cloned().collect(), listed: named(group) }
        }
        Foretold::Recovered(jid) => Foreseen::Recovered(jid),
        Foretold::Refused { problem, group } => {
            Foreseen::Refused { problem, listed: group.map(named) }
        }
    }
}
