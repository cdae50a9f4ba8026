//! What may be done when, and by whom: every combination of a state, a command and a party has one answer here.

use chrono::{DateTime, TimeDelta, Utc};

use super::{DisputeRow, DisputeStatus};
use crate::db::ids::MemberId;

/// How long the other side may take to answer.
pub const ANSWER_TIME: TimeDelta = TimeDelta::days(7);
/// How long after the answer evidence can be brought.
pub const EVIDENCE_TIME: TimeDelta = TimeDelta::days(3);
/// Characters of a reason, an answer or a decision.
pub const STATEMENT_LENGTH: std::ops::RangeInclusive<usize> = 10..=2000;
/// Characters of a piece of evidence.
pub const EVIDENCE_LENGTH: std::ops::RangeInclusive<usize> = 1..=4000;
/// Pieces of evidence that each side may bring.
pub const MOST_EVIDENCE: i64 = 20;
/// What silence means, for people.
pub const SILENCE_RULE: &str =
    "If the other side does not answer within 7 days, the dispute is settled as asked.";

/// The part that a member has in a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Opened it.
    Opener,
    /// Is the other side.
    Respondent,
}

/// What can be asked of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The respondent accepts or makes an offer.
    Respond,
    /// The opener accepts the offer.
    AcceptOffer,
    /// Either side brings evidence.
    AddEvidence,
    /// The opener gives it up.
    Withdraw,
    /// An administrator divides the price.
    Resolve,
    /// The clock settles it as asked.
    Expire,
}

/// A command that the state does not permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not possible in the state {from}")]
pub struct DisputeIllegal {
    /// The status that forbids it.
    pub from: &'static str,
    /// The mutations that are possible now, by whomever.
    pub allowed: &'static [&'static str],
}

impl DisputeRow {
    /// The part that a member has in it; `None` = neither side.
    #[must_use]
    pub fn party(&self, member: MemberId) -> Option<Party> {
        if member == self.opened_by {
            Some(Party::Opener)
        } else if member == self.learner_id || member == self.mentor_id {
            Some(Party::Respondent)
        } else {
            None
        }
    }

    /// The side that has to answer.
    #[must_use]
    pub fn respondent(&self) -> MemberId {
        if self.opened_by == self.learner_id { self.mentor_id } else { self.learner_id }
    }

    /// Whether it is settled or withdrawn.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.status, DisputeStatus::Resolved | DisputeStatus::Withdrawn)
    }

    /// Whether the state permits a command at an instant, whoever gives it.
    ///
    /// # Errors
    /// [`DisputeIllegal`] if not.
    pub fn permits(&self, command: Command, now: DateTime<Utc>) -> Result<(), DisputeIllegal> {
        use Command::{AcceptOffer, AddEvidence, Expire, Resolve, Respond, Withdraw};
        let evidence_open = self.evidence_until.is_none_or(|until| now < until);
        let possible = match (self.status, command) {
            // From that instant on it is the clock's.
            (DisputeStatus::Open, Respond | AddEvidence | Withdraw) => now < self.answer_by,
            (DisputeStatus::Open, Expire) => now >= self.answer_by,
            (DisputeStatus::Answered, AddEvidence) => evidence_open,
            (DisputeStatus::Open, Resolve) | (DisputeStatus::Answered, AcceptOffer | Withdraw | Resolve) => {
                true
            }
            (DisputeStatus::Open, AcceptOffer)
            | (DisputeStatus::Answered, Respond | Expire)
            | (DisputeStatus::Resolved | DisputeStatus::Withdrawn, _) => false,
        };
        if possible { Ok(()) } else { Err(self.illegal(now)) }
    }

    fn illegal(&self, now: DateTime<Utc>) -> DisputeIllegal {
        let evidence_open = self.evidence_until.is_none_or(|until| now < until);
        let allowed: &[&str] = match self.status {
            DisputeStatus::Open if now < self.answer_by => {
                &["respondDispute", "addDisputeEvidence", "withdrawDispute", "resolveDispute"]
            }
            DisputeStatus::Open => &["resolveDispute"],
            DisputeStatus::Answered if evidence_open => {
                &["acceptDisputeOffer", "addDisputeEvidence", "withdrawDispute", "resolveDispute"]
            }
            DisputeStatus::Answered => &["acceptDisputeOffer", "withdrawDispute", "resolveDispute"],
            DisputeStatus::Resolved | DisputeStatus::Withdrawn => &[],
        };
        DisputeIllegal { from: self.status.as_str(), allowed }
    }
}

