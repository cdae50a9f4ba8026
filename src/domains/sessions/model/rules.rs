//! What may be done when: every pair of a state and a command has one answer here and nowhere else.

use chrono::{DateTime, TimeDelta, Utc};

use super::{BookingStatus, SessionRow, SessionStatus};

/// How long before the planned start the room opens.
pub const OPENS_BEFORE: TimeDelta = TimeDelta::minutes(10);
/// How long a live session may go on after its planned end.
pub const OVERRUN: TimeDelta = TimeDelta::hours(1);
/// How long after its planned end a session that nobody started is given up.
pub const GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(24);
/// How long after the end a booking completes by itself.
pub const CONFIRM_WINDOW: TimeDelta = TimeDelta::hours(72);
/// Lengths that can be booked, in minutes.
pub const BOOKABLE_MINUTES: std::ops::RangeInclusive<i64> = 15..=240;

/// A session's status at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Scheduled; the room is not open yet.
    Upcoming,
    /// Scheduled; the room is open, the start has not come.
    Open,
    /// Scheduled; the start has come, nobody started it.
    Due,
    /// Scheduled; the end has come, nobody started it.
    Missed,
    /// Going on.
    Live,
    /// Over.
    Ended,
    /// Called off.
    Cancelled,
}

/// What can be asked of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCommand {
    /// The host starts it.
    Start,
    /// A participant enters the room.
    Join,
    /// The host, or the clock after the overrun, ends it.
    End,
    /// The last booking was cancelled.
    Cancel,
    /// The clock gives it up, because nobody started it.
    GiveUp,
}

/// What can be asked of a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookingCommand {
    /// The learner or the mentor cancels it.
    Cancel,
    /// The clock gives up the session.
    GiveUp,
    /// The learner, or the clock after the confirm window, completes it.
    Confirm,
    /// The learner or the mentor contests where its price goes.
    Dispute,
    /// The dispute is withdrawn.
    Resume,
    /// The dispute is settled.
    Settle,
}

/// What a permitted command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<S> {
    /// The status becomes this.
    To(S),
    /// The status stays as it is: permitted, or done before.
    Stay,
}

/// A command that the state does not permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not possible in the state {from}")]
pub struct Illegal {
    /// The status that forbids it.
    pub from: &'static str,
    /// The mutations that are possible now.
    pub allowed: &'static [&'static str],
}

impl SessionRow {
    /// The phase at an instant.
    #[must_use]
    pub fn phase(&self, now: DateTime<Utc>) -> Phase {
        match self.status {
            SessionStatus::Scheduled if now < self.starts_at - OPENS_BEFORE => Phase::Upcoming,
            SessionStatus::Scheduled if now < self.starts_at => Phase::Open,
            SessionStatus::Scheduled if now < self.ends_at => Phase::Due,
            SessionStatus::Scheduled => Phase::Missed,
            SessionStatus::Live => Phase::Live,
            SessionStatus::Ended => Phase::Ended,
            SessionStatus::Cancelled => Phase::Cancelled,
        }
    }

    /// What the clock commands at an instant, because nobody else did in time.
    #[must_use]
    pub fn overdue(&self, now: DateTime<Utc>) -> Option<SessionCommand> {
        match self.status {
            SessionStatus::Live if now >= self.ends_at + OVERRUN => Some(SessionCommand::End),
            SessionStatus::Scheduled if now >= self.ends_at + GIVEN_UP_AFTER => Some(SessionCommand::GiveUp),
            _ => None,
        }
    }

    /// Planned length.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        (self.ends_at - self.starts_at).num_minutes()
    }
}

impl Phase {
    /// Every phase, in the order of a session's life.
    pub const ALL: [Self; 7] =
        [Self::Upcoming, Self::Open, Self::Due, Self::Missed, Self::Live, Self::Ended, Self::Cancelled];

    /// The status behind the phase.
    #[must_use]
    pub const fn status(self) -> SessionStatus {
        match self {
            Self::Upcoming | Self::Open | Self::Due | Self::Missed => SessionStatus::Scheduled,
            Self::Live => SessionStatus::Live,
            Self::Ended => SessionStatus::Ended,
            Self::Cancelled => SessionStatus::Cancelled,
        }
    }

