//! The chain over the ledger: sealing, and going through it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::super::{
    model::chain::{BlockRow, ChainFault, ChainFaultKind, ChainReport, block},
    repo::chain as repo,
};
use crate::{
    app::App,
    db::{
        chain::{self, Hash, Head},
        ids::{EntityId, LedgerTransactionId},
        transact,
    },
};

/// The most transactions of a block.
pub(super) const BLOCK: i64 = 1000;

/// The chain is sealed by one at a time.
const TURN: i64 = 0x5ea1_0000_1ed6;

/// Seals every transaction that is not in a block yet; returns how many. Several processes may do it at once: they take
/// turns.
///
/// # Errors
/// Only if the database fails.
pub async fn seal(app: &App) -> QueryResult<usize> {
    let mut total = 0;
    loop {
        let sealed = transact(app, async |tx| {
            let now = tx.now();
            seal_block(tx, now).await
        })
        .await?;
        total += sealed;
        if sealed == 0 {
            return Ok(total);
        }
    }
}

/// Seals the next block, inside the caller's transaction; returns how many transactions are in it.
///
/// # Errors
/// Only if the database fails.
pub async fn seal_block(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    chain::take_turn(conn, TURN).await?;
    let waiting = repo::unsealed_after(conn, LedgerTransactionId::from_uuid(Uuid::nil()), BLOCK).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let links: Vec<(LedgerTransactionId, Hash)> =
        waiting.iter().map(|whole| (whole.row.id, whole.hash())).collect();
    let hashes: Vec<Hash> = links.iter().map(|(_, hash)| *hash).collect();
    let next = block(&repo::head(conn).await?, &hashes);
    repo::seal(conn, next, &links, now).await?;
    Ok(links.len())
}

/// Goes through the whole chain, inside a snapshot, and finds the first place that is not as it was written. `known` is a
/// head that somebody kept outside: the chain must still run through it.
pub(super) async fn walk(tx: &mut AsyncPgConnection, known: Option<Head>) -> QueryResult<ChainReport> {
    let unsealed = repo::count_unsealed(tx).await?;
    let (mut head, mut sealed, mut fault) = (Head::GENESIS, 0, None);
    let mut differs = known.filter(|known| *known != Head::GENESIS);
    while let Some(kept) = repo::block_after(tx, head.seq).await? {
        match check(tx, &head, &kept).await? {
            Ok(next) => head = next,
            Err(found) => {
                fault = Some(found);
                break;
            }
        }
        sealed += kept.transactions;
        differs = differs.filter(|known| *known != head);
    }
    if fault.is_none() {
        let of = |kind, block, transaction| ChainFault { kind, block, transaction };
        fault = if let Some(known) = differs {
            Some(of(ChainFaultKind::HeadDiffers, Some(known.seq), None))
        } else if let Some(id) = repo::vanished(tx).await? {
            Some(of(ChainFaultKind::TransactionMissing, None, Some(id)))
        } else {
            repo::stray(tx).await?.map(|id| of(ChainFaultKind::TransactionNotSealed, None, Some(id)))
        };
    }
    Ok(ChainReport { head, sealed, unsealed, fault })
}

/// The head after a block, if the block and everything in it are as they were written.
async fn check(
    tx: &mut AsyncPgConnection,
    head: &Head,
    kept: &BlockRow,
) -> QueryResult<Result<Head, ChainFault>> {
    let fault = |kind, transaction| ChainFault { kind, block: Some(head.seq + 1), transaction };
    if kept.seq != head.seq + 1 {
        return Ok(Err(fault(ChainFaultKind::BlockMissing, None)));
    }
    let seals = repo::seals_in(tx, kept.seq).await?;
    let ids: Vec<LedgerTransactionId> = seals.iter().map(|seal| seal.transaction_id).collect();
    let found: HashMap<LedgerTransactionId, Hash> =
        repo::by_ids(tx, &ids).await?.iter().map(|whole| (whole.row.id, whole.hash())).collect();
    for (seal, place) in seals.iter().zip(0..) {
        let kind = match found.get(&seal.transaction_id) {
            _ if seal.place != place => ChainFaultKind::BlockAltered,
            None => ChainFaultKind::TransactionMissing,
            Some(hash) if hash.as_slice() != seal.hash => ChainFaultKind::TransactionAltered,
            Some(_) => continue,
        };
        return Ok(Err(fault(kind, Some(seal.transaction_id))));
    }
    let hashes: Vec<Hash> = seals.iter().map(|seal| chain::link(&seal.hash)).collect();
    let next = block(head, &hashes);
    let same = next.hash.as_slice() == kept.hash && i64::try_from(seals.len()) == Ok(kept.transactions);
    Ok(if same { Ok(next) } else { Err(fault(ChainFaultKind::BlockAltered, None)) })
}
