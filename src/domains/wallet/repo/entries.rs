//! Statements that read a member's accounts.

use diesel::{QueryResult, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::super::model::{AccountKind, Asset, Balances, Earned, EntryRow};
use crate::{
    db::{
        ids::{EntityId, LedgerTransactionId, MemberId},
        keyset::Keyset,
    },
    statement,
};

/// What is in a member's accounts of an asset.
pub async fn balances(conn: &mut AsyncPgConnection, member: MemberId, asset: Asset) -> QueryResult<Balances> {
    Ok(ReadBalances { member, asset }.load(conn).await?.into_iter().next().unwrap_or_default())
}

/// The assets that a member has a wallet of.
pub async fn assets(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<Vec<Asset>> {
    ReadAssets { member }.load(conn).await
}

/// A page of what was posted to a member's account of an asset, newest first.
pub async fn page_of_entries(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    kind: AccountKind,
    asset: Asset,
    page: &Keyset<LedgerTransactionId>,
) -> QueryResult<Vec<EntryRow>> {
    let older_than = page.after.map_or(Uuid::max(), EntityId::uuid);
    let newer_than = page.before.map_or(Uuid::nil(), EntityId::uuid);
    let limit = page.fetch();
    if page.backward {
        OldestEntries { member, kind, older_than, newer_than, limit, asset }.load(conn).await
    } else {
        NewestEntries { member, kind, older_than, newer_than, limit, asset }.load(conn).await
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

statement! {
    /// A member's balances.
    ReadBalances(member: MemberId => sql_types::Uuid, asset: Asset => sql_types::Text) ->
        (sql_types::BigInt, sql_types::BigInt, sql_types::BigInt, sql_types::BigInt) =
    "select coalesce(max(balance) filter (where kind = 'WALLET'), 0), coalesce(max(held) filter (where kind = 'WALLET'), 0),
            coalesce(max(balance) filter (where kind = 'EARNINGS'), 0), coalesce(max(promotional), 0)
     from ledger_accounts where kind in ('WALLET', 'EARNINGS') and owner_id = $1 and asset = $2"
}

statement! {
    /// The assets of a member's wallets.
    ReadAssets(member: MemberId => sql_types::Uuid) -> sql_types::Text =
    "select asset from ledger_accounts where kind = 'WALLET' and owner_id = $1 order by asset"
}

/// What was ever put into and paid out of the earnings of members.
pub async fn earned(
    conn: &mut AsyncPgConnection,
    members: Vec<MemberId>,
) -> QueryResult<Vec<(MemberId, Earned)>> {
    let rows: Vec<(MemberId, i64, i64)> = SumEarnings { members }.load(conn).await?;
    Ok(rows.into_iter().map(|(member, total, withdrawn)| (member, Earned { total, withdrawn })).collect())
}

statement! {
    /// Sums of what was posted to the earnings of members. What a payout took and gave back is no earning, and what
    /// a dispute took is none any more.
    SumEarnings(members: Vec<MemberId> => sql_types::Array<sql_types::Uuid>)
      -> (sql_types::Uuid, sql_types::BigInt, sql_types::BigInt) =
    "select a.owner_id,
            coalesce(sum(p.amount) filter (where t.kind not in ('PAYOUT', 'PAYOUT_FAILED')), 0)::bigint,
            coalesce(-sum(p.amount) filter (where t.kind in ('PAYOUT', 'PAYOUT_FAILED')), 0)::bigint
     from ledger_accounts a
     join ledger_postings p on p.account_id = a.id
     join ledger_transactions t on t.id = p.transaction_id
     where a.kind = 'EARNINGS' and a.owner_id = any($1) and a.asset = 'CREDIT/2'
     group by a.owner_id"
}

/// The columns of [`EntryRow`].
type EntryColumns = (
    sql_types::Uuid,
    sql_types::Text,
    sql_types::Uuid,
    sql_types::Timestamptz,
    sql_types::BigInt,
    sql_types::Text,
);

statement! {
    /// The newest entries of an account within bounds.
    NewestEntries(
        member: MemberId => sql_types::Uuid,
        kind: AccountKind => sql_types::Text,
        older_than: Uuid => sql_types::Uuid,
        newer_than: Uuid => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
        asset: Asset => sql_types::Text,
    ) -> EntryColumns =
    "select t.id, t.kind, t.subject_id, t.created_at, p.amount, p.asset
     from ledger_postings p join ledger_transactions t on t.id = p.transaction_id
     where p.account_id = (select id from ledger_accounts where kind = $2 and owner_id = $1 and asset = $6)
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
        asset: Asset => sql_types::Text,
    ) -> EntryColumns =
    "select t.id, t.kind, t.subject_id, t.created_at, p.amount, p.asset
     from ledger_postings p join ledger_transactions t on t.id = p.transaction_id
     where p.account_id = (select id from ledger_accounts where kind = $2 and owner_id = $1 and asset = $6)
       and p.transaction_id < $3 and p.transaction_id > $4
     order by p.transaction_id asc limit $5"
}
