//! Recounting: the trial balance for everybody, the full check for the operator.

use std::sync::Arc;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::sync::Mutex;

use super::super::{
    loaders::{LastRecount, Recount},
    model::{Proof, ProofLine},
    repo::audit,
};
use crate::{app::App, db::hot::HotKey};

/// A rule that something breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerFault {
    /// The rule.
    pub rule: String,
    /// What breaks it.
    pub detail: String,
}

/// What a full check of the ledger found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerReport {
    /// One proof per asset.
    pub proofs: Vec<Proof>,
    /// Everything that is wrong, at most 100 per rule; empty = all is well.
    pub faults: Vec<LedgerFault>,
}

impl LedgerReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Recounts everything in one snapshot of the database: every asset and every transaction sums to zero, every kept
/// balance equals its postings, every wallet's `held` equals its escrows, the escrow of a finished booking is zero.
///
/// # Errors
/// Only if the database fails.
pub async fn verify(conn: &mut AsyncPgConnection) -> QueryResult<LedgerReport> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(async |tx| {
            let proofs = proofs(tx).await?;
            let faults = audit::faults(tx)
                .await?
                .into_iter()
                .map(|(rule, detail)| LedgerFault { rule, detail })
                .collect();
            Ok(LedgerReport { proofs, faults })
        })
        .await
}

/// The trial balance of every asset: a moment old at most, see [`Recount::is_fresh`].
///
/// # Errors
/// Only if the database fails.
pub async fn recount(app: &App) -> QueryResult<Arc<Recount>> {
    /// One recount at a time; whoever waited takes the result of the one before.
    static TURN: Mutex<()> = Mutex::const_new(());

    let kept = || app.hot.get(LastRecount).filter(|recount| recount.is_fresh(app.clock.now()));
    if let Some(recount) = kept() {
        return Ok(recount);
    }
    let _turn = TURN.lock().await;
    if let Some(recount) = kept() {
        return Ok(recount);
    }
    let seen = app.hot.versions.see(LastRecount.tag());
    let as_of = app.clock.now();
    let mut conn = app.conn().await?;
    let proofs =
        conn.build_transaction().read_only().repeatable_read().run(async |tx| proofs(tx).await).await?;
    let recount = Arc::new(Recount { as_of, took: app.clock.now() - as_of, proofs });
    app.hot.put(LastRecount, seen, Arc::clone(&recount));
    Ok(recount)
}

async fn proofs(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Proof>> {
    let kinds = audit::totals(conn).await?;
    let counts = audit::transaction_counts(conn).await?;
    let lines = |asset| kinds.iter().filter(move |kind| kind.asset == asset);
    Ok(counts
        .into_iter()
        .map(|(asset, transactions)| Proof {
            total: lines(asset.clone()).map(|kind| kind.total).sum(),
            postings: lines(asset.clone()).map(|kind| kind.postings).sum(),
            lines: lines(asset.clone())
                .map(|kind| ProofLine { kind: kind.kind, accounts: kind.accounts, total: kind.total })
                .collect(),
            transactions,
            asset,
        })
        .collect())
}
