//! Statements of the chain over the ledger.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::chain::{
    BlockRow, ChainSummary, PostingRow, SealRow, TransactionRow, WholeTransaction,
};
use crate::{
    db::{
        chain::{Hash, Head, link},
        ids::LedgerTransactionId,
        tables::{ledger_blocks, ledger_seals, ledger_transactions, ledger_unsealed},
    },
    statement,
};

/// The columns of [`TransactionRow`].
macro_rules! transaction {
    () => {
        (
            ledger_transactions::id,
            ledger_transactions::kind,
            ledger_transactions::subject_id,
            ledger_transactions::reference_id,
            ledger_transactions::created_at,
        )
    };
}

/// The last block.
pub async fn head(conn: &mut AsyncPgConnection) -> QueryResult<Head> {
    let last: Option<(i64, Vec<u8>)> = ledger_blocks::table
        .order(ledger_blocks::seq.desc())
        .select((ledger_blocks::seq, ledger_blocks::hash))
        .first(conn)
        .await
        .optional()?;
    Ok(last.map_or(Head::GENESIS, |(seq, hash)| Head { seq, hash: link(&hash) }))
}

/// The oldest transactions without a seal after an id, with their postings.
pub async fn unsealed_after(
    conn: &mut AsyncPgConnection,
    id: LedgerTransactionId,
    limit: i64,
) -> QueryResult<Vec<WholeTransaction>> {
    // In two steps, so that no plan ever walks through the sealed ones.
    let ids: Vec<LedgerTransactionId> = ledger_unsealed::table
        .filter(ledger_unsealed::transaction_id.gt(id))
        .order(ledger_unsealed::transaction_id)
        .limit(limit)
        .select(ledger_unsealed::transaction_id)
        .load(conn)
        .await?;
    in_order(conn, &ids).await
}

/// Transactions by id, with their postings, in the order of the ids; one that is not there is left out.
pub async fn in_order(
    conn: &mut AsyncPgConnection,
    ids: &[LedgerTransactionId],
) -> QueryResult<Vec<WholeTransaction>> {
    let rows = by_ids(conn, ids).await?;
    let mut of: HashMap<LedgerTransactionId, WholeTransaction> =
        rows.into_iter().map(|row| (row.row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| of.remove(id)).collect())
}

/// Transactions by id, with their postings.
pub async fn by_ids(
    conn: &mut AsyncPgConnection,
    ids: &[LedgerTransactionId],
) -> QueryResult<Vec<WholeTransaction>> {
    let rows = ledger_transactions::table
        .filter(ledger_transactions::id.eq_any(ids))
        .select(transaction!())
        .load(conn)
        .await?;
    with_postings(conn, rows).await
}

/// Every transaction of subjects, with its postings, oldest first.
pub async fn of_subjects(
    conn: &mut AsyncPgConnection,
    subjects: &[uuid::Uuid],
) -> QueryResult<Vec<WholeTransaction>> {
    let rows = ledger_transactions::table
        .filter(ledger_transactions::subject_id.eq_any(subjects))
        .order(ledger_transactions::id)
        .select(transaction!())
        .load(conn)
        .await?;
    with_postings(conn, rows).await
}

async fn with_postings(
    conn: &mut AsyncPgConnection,
    rows: Vec<TransactionRow>,
) -> QueryResult<Vec<WholeTransaction>> {
    let postings: Vec<PostingRow> =
        ReadPostings { transactions: rows.iter().map(|row| row.id).collect() }.load(conn).await?;
    let mut of: HashMap<LedgerTransactionId, Vec<PostingRow>> = HashMap::new();
    for posting in postings {
        of.entry(posting.transaction_id).or_default().push(posting);
    }
    Ok(rows
        .into_iter()
        .map(|row| WholeTransaction { postings: of.remove(&row.id).unwrap_or_default(), row })
        .collect())
}

