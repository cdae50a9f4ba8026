//! Every statement of payouts.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{PayoutAccountRow, PayoutEventOutcome, PayoutEventRow, PayoutRow, PayoutStatus};
use crate::db::{
    ids::{EntityId, MemberId, PayoutId},
    keyset::Keyset,
    tables::{payout_accounts, payout_events, payouts},
};

/// Stores a new account; one that is there stays as it is. Returns it, locked, and whether it is new.
pub async fn open_account(
    conn: &mut AsyncPgConnection,
    row: &PayoutAccountRow,
) -> QueryResult<(PayoutAccountRow, bool)> {
    let inserted = diesel::insert_into(payout_accounts::table)
        .values(row)
        .on_conflict((payout_accounts::member_id, payout_accounts::provider))
        .do_nothing()
        .execute(conn)
        .await?;
    let own = payout_accounts::table.find((row.member_id, &row.provider));
    Ok((own.select(PayoutAccountRow::as_select()).for_update().first(conn).await?, inserted == 1))
}

/// The accounts of members at a provider.
pub async fn accounts_of(
    conn: &mut AsyncPgConnection,
    members: &[MemberId],
) -> QueryResult<Vec<PayoutAccountRow>> {
    payout_accounts::table
        .filter(payout_accounts::member_id.eq_any(members))
        .select(PayoutAccountRow::as_select())
        .load(conn)
        .await
}

/// A member's account at a provider; nobody changes it until the end of the transaction.
pub async fn hold_account(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    provider: &str,
) -> QueryResult<Option<PayoutAccountRow>> {
    let own = payout_accounts::table.find((member, provider));
    own.select(PayoutAccountRow::as_select()).for_share().first(conn).await.optional()
}

/// An account by the provider's name for it, locked until the end of the transaction.
pub async fn lock_account(
    conn: &mut AsyncPgConnection,
    provider: &str,
    reference: &str,
) -> QueryResult<Option<PayoutAccountRow>> {
    payout_accounts::table
        .filter(payout_accounts::provider.eq(provider))
        .filter(payout_accounts::reference.eq(reference))
        .select(PayoutAccountRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// Writes what the provider thinks of a locked account.
pub async fn update_account(conn: &mut AsyncPgConnection, row: &PayoutAccountRow) -> QueryResult<()> {
    diesel::update(payout_accounts::table.find((row.member_id, &row.provider)))
        .set((
            payout_accounts::status.eq(row.status),
            payout_accounts::requirement.eq(&row.requirement),
            payout_accounts::as_of.eq(row.as_of),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// A new payout.
pub async fn insert(conn: &mut AsyncPgConnection, payout: &PayoutRow) -> QueryResult<()> {
    diesel::insert_into(payouts::table).values(payout).execute(conn).await.map(drop)
}

/// Payouts by id.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[PayoutId]) -> QueryResult<Vec<PayoutRow>> {
    payouts::table.filter(payouts::id.eq_any(ids)).select(PayoutRow::as_select()).load(conn).await
}

/// A payout, locked until the end of the transaction.
pub async fn lock(conn: &mut AsyncPgConnection, id: PayoutId) -> QueryResult<Option<PayoutRow>> {
    payouts::table.find(id).select(PayoutRow::as_select()).for_update().first(conn).await.optional()
}

/// Writes how far a locked payout is.
pub async fn update(conn: &mut AsyncPgConnection, payout: &PayoutRow) -> QueryResult<()> {
    diesel::update(payouts::table.find(payout.id))
        .set((
            payouts::provider_reference.eq(&payout.provider_reference),
            payouts::status.eq(payout.status),
            payouts::failure.eq(&payout.failure),
            payouts::settled_at.eq(payout.settled_at),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Payouts that were asked for before an instant and have not come to an end, oldest first.
pub async fn overdue(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    after: Option<(DateTime<Utc>, PayoutId)>,
    most: i64,
) -> QueryResult<Vec<(DateTime<Utc>, PayoutId)>> {
    let mut open = payouts::table
        .filter(payouts::status.eq_any([PayoutStatus::Requested, PayoutStatus::InTransit]))
        .filter(payouts::created_at.lt(before))
        .select((payouts::created_at, payouts::id))
        .order((payouts::created_at, payouts::id))
        .limit(most)
        .into_boxed();
    if let Some((at, id)) = after {
        open = open.filter(payouts::created_at.gt(at).or(payouts::created_at.eq(at).and(payouts::id.gt(id))));
    }
    open.load(conn).await
}

/// A page of a member's payouts, newest first.
pub async fn page(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    page: &Keyset<PayoutId>,
) -> QueryResult<Vec<PayoutRow>> {
    let older_than = page.after.unwrap_or_else(|| PayoutId::from_uuid(uuid::Uuid::max()));
    let newer_than = page.before.unwrap_or_else(|| PayoutId::from_uuid(uuid::Uuid::nil()));
    let rows = payouts::table
        .filter(payouts::member_id.eq(member))
        .filter(payouts::id.lt(older_than))
        .filter(payouts::id.gt(newer_than))
        .limit(page.fetch())
        .select(PayoutRow::as_select());
    if page.backward {
        rows.order(payouts::id.asc()).load(conn).await
    } else {
        rows.order(payouts::id.desc()).load(conn).await
    }
}

/// Stores a webhook; `false` if it came before.
pub async fn insert_event(conn: &mut AsyncPgConnection, event: &PayoutEventRow) -> QueryResult<bool> {
    let inserted = diesel::insert_into(payout_events::table)
        .values(event)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// A stored webhook.
pub async fn event(
    conn: &mut AsyncPgConnection,
    provider: &str,
    event_id: &str,
) -> QueryResult<Option<PayoutEventRow>> {
    let event = payout_events::table.find((provider, event_id));
    event.select(PayoutEventRow::as_select()).first(conn).await.optional()
}

/// Notes what a webhook did; `false` if that was noted before.
pub async fn mark_applied(
    conn: &mut AsyncPgConnection,
    event: &PayoutEventRow,
    outcome: PayoutEventOutcome,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let open = payout_events::table
        .find((&event.provider, &event.event_id))
        .filter(payout_events::applied_at.is_null());
    let marked = diesel::update(open)
        .set((payout_events::applied_at.eq(now), payout_events::outcome.eq(outcome)))
        .execute(conn)
        .await?;
    Ok(marked == 1)
}
