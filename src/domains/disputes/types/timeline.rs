//! What the system knows of a disputed booking, assembled from the rows.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::super::{
    loaders::EvidenceOf,
    model::{DisputeOutcome, DisputeRow, DisputeStatus},
};
use crate::{
    db::ids::MemberId,
    domains::{
        accounts::loaders::MemberById,
        chat::loaders::ConversationOfSession,
        profiles::types::Member,
        rooms::{
            loaders::IntervalsOf,
            model::{IntervalRow, attendance},
        },
        sessions::{
            loaders::{BookingById, SessionById},
            model::{BookingRow, SessionRow, rules::CONFIRM_WINDOW},
        },
        wallet::{
            loaders::StoryOf,
            model::{Amount, Asset},
        },
    },
    graphql::{ApiError, ContextExt, Field, field, scalars::Money},
    node::{self, Node},
};

/// What a fact tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DisputeFactKind {
    /// The seat was booked, for `amount`.
    Booked,
    /// The terms that the learner was shown.
    TermsShown,
    /// The mentor started the session.
    SessionStarted,
    /// `member` was in the room from `occurredAt` until `until`, for `seconds`.
    Attended,
    /// The session ended.
    SessionEnded,
    /// For how many `seconds` learner and mentor were in the room together.
    Overlap,
    /// The booking was completed.
    Completed,
    /// `amount` moved in the ledger.
    MoneyMoved,
    /// The messages of the session's conversation up to then: a hash over them.
    Messages,
    /// `member` opened the dispute, and asked that `amount` goes to the learner.
    Opened,
    /// `member` offered that `amount` goes to the learner.
    Answered,
    /// `member` brought evidence.
    Evidence,
    /// The price was divided: `amount` went to the learner.
    Resolved,
    /// The dispute was withdrawn.
    Withdrawn,
}

/// A fact that the system vouches for.
#[derive(Clone, Debug)]
pub struct DisputeFact {
    kind: DisputeFactKind,
    at: DateTime<Utc>,
    text: String,
    row: String,
    node: String,
    member: Option<MemberId>,
    amount: Option<Money>,
    until: Option<DateTime<Utc>>,
    seconds: Option<TimeDelta>,
    sha256: Option<String>,
}

/// A fact of a dispute's timeline. `rowId` names the row that it rests on.
#[Object]
impl DisputeFact {
    /// What it tells.
    async fn kind(&self) -> DisputeFactKind {
        self.kind
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The fact for people, in English, with times in UTC.
    async fn text(&self) -> &str {
        &self.text
    }

    /// Id of the row that it rests on: a booking, session, presence, transaction of the ledger, conversation, dispute or
    /// piece of evidence.
    async fn row_id(&self) -> ID {
        ID(self.row.clone())
    }

    /// Where to read on: what the row belongs to. `null` if the caller may not see it.
    async fn node(&self, ctx: &Context<'_>) -> Field<Node> {
        field(node::find(ctx, &ID(self.node.clone()))).await
    }

    /// Whom it is about. `null` if it is about nobody in particular.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async {
            let Some(id) = self.member else { return Ok(None) };
            Ok(ctx.hot(MemberById(id)).await?.map(Member))
        })
        .await
    }

    /// How much money it is about. `null` if none.
    async fn amount(&self) -> Option<Money> {
        self.amount.clone()
    }

    /// When it ended. `null` unless it took time and is over.
    async fn until(&self) -> Option<DateTime<Utc>> {
        self.until
    }

    /// How long it took. `null` unless it took time.
    async fn seconds(&self) -> Option<i32> {
        self.seconds.map(|delta| i32::try_from(delta.num_seconds()).unwrap_or(i32::MAX))
    }

    /// SHA-256 in hexadecimal over the messages, in order; for each one line feed-terminated line: its number, the sender's
    /// id, `createdAt` and the number of bytes of the body, separated by spaces; then the body and a line feed. `null` for
    /// other facts.
    async fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }
}

