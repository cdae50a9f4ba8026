//! Statements that read a member's accounts.

use diesel::{QueryResult, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::super::model::{AccountKind, Balances, EntryRow, StepRow};
use crate::{
    db::{
        ids::{BookingId, EntityId, LedgerTransactionId, MemberId},
        keyset::Keyset,
    },
    statement,
};

/// What is in a member's accounts of credits.
pub async fn balances(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<Balances> {
    Ok(ReadBalances { member }.load(conn).await?.into_iter().next().unwrap_or_default())
}

/// A page of what was posted to a member's account of credits, newest first.
pub async fn page_of_entries(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    kind: AccountKind,
    page: &Keyset<LedgerTransactionId>,
) -> QueryResult<Vec<EntryRow>> {
    let older_than = page.after.map_or(Uuid::max(), EntityId::uuid);
    let newer_than = page.before.map_or(Uuid::nil(), EntityId::uuid);
    let limit = page.fetch();
    if page.backward {
        OldestEntries { member, kind, older_than, newer_than, limit }.load(conn).await
    } else {
        NewestEntries { member, kind, older_than, newer_than, limit }.load(conn).await
    }
}

/// What members owe; those who owe nothing may be left out.
pub async fn owed_by(
    conn: &mut AsyncPgConnection,
    members: Vec<MemberId>,
) -> QueryResult<Vec<(MemberId, i64)>> {
    ReadOwed { members }.load(conn).await
}

statement! {
    /// What members owe, as a positive number.
    ReadOwed(members: Vec<MemberId> => sql_types::Array<sql_types::Uuid>) -> (sql_types::Uuid, sql_types::BigInt) =
    "select owner_id, -balance from ledger_accounts
     where kind = 'RECEIVABLE' and owner_id = any($1) and asset = 'CREDIT/2'"
}

/// The transactions of bookings, in the order in which they were made.
pub async fn steps_of(conn: &mut AsyncPgConnection, bookings: Vec<BookingId>) -> QueryResult<Vec<StepRow>> {
    ReadSteps { bookings }.load(conn).await
}

statement! {
    /// The transactions of bookings with what they moved.
    ReadSteps(bookings: Vec<BookingId> => sql_types::Array<sql_types::Uuid>)
    -> (sql_types::Uuid, sql_types::Uuid, sql_types::Text, sql_types::Timestamptz, sql_types::BigInt) =
    "select t.id, t.subject_id, t.kind, t.created_at, coalesce(sum(p.amount) filter (where p.amount > 0), 0)::bigint
     from ledger_transactions t join ledger_postings p on p.transaction_id = t.id
     where t.subject_id = any($1) group by t.id order by t.created_at, t.id"
}

statement! {
    /// A member's balances.
    ReadBalances(member: MemberId => sql_types::Uuid) -> (sql_types::BigInt, sql_types::BigInt, sql_types::BigInt) =
    "select coalesce(max(balance) filter (where kind = 'WALLET'), 0), coalesce(max(held) filter (where kind = 'WALLET'), 0),
            coalesce(max(balance) filter (where kind = 'EARNINGS'), 0)
     from ledger_accounts where kind in ('WALLET', 'EARNINGS') and owner_id = $1 and asset = 'CREDIT/2'"
}

/// The columns of [`EntryRow`].
type EntryColumns =
    (sql_types::Uuid, sql_types::Text, sql_types::Uuid, sql_types::Timestamptz, sql_types::BigInt);

statement! {
    /// The newest entries of an account within bounds.
    NewestEntries(
        member: MemberId => sql_types::Uuid,
        kind: AccountKind => sql_types::Text,
        older_than: Uuid => sql_types::Uuid,
        newer_than: Uuid => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
    ) -> EntryColumns =
    "select t.id, t.kind, t.subject_id, t.created_at, p.amount
     from ledger_postings p join ledger_transactions t on t.id = p.transaction_id
     where p.account_id = (select id from ledger_accounts where kind = $2 and owner_id = $1 and asset = 'CREDIT/2')
       and p.transaction_id < $3 and p.transaction_id > $4
     order by p.transaction_id desc limit $5"
}

statement! {
    /// The oldest entries of an account within bounds.
    OldestEntries(
        member: MemberId => sql_types::Uuid,
        kind: AccountKind => sql_types::Text,
        older_than: Uuid => sql_types::Uuid,
        newer_than: Uuid => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
    ) -> EntryColumns =
    "select t.id, t.kind, t.subject_id, t.created_at, p.amount
     from ledger_postings p join ledger_transactions t on t.id = p.transaction_id
     where p.account_id = (select id from ledger_accounts where kind = $2 and owner_id = $1 and asset = 'CREDIT/2')
       and p.transaction_id < $3 and p.transaction_id > $4
     order by p.transaction_id asc limit $5"
}