    /// What a command does to the session.
    ///
    /// # Errors
    /// [`Illegal`] if the phase does not permit it.
    pub const fn after(self, command: SessionCommand) -> Result<Step<SessionStatus>, Illegal> {
        use SessionCommand::{Cancel, End, GiveUp, Join, Start};
        match (self, command) {
            (Self::Open | Self::Due, Start) => Ok(Step::To(SessionStatus::Live)),
            (Self::Live, End) => Ok(Step::To(SessionStatus::Ended)),
            (Self::Upcoming | Self::Open, Cancel) | (Self::Missed, GiveUp) => {
                Ok(Step::To(SessionStatus::Cancelled))
            }
            (Self::Open | Self::Due, Join)
            | (Self::Live, Start | Join)
            | (Self::Ended, End)
            | (Self::Cancelled, Cancel | GiveUp) => Ok(Step::Stay),
            (Self::Upcoming | Self::Missed | Self::Ended | Self::Cancelled, Start | Join)
            | (Self::Upcoming | Self::Open | Self::Due | Self::Missed | Self::Cancelled, End)
            | (Self::Due | Self::Missed | Self::Live | Self::Ended, Cancel)
            | (Self::Upcoming | Self::Open | Self::Due | Self::Live | Self::Ended, GiveUp) => {
                Err(self.illegal())
            }
        }
    }

    /// The refusal of a command in this phase.
    #[must_use]
    pub const fn illegal(self) -> Illegal {
        let allowed: &[&str] = match self {
            Self::Upcoming => &["cancelBooking"],
            Self::Open => &["startSession", "joinSession", "cancelBooking"],
            Self::Due => &["startSession", "joinSession"],
            Self::Live => &["joinSession", "endSession"],
            Self::Ended => &["confirmSession", "openDispute"],
            Self::Missed | Self::Cancelled => &[],
        };
        Illegal { from: self.status().as_str(), allowed }
    }
}