/// The timeline of a dispute, in the order in which things happened.
pub(super) async fn of(ctx: &Context<'_>, dispute: &DisputeRow) -> Result<Vec<DisputeFact>, ApiError> {
    let (booking, session, intervals, story, evidence, conversation) = futures_util::try_join!(
        ctx.one(BookingById(dispute.booking_id)),
        ctx.one(SessionById(dispute.session_id)),
        ctx.one(IntervalsOf(dispute.session_id)),
        ctx.one(StoryOf(dispute.booking_id)),
        ctx.one(EvidenceOf(dispute.id)),
        ctx.one(ConversationOfSession(dispute.session_id)),
    )?;
    let (Some(booking), Some(session)) = (booking, session) else { return Ok(Vec::new()) };
    let (session, fact) = (&*session.row, Facts { dispute, booking: &booking });
    let mut facts = fact.of_booking(session);
    facts.extend(fact.of_room(session, &intervals.unwrap_or_default()));
    for whole in story.iter().flat_map(|story| story.iter()) {
        // What was added to accounts, which is what was taken from others.
        let moved = whole.postings.iter().map(|posting| posting.amount.max(0)).sum();
        facts.push(DisputeFact {
            amount: Some(fact.money(moved)),
            ..plain(
                DisputeFactKind::MoneyMoved,
                whole.row.created_at,
                &whole.row.id,
                &booking.id,
                format!("Transaction {} of the ledger moved {}.", whole.row.kind, fact.price(moved)),
            )
        });
    }
    if let Some(conversation) = conversation {
        facts.push(DisputeFact {
            sha256: Some(dispute.messages_hash.iter().map(|byte| format!("{byte:02x}")).collect()),
            ..plain(
                DisputeFactKind::Messages,
                dispute.opened_at,
                &conversation,
                &conversation,
                format!("{} messages had been written in the session's conversation.", dispute.messages),
            )
        });
    }
    for row in evidence.unwrap_or_default() {
        facts.push(DisputeFact {
            member: Some(row.member_id),
            ..plain(DisputeFactKind::Evidence, row.created_at, &row.id, &dispute.id, row.body)
        });
    }
    facts.extend(fact.of_dispute());
    // What happened at one instant stays in the order above.
    facts.sort_by_key(|fact| fact.at);
    Ok(facts)
}

/// A fact with what every fact has.
fn plain(
    kind: DisputeFactKind,
    at: DateTime<Utc>,
    row: &impl ToString,
    node: &impl ToString,
    text: String,
) -> DisputeFact {
    DisputeFact {
        kind,
        at,
        text,
        row: row.to_string(),
        node: node.to_string(),
        member: None,
        amount: None,
        until: None,
        seconds: None,
        sha256: None,
    }
}

struct Facts<'a> {
    dispute: &'a DisputeRow,
    booking: &'a BookingRow,
}

