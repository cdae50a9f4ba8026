//! Recounting: the trial balance for everybody, the full check for the operator.

use std::sync::Arc;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::sync::Mutex;

use super::{
    super::{
        loaders::{LastRecount, Recount},
        model::{Proof, ProofLine, chain::ChainReport},
        repo::{audit, chain},
    },
    seal,
};
use crate::{
    app::App,
    db::{chain::Head, hot::HotKey},
};

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
    /// The chain over all transactions.
    pub chain: ChainReport,
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
/// balance equals its postings, every wallet's `held` equals its escrows, the escrow of a finished booking is zero; and
/// every transaction is what the chain says that was written.
///
/// # Errors
/// Only if the database fails.
pub async fn verify(conn: &mut AsyncPgConnection) -> QueryResult<LedgerReport> {
    verify_through(conn, None).await
}

/// As [`verify`]; the chain must also run through a head that somebody kept outside.
///
/// # Errors
/// Only if the database fails.
pub async fn verify_through(conn: &mut AsyncPgConnection, known: Option<Head>) -> QueryResult<LedgerReport> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(async |tx| {
            let proofs = proofs(tx).await?;
            let mut faults: Vec<LedgerFault> = audit::faults(tx)
                .await?
                .into_iter()
                .map(|(rule, detail)| LedgerFault { rule, detail })
                .collect();
            let chain = seal::walk(tx, known).await?;
            faults.extend(chain.fault.map(|fault| LedgerFault {
                rule: "the chain runs through everything".to_owned(),
                detail: fault.to_string(),
            }));
            Ok(LedgerReport { proofs, chain, faults })
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
    let (proofs, chain) = conn
        .build_transaction()
        .read_only()
        .repeatable_read()
        .run(async |tx| Ok::<_, diesel::result::Error>((proofs(tx).await?, chain::summary(tx).await?)))
        .await?;
    let recount = Arc::new(Recount { as_of, took: app.clock.now() - as_of, proofs, chain });
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
