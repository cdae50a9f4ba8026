//! Recounting: the trial balance for everybody, the full check for the operator.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::super::{
    model::{AccountKind, Asset},
    repo::audit,
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
    /// Everything that is wrong; empty = all is well.
    pub faults: Vec<LedgerFault>,
}

impl LedgerReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// The trial balance of one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What is counted.
    pub asset: Asset,
    /// Per kind of account: kind, number of accounts, sum of their postings.
    pub kinds: Vec<(AccountKind, i64, i64)>,
    /// Sum of everything: zero, or money appeared or vanished.
    pub total: i64,
    /// Postings counted.
    pub postings: i64,
    /// Transactions counted.
    pub transactions: i64,
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
            let faults = audit::faults(tx).await?.into_iter().map(|(rule, detail)| LedgerFault { rule, detail }).collect();
            Ok(LedgerReport { proofs, faults })
        })
        .await
}

async fn proofs(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Proof>> {
    let kinds = audit::totals(conn).await?;
    let counts = audit::transaction_counts(conn).await?;
    Ok(counts
        .into_iter()
        .map(|(asset, transactions)| {
            let own: Vec<_> = kinds.iter().filter(|kind| kind.asset == asset).collect();
            Proof {
                asset,
                total: own.iter().map(|kind| kind.total).sum(),
                postings: own.iter().map(|kind| kind.postings).sum(),
                kinds: own.iter().map(|kind| (kind.kind, kind.accounts, kind.total)).collect(),
                transactions,
            }
        })
        .collect())
}