impl Facts<'_> {
    fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.dispute.currency.as_str())
    }

    fn price(&self, minor: i64) -> String {
        Amount { minor, asset: Asset::of(&self.dispute.currency) }.to_string()
    }

    /// Who of the two was in the room, and for how long together.
    fn of_room(&self, session: &SessionRow, intervals: &[IntervalRow]) -> Vec<DisputeFact> {
        let mut facts = Vec::new();
        let sides = [self.dispute.learner_id, self.dispute.mentor_id];
        for row in intervals.iter().filter(|row| sides.contains(&row.member_id)) {
            let until = row.left_at.unwrap_or(row.last_seen_at);
            let who = if row.member_id == self.dispute.mentor_id { "mentor" } else { "learner" };
            facts.push(DisputeFact {
                member: Some(row.member_id),
                until: row.left_at,
                seconds: Some(until - row.joined_at),
                ..plain(
                    DisputeFactKind::Attended,
                    row.joined_at,
                    &row.id,
                    &session.id,
                    format!("The {who} was in the room until {}.", time(until)),
                )
            });
        }
        let together = attendance(session.host_id, intervals)
            .into_iter()
            .find(|row| row.member_id == self.dispute.learner_id)
            .map_or_else(TimeDelta::zero, |row| row.overlap);
        facts.push(DisputeFact {
            seconds: Some(together),
            ..plain(
                DisputeFactKind::Overlap,
                session.ended_at.unwrap_or(session.ends_at),
                &session.id,
                &session.id,
                format!(
                    "Learner and mentor were in the room together for {} seconds.",
                    together.num_seconds()
                ),
            )
        });
        facts
    }

    /// What was booked, on which terms, and what became of it.
    fn of_booking(&self, session: &SessionRow) -> Vec<DisputeFact> {
        use DisputeFactKind::{Booked, Completed, SessionEnded, SessionStarted, TermsShown};
        let (booking, price) = (self.booking, self.price(self.booking.price));
        let from = time(session.starts_at);
        let booked = format!("{} minutes from {from} were booked for {price}.", session.minutes());
        let terms = format!(
            "{price} stay in escrow until the learner confirms the session, or {} hours after its end; until then either side \
             can open a dispute.",
            CONFIRM_WINDOW.num_hours()
        );
        let (of, id) = (&booking.id, &session.id);
        let mut facts = vec![
            DisputeFact {
                member: Some(booking.learner_id),
                amount: Some(self.money(booking.price)),
                ..plain(Booked, booking.created_at, of, of, booked)
            },
            DisputeFact {
                amount: Some(self.money(booking.price)),
                ..plain(TermsShown, booking.created_at, of, of, terms)
            },
        ];
        let started = |at| DisputeFact {
            member: Some(session.host_id),
            ..plain(SessionStarted, at, id, id, "The mentor started the session.".to_owned())
        };
        facts.extend(session.started_at.map(started));
        let ended = |at| {
            let text = format!("The session ended; it was planned until {}.", time(session.ends_at));
            plain(SessionEnded, at, id, id, text)
        };
        facts.extend(session.ended_at.map(ended));
        let done = |at| plain(Completed, at, of, of, "The booking was completed.".to_owned());
        facts.extend(booking.completed_at.map(done));
        facts
    }

    /// What both sides said, and how it ended.
    fn of_dispute(&self) -> Vec<DisputeFact> {
        use DisputeFactKind::{Answered, Opened, Resolved, Withdrawn};
        let row = self.dispute;
        let mut facts = vec![DisputeFact {
            member: Some(row.opened_by),
            amount: Some(self.money(row.asked)),
            until: Some(row.answer_by),
            ..plain(Opened, row.opened_at, &row.id, &row.id, row.reason.clone())
        }];
        if let (Some(at), Some(offered)) = (row.answered_at, row.offered) {
            facts.push(DisputeFact {
                member: Some(row.respondent()),
                amount: Some(self.money(offered)),
                until: row.evidence_until,
                ..plain(Answered, at, &row.id, &row.id, row.answer.clone().unwrap_or_default())
            });
        }
        let Some(at) = row.closed_at else { return facts };
        if row.status == DisputeStatus::Withdrawn {
            let text = "The dispute was withdrawn.".to_owned();
            facts.push(DisputeFact {
                member: Some(row.opened_by),
                ..plain(Withdrawn, at, &row.id, &row.id, text)
            });
            return facts;
        }
        let text = match row.outcome {
            Some(DisputeOutcome::Accepted) => "The other side accepted what was asked.".to_owned(),
            Some(DisputeOutcome::Silence) => "The other side did not answer in time: as asked.".to_owned(),
            Some(DisputeOutcome::OfferAccepted) => "The offer was accepted.".to_owned(),
            Some(DisputeOutcome::Decided) | None => row.decision.clone().unwrap_or_default(),
        };
        facts.push(DisputeFact {
            amount: row.to_learner.map(|amount| self.money(amount)),
            ..plain(Resolved, at, &row.id, &row.id, text)
        });
        facts
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
