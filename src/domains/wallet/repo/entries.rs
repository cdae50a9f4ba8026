//! Statements that read a member's accounts.

use diesel::{QueryResult, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::super::model::{AccountKind, Asset, Balances, EntryRow};
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