impl BookingStatus {
    /// What a command does to a booking of a session in some phase.
    ///
    /// # Errors
    /// [`Illegal`] if the booking or its session does not permit it.
    pub const fn after(self, phase: Phase, command: BookingCommand) -> Result<Step<Self>, Illegal> {
        use BookingCommand::{Cancel, Confirm, Dispute, GiveUp, Resume, Settle};
        match (self, phase, command) {
            (Self::Confirmed, Phase::Upcoming | Phase::Open | Phase::Cancelled, Cancel)
            | (Self::Confirmed, Phase::Missed | Phase::Cancelled, GiveUp) => Ok(Step::To(Self::Cancelled)),
            (Self::Confirmed, Phase::Ended, Confirm) | (Self::Disputed, Phase::Ended, Settle) => {
                Ok(Step::To(Self::Completed))
            }
            (Self::Confirmed | Self::Completed, Phase::Ended, Dispute) => Ok(Step::To(Self::Disputed)),
            // What was completed before it was disputed is completed again.
            (Self::Disputed, Phase::Ended, Resume) => Ok(Step::To(Self::Confirmed)),
            (Self::Cancelled, _, Cancel | GiveUp) | (Self::Completed, _, Confirm) => Ok(Step::Stay),
            (Self::Confirmed, _, _) => Err(phase.illegal()),
            (Self::Disputed, _, _) => Err(Illegal { from: self.as_str(), allowed: &["withdrawDispute"] }),
            (Self::Completed, _, Cancel | GiveUp | Dispute | Resume | Settle)
            | (Self::Cancelled, _, Confirm | Dispute | Resume | Settle) => {
                Err(Illegal { from: self.as_str(), allowed: &[] })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::ids::{MemberId, SessionId},
        domains::sessions::model::SessionKind,
    };

    /// One row per phase, one column per command: what becomes of the status, `=` if it stays, `x` if refused.
    fn table<S, C: Copy>(commands: &[C], answer: impl Fn(Phase, C) -> Result<Step<S>, Illegal>) -> Vec<String>
    where
        S: std::fmt::Display,
    {
        Phase::ALL
            .iter()
            .map(|&phase| {
                let answers = commands.iter().map(|&command| match answer(phase, command) {
                    Ok(Step::To(status)) => status.to_string(),
                    Ok(Step::Stay) => "=".to_owned(),
                    Err(_) => "x".to_owned(),
                });
                format!("{phase:?}: {}", answers.collect::<Vec<_>>().join(" "))
            })
            .collect()
    }

    #[test]
    fn every_phase_and_command_of_a_session_has_one_answer() {
        use SessionCommand::{Cancel, End, GiveUp, Join, Start};
        assert_eq!(
            table(&[Start, Join, End, Cancel, GiveUp], Phase::after),
            [
                "Upcoming: x x x CANCELLED x",
                "Open: LIVE = x CANCELLED x",
                "Due: LIVE = x x x",
                "Missed: x x x x CANCELLED",
                "Live: = = ENDED x x",
                "Ended: x x = x x",
                "Cancelled: x x x = =",
            ]
        );
    }

    #[test]
    fn every_state_and_command_of_a_booking_has_one_answer() {
        use BookingCommand::{Cancel, Confirm, Dispute, GiveUp, Resume, Settle};
        let of = |status: BookingStatus| {
            table(&[Cancel, GiveUp, Confirm, Dispute, Resume, Settle], |phase, command| {
                status.after(phase, command)
            })
        };
        assert_eq!(
            of(BookingStatus::Confirmed),
            [
                "Upcoming: CANCELLED x x x x x",
                "Open: CANCELLED x x x x x",
                "Due: x x x x x x",
                "Missed: x CANCELLED x x x x",
                "Live: x x x x x x",
                "Ended: x x COMPLETED DISPUTED x x",
                "Cancelled: CANCELLED CANCELLED x x x x",
            ]
        );
        let ended = |status, row: &str| {
            let (of, other) = (of(status), &row.replace("DISPUTED", "x"));
            assert!(
                of.iter().all(|line| {
                    let (phase, answers) = line.split_once(": ").expect("a phase");
                    answers == if phase == "Ended" { row } else { other }
                }),
                "{of:?}"
            );
        };
        ended(BookingStatus::Completed, "x x = DISPUTED x x");
        ended(BookingStatus::Cancelled, "= = x x x x");
        assert_eq!(of(BookingStatus::Disputed)[5], "Ended: x x x x CONFIRMED COMPLETED");
        let elsewhere = of(BookingStatus::Disputed).into_iter().filter(|row| !row.starts_with("Ended"));
        assert!(elsewhere.into_iter().all(|row| row.ends_with(": x x x x x x")));
    }

    #[test]
    fn a_refusal_names_exactly_the_mutations_that_are_possible() {
        for phase in Phase::ALL {
            let permits = |name: &str| match name {
                "startSession" => matches!(phase.after(SessionCommand::Start), Ok(Step::To(_))),
                "joinSession" => phase.after(SessionCommand::Join).is_ok(),
                "endSession" => matches!(phase.after(SessionCommand::End), Ok(Step::To(_))),
                "cancelBooking" => {
                    phase != Phase::Cancelled
                        && BookingStatus::Confirmed.after(phase, BookingCommand::Cancel).is_ok()
                }
                "openDispute" => BookingStatus::Confirmed.after(phase, BookingCommand::Dispute).is_ok(),
                _ => BookingStatus::Confirmed.after(phase, BookingCommand::Confirm).is_ok(),
            };
            let names = [
                "startSession",
                "joinSession",
                "endSession",
                "cancelBooking",
                "confirmSession",
                "openDispute",
            ];
            let mut possible: Vec<&str> = names.into_iter().filter(|name| permits(name)).collect();
            let mut told = phase.illegal().allowed.to_vec();
            possible.sort_unstable();
            told.sort_unstable();
            assert_eq!(told, possible, "{phase:?}");
        }
    }

    #[test]
    fn phases_begin_and_end_on_the_instant() {
        let at = |minute: i64| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let mut row = SessionRow {
            id: SessionId::new(),
            kind: SessionKind::OneOnOne,
            status: SessionStatus::Scheduled,
            host_id: MemberId::new(),
            skill_id: None,
            starts_at: at(100),
            ends_at: at(160),
            started_at: None,
            ended_at: None,
            cancelled_at: None,
            version: 1,
            created_at: at(0),
        };
        let instant = TimeDelta::microseconds(1);
        for (from, before, then) in [
            (90, Phase::Upcoming, Phase::Open),
            (100, Phase::Open, Phase::Due),
            (160, Phase::Due, Phase::Missed),
        ] {
            assert_eq!((row.phase(at(from) - instant), row.phase(at(from))), (before, then), "minute {from}");
        }
        let day = at(160) + TimeDelta::hours(24);
        assert_eq!((row.overdue(day - instant), row.overdue(day)), (None, Some(SessionCommand::GiveUp)));
        row.status = SessionStatus::Live;
        let hour = at(160) + TimeDelta::hours(1);
        assert_eq!((row.overdue(hour - instant), row.overdue(hour)), (None, Some(SessionCommand::End)));
        row.status = SessionStatus::Ended;
        assert_eq!(row.overdue(day), None);
        assert_eq!(row.minutes(), 60);
    }
}