impl Command {
    /// Whether a side may give it. What the administrators and the clock command is neither's.
    #[must_use]
    pub fn is_for(self, party: Party) -> bool {
        match self {
            Self::Respond => party == Party::Respondent,
            Self::AcceptOffer | Self::Withdraw => party == Party::Opener,
            Self::AddEvidence => true,
            Self::Resolve | Self::Expire => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ids::{BookingId, DisputeId, SessionId};

    const COMMANDS: [(Command, &str); 5] = [
        (Command::Respond, "respondDispute"),
        (Command::AcceptOffer, "acceptDisputeOffer"),
        (Command::AddEvidence, "addDisputeEvidence"),
        (Command::Withdraw, "withdrawDispute"),
        (Command::Resolve, "resolveDispute"),
    ];

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    /// Opened at hour 0, to be answered by hour 10; answered at hour 5, evidence until hour 8.
    fn dispute(status: DisputeStatus) -> DisputeRow {
        let (learner_id, mentor_id) = (MemberId::new(), MemberId::new());
        let answered = status == DisputeStatus::Answered;
        DisputeRow {
            id: DisputeId::new(),
            booking_id: BookingId::new(),
            session_id: SessionId::new(),
            learner_id,
            mentor_id,
            opened_by: learner_id,
            status,
            reason: "It was not what was promised.".to_owned(),
            held: 6000,
            asked: 6000,
            currency: "CREDIT".to_owned(),
            opened_at: at(0),
            answer_by: at(10),
            answered_at: answered.then(|| at(5)),
            answer: None,
            offered: answered.then_some(0),
            evidence_until: answered.then(|| at(8)),
            closed_at: None,
            outcome: None,
            to_learner: None,
            to_mentor: None,
            fee: None,
            decided_by: None,
            decision: None,
            messages: 0,
            messages_hash: Vec::new(),
            version: 1,
        }
    }

    #[test]
    fn every_state_and_command_has_one_answer() {
        let line = |status, hour| {
            let row = dispute(status);
            let commands = COMMANDS.iter().map(|(command, _)| *command).chain([Command::Expire]);
            let answers: Vec<&str> = commands
                .map(|command| if row.permits(command, at(hour)).is_ok() { "yes" } else { "x" })
                .collect();
            answers.join(" ")
        };
        let instant = 10;
        // respond, accept the offer, evidence, withdraw, resolve; the clock
        assert_eq!(line(DisputeStatus::Open, 9), "yes x yes yes yes x");
        assert_eq!(line(DisputeStatus::Open, instant), "x x x x yes yes");
        assert_eq!(line(DisputeStatus::Answered, 7), "x yes yes yes yes x");
        assert_eq!(line(DisputeStatus::Answered, 8), "x yes x yes yes x");
        assert_eq!(line(DisputeStatus::Answered, 99), "x yes x yes yes x");
        assert_eq!(line(DisputeStatus::Resolved, 1), "x x x x x x");
        assert_eq!(line(DisputeStatus::Withdrawn, 1), "x x x x x x");
    }

    #[test]
    fn a_refusal_names_exactly_the_mutations_that_are_possible() {
        for &status in DisputeStatus::ALL {
            for hour in [1, 8, 10, 99] {
                let row = dispute(status);
                let possible = |command: &&(Command, &str)| row.permits(command.0, at(hour)).is_ok();
                let mut possible: Vec<&str> =
                    COMMANDS.iter().filter(possible).map(|(_, name)| *name).collect();
                let mut told = row.illegal(at(hour)).allowed.to_vec();
                possible.sort_unstable();
                told.sort_unstable();
                assert_eq!(told, possible, "{status} at hour {hour}");
            }
        }
    }

    #[test]
    fn each_side_has_its_own_commands() {
        let row = dispute(DisputeStatus::Open);
        assert_eq!(row.party(row.learner_id), Some(Party::Opener));
        assert_eq!(row.party(row.mentor_id), Some(Party::Respondent));
        assert_eq!((row.party(MemberId::new()), row.respondent()), (None, row.mentor_id));
        let of =
            |party| COMMANDS.iter().filter(move |(command, _)| command.is_for(party)).map(|(_, name)| *name);
        assert_eq!(
            of(Party::Opener).collect::<Vec<_>>(),
            ["acceptDisputeOffer", "addDisputeEvidence", "withdrawDispute"]
        );
        assert_eq!(of(Party::Respondent).collect::<Vec<_>>(), ["respondDispute", "addDisputeEvidence"]);
    }
}