/// Writes a block and the seals of its transactions, which wait no more.
pub async fn seal(
    conn: &mut AsyncPgConnection,
    block: Head,
    transactions: &[(LedgerTransactionId, Hash)],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let count = i64::try_from(transactions.len()).unwrap_or(i64::MAX);
    diesel::insert_into(ledger_blocks::table)
        .values((
            ledger_blocks::seq.eq(block.seq),
            ledger_blocks::transactions.eq(count),
            ledger_blocks::hash.eq(block.hash.to_vec()),
            ledger_blocks::sealed_at.eq(now),
        ))
        .execute(conn)
        .await?;
    let seals: Vec<_> = transactions
        .iter()
        .zip(0_i32..)
        .map(|((id, hash), place)| {
            (
                ledger_seals::transaction_id.eq(id),
                ledger_seals::block_seq.eq(block.seq),
                ledger_seals::place.eq(place),
                ledger_seals::hash.eq(hash.to_vec()),
            )
        })
        .collect();
    diesel::insert_into(ledger_seals::table).values(seals).execute(conn).await?;
    let sealed: Vec<LedgerTransactionId> = transactions.iter().map(|(id, _)| *id).collect();
    diesel::delete(ledger_unsealed::table.filter(ledger_unsealed::transaction_id.eq_any(sealed)))
        .execute(conn)
        .await
        .map(drop)
}

/// The block after a number.
pub async fn block_after(conn: &mut AsyncPgConnection, seq: i64) -> QueryResult<Option<BlockRow>> {
    ledger_blocks::table
        .filter(ledger_blocks::seq.gt(seq))
        .order(ledger_blocks::seq)
        .select((
            ledger_blocks::seq,
            ledger_blocks::transactions,
            ledger_blocks::hash,
            ledger_blocks::sealed_at,
        ))
        .first(conn)
        .await
        .optional()
}

/// The seals of a block, in their order.
pub async fn seals_in(conn: &mut AsyncPgConnection, block: i64) -> QueryResult<Vec<SealRow>> {
    ledger_seals::table.filter(ledger_seals::block_seq.eq(block)).order(ledger_seals::place).load(conn).await
}

/// The seals of transactions.
pub async fn seals_of(
    conn: &mut AsyncPgConnection,
    transactions: &[LedgerTransactionId],
) -> QueryResult<Vec<SealRow>> {
    ledger_seals::table.filter(ledger_seals::transaction_id.eq_any(transactions)).load(conn).await
}

/// How many transactions wait for their block.
pub async fn count_unsealed(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    ledger_unsealed::table.count().get_result(conn).await
}

/// How far the chain has come.
pub async fn summary(conn: &mut AsyncPgConnection) -> QueryResult<ChainSummary> {
    let head = head(conn).await?;
    let (sealed, unsealed) = CountSealed {}.get_result(conn).await?;
    Ok(ChainSummary { head, sealed, unsealed })
}

/// A transaction that waits for its block and is not there.
pub async fn vanished(conn: &mut AsyncPgConnection) -> QueryResult<Option<LedgerTransactionId>> {
    FindVanished {}.load(conn).await.map(|found| found.into_iter().next())
}

/// A transaction that has no seal and does not wait for one: it was not written by us.
pub async fn stray(conn: &mut AsyncPgConnection) -> QueryResult<Option<LedgerTransactionId>> {
    FindStray {}.load(conn).await.map(|found| found.into_iter().next())
}

statement! {
    /// The postings of transactions with what their accounts are.
    ReadPostings(transactions: Vec<LedgerTransactionId> => sql_types::Array<sql_types::Uuid>) ->
        (sql_types::Uuid, sql_types::Uuid, sql_types::Text, sql_types::BigInt, sql_types::Text, sql_types::Nullable<sql_types::Uuid>) =
    "select p.transaction_id, p.account_id, p.asset, p.amount, coalesce(a.kind, ''), a.owner_id
     from ledger_postings p left join ledger_accounts a on a.id = p.account_id and a.asset = p.asset
     where p.transaction_id = any($1) order by p.transaction_id, p.account_id"
}

statement! {
    /// The oldest waiting transaction that is not there.
    FindVanished() -> sql_types::Uuid =
    "select u.transaction_id from ledger_unsealed u
     where not exists (select from ledger_transactions t where t.id = u.transaction_id)
     order by u.transaction_id limit 1"
}

statement! {
    /// The oldest transaction that nobody sealed or is going to seal.
    FindStray() -> sql_types::Uuid =
    "select t.id from ledger_transactions t
     where not exists (select from ledger_seals s where s.transaction_id = t.id)
       and not exists (select from ledger_unsealed u where u.transaction_id = t.id)
     order by t.id limit 1"
}

statement! {
    /// How many transactions are sealed, and how many wait.
    CountSealed() -> (sql_types::BigInt, sql_types::BigInt) =
    "select (select coalesce(sum(transactions), 0)::bigint from ledger_blocks), (select count(*) from ledger_unsealed)"
}
