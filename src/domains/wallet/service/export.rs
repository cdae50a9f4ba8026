//! The whole ledger, written out so that anybody can re-add it without us.

use std::collections::HashMap;

use chrono::SecondsFormat;
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        model::chain::{SealRow, WholeTransaction},
        repo::{
            chain,
            export::{self, WholeAccount},
        },
    },
    seal::BLOCK,
};
use crate::db::{
    chain::hex,
    ids::{EntityId, LedgerTransactionId},
};

/// Why the ledger was not written out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It could not be written.
    #[error("cannot write")]
    Write(#[from] std::io::Error),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Takes a line.
type Sink<'a> = &'a mut (dyn FnMut(&Value) -> std::io::Result<()> + Send);

/// Writes the whole ledger in one snapshot: every account, then every block of the chain after its transactions, then the
/// transactions that are in no block yet. Each is one JSON object; whole numbers are texts, so that no reader rounds them.
///
/// # Errors
/// See [`ExportError`].
pub async fn export(conn: &mut AsyncPgConnection, sink: Sink<'_>) -> Result<(), ExportError> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(async |tx| {
            sink(&json!({ "type": "ledger", "version": 1 }))?;
            accounts(tx, sink).await?;
            blocks(tx, sink).await?;
            waiting(tx, sink).await
        })
        .await
}

async fn accounts(tx: &mut AsyncPgConnection, sink: Sink<'_>) -> Result<(), ExportError> {
    let mut after = Uuid::nil();
    loop {
        let page = export::accounts_after(tx, after, BLOCK).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for account in &page {
            sink(&account_line(account))?;
        }
    }
}

async fn blocks(tx: &mut AsyncPgConnection, sink: Sink<'_>) -> Result<(), ExportError> {
    let mut after = 0;
    while let Some(block) = chain::block_after(tx, after).await? {
        after = block.seq;
        let seals = chain::seals_in(tx, block.seq).await?;
        let ids: Vec<LedgerTransactionId> = seals.iter().map(|seal| seal.transaction_id).collect();
        let seals: HashMap<_, _> = seals.iter().map(|seal| (seal.transaction_id, seal)).collect();
        for whole in chain::in_order(tx, &ids).await? {
            sink(&transaction_line(&whole, seals.get(&whole.row.id).copied()))?;
        }
        sink(&json!({
            "type": "block",
            "block": block.seq.to_string(),
            "transactions": block.transactions.to_string(),
            "hash": hex(&block.hash),
        }))?;
    }
    Ok(())
}

async fn waiting(tx: &mut AsyncPgConnection, sink: Sink<'_>) -> Result<(), ExportError> {
    let mut after = LedgerTransactionId::from_uuid(Uuid::nil());
    loop {
        let page = chain::unsealed_after(tx, after, BLOCK).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.row.id;
        for whole in &page {
            sink(&transaction_line(whole, None))?;
        }
    }
}

fn account_line(account: &WholeAccount) -> Value {
    let number = |value: Option<i64>| value.map(|value| value.to_string());
    json!({
        "type": "account",
        "id": account.id,
        "kind": account.kind,
        "owner": account.owner_id,
        "asset": account.asset,
        "balance": number(account.balance),
        "held": number(account.held),
        "payer": account.payer_id,
    })
}

fn transaction_line(whole: &WholeTransaction, seal: Option<&SealRow>) -> Value {
    let postings: Vec<Value> = whole
        .postings
        .iter()
        .map(|posting| {
            json!({
                "account": posting.account_id.uuid(),
                "asset": posting.asset,
                "amount": posting.amount.to_string(),
            })
        })
        .collect();
    json!({
        "type": "transaction",
        "id": whole.row.id.uuid(),
        "kind": whole.row.kind,
        "subject": whole.row.subject_id,
        "reference": whole.row.reference_id,
        "createdAt": whole.row.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "postings": postings,
        "block": seal.map(|seal| seal.block_seq.to_string()),
        "hash": seal.map(|seal| hex(&seal.hash)),
    })
}
