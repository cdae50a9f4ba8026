//! Every statement of disputes.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{DisputeRow, DisputeStatus, EvidenceRow};
use crate::{
    db::{
        ids::{BookingId, DisputeId, MemberId},
        keyset::Keyset,
        tables::{
            dispute_evidence,
            disputes::{self, dsl},
        },
    },
    statement,
};

/// The place of a dispute in a list: when it was opened.
pub type DisputeKey = (DateTime<Utc>, DisputeId);

/// Disputes by id.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[DisputeId]) -> QueryResult<Vec<DisputeRow>> {
    dsl::disputes.filter(dsl::id.eq_any(ids)).select(DisputeRow::as_select()).load(conn).await
}

/// A dispute by id.
pub async fn find(conn: &mut AsyncPgConnection, id: DisputeId) -> QueryResult<Option<DisputeRow>> {
    dsl::disputes.find(id).select(DisputeRow::as_select()).first(conn).await.optional()
}

/// The disputes of bookings, the last of each booking last.
pub async fn of_bookings(
    conn: &mut AsyncPgConnection,
    bookings: &[BookingId],
) -> QueryResult<Vec<DisputeRow>> {
    dsl::disputes
        .filter(dsl::booking_id.eq_any(bookings))
        .order((dsl::opened_at, dsl::id))
        .select(DisputeRow::as_select())
        .load(conn)
        .await
}

/// A new dispute.
pub async fn insert(conn: &mut AsyncPgConnection, row: &DisputeRow) -> QueryResult<()> {
    diesel::insert_into(disputes::table).values(row).execute(conn).await.map(drop)
}

/// Writes what changes in a dispute's life.
pub async fn save(conn: &mut AsyncPgConnection, row: &DisputeRow) -> QueryResult<()> {
    diesel::update(dsl::disputes.find(row.id))
        .set((
            dsl::status.eq(row.status),
            dsl::answered_at.eq(row.answered_at),
            dsl::answer.eq(&row.answer),
            dsl::offered.eq(row.offered),
            dsl::evidence_until.eq(row.evidence_until),
            dsl::closed_at.eq(row.closed_at),
            dsl::outcome.eq(row.outcome),
            dsl::to_learner.eq(row.to_learner),
            dsl::to_mentor.eq(row.to_mentor),
            dsl::fee.eq(row.fee),
            dsl::decided_by.eq(row.decided_by),
            dsl::decision.eq(&row.decision),
            dsl::version.eq(row.version),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Evidence of disputes, in the order in which it was brought.
pub async fn evidence_of(
    conn: &mut AsyncPgConnection,
    disputes: &[DisputeId],
) -> QueryResult<Vec<EvidenceRow>> {
    dispute_evidence::table
        .filter(dispute_evidence::dispute_id.eq_any(disputes))
        .order((dispute_evidence::created_at, dispute_evidence::id))
        .select(EvidenceRow::as_select())
        .load(conn)
        .await
}

/// How much evidence a side has brought.
pub async fn count_evidence(
    conn: &mut AsyncPgConnection,
    dispute: DisputeId,
    member: MemberId,
) -> QueryResult<i64> {
    dispute_evidence::table
        .filter(dispute_evidence::dispute_id.eq(dispute))
        .filter(dispute_evidence::member_id.eq(member))
        .count()
        .get_result(conn)
        .await
}

/// New evidence.
pub async fn insert_evidence(conn: &mut AsyncPgConnection, row: &EvidenceRow) -> QueryResult<()> {
    diesel::insert_into(dispute_evidence::table).values(row).execute(conn).await.map(drop)
}

/// A page of the disputes of a learner or mentor, latest first.
pub async fn page_of_member(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    status: Option<DisputeStatus>,
    page: &Keyset<DisputeKey>,
) -> QueryResult<Vec<DisputeRow>> {
    let mut query = dsl::disputes
        .filter(dsl::learner_id.eq(member).or(dsl::mentor_id.eq(member)))
        .select(DisputeRow::as_select())
        .limit(page.fetch())
        .into_boxed();
    if let Some(status) = status {
        query = query.filter(dsl::status.eq(status));
    }
    if let Some((at, id)) = page.after {
        query = query.filter(dsl::opened_at.lt(at).or(dsl::opened_at.eq(at).and(dsl::id.lt(id))));
    }
    if let Some((at, id)) = page.before {
        query = query.filter(dsl::opened_at.gt(at).or(dsl::opened_at.eq(at).and(dsl::id.gt(id))));
    }
    query = if page.backward {
        query.order((dsl::opened_at.asc(), dsl::id.asc()))
    } else {
        query.order((dsl::opened_at.desc(), dsl::id.desc()))
    };
    query.load(conn).await
}

/// A page of all disputes, longest waiting first.
pub async fn page_of_all(
    conn: &mut AsyncPgConnection,
    status: Option<DisputeStatus>,
    page: &Keyset<DisputeKey>,
) -> QueryResult<Vec<DisputeRow>> {
    let mut query = dsl::disputes.select(DisputeRow::as_select()).limit(page.fetch()).into_boxed();
    if let Some(status) = status {
        query = query.filter(dsl::status.eq(status));
    }
    if let Some((at, id)) = page.after {
        query = query.filter(dsl::opened_at.gt(at).or(dsl::opened_at.eq(at).and(dsl::id.gt(id))));
    }
    if let Some((at, id)) = page.before {
        query = query.filter(dsl::opened_at.lt(at).or(dsl::opened_at.eq(at).and(dsl::id.lt(id))));
    }
    query = if page.backward {
        query.order((dsl::opened_at.desc(), dsl::id.desc()))
    } else {
        query.order((dsl::opened_at.asc(), dsl::id.asc()))
    };
    query.load(conn).await
}

/// Disputes that nobody answered in time, after a place in that order.
pub async fn unanswered(conn: &mut AsyncPgConnection, due: &Unanswered) -> QueryResult<Vec<DisputeKey>> {
    due.load(conn).await
}

statement! {
    /// The next disputes that silence settles.
    Unanswered(
        now: DateTime<Utc> => sql_types::Timestamptz,
        after: DateTime<Utc> => sql_types::Timestamptz,
        after_id: DisputeId => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
    ) -> (sql_types::Timestamptz, sql_types::Uuid) =
    "select answer_by, id from disputes
     where status = 'OPEN' and answer_by <= $1 and (answer_by, id) > ($2, $3)
     order by answer_by, id limit $4"
}
