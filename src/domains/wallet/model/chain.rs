//! The chain over the ledger: what a hash covers, and what can be wrong.

use chrono::{DateTime, Utc};
use diesel::Queryable;
use uuid::Uuid;

use crate::{
    db::{
        chain::{Digest, Hash, Head},
        ids::{EntityId, LedgerAccountId, LedgerTransactionId},
    },
    text_enum,
};

/// A transaction as it is kept. Kinds are texts: a newer server may have written one that is not known here.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct TransactionRow {
    /// Its id.
    pub id: LedgerTransactionId,
    /// Why money moved.
    pub kind: String,
    /// What it belongs to.
    pub subject_id: Uuid,
    /// What of the subject it belongs to, where that can be several.
    pub reference_id: Option<Uuid>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A posting with what its account is.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct PostingRow {
    /// The transaction.
    pub transaction_id: LedgerTransactionId,
    /// The account.
    pub account_id: LedgerAccountId,
    /// What is counted.
    pub asset: String,
    /// How much was added.
    pub amount: i64,
    /// What the account holds money for; empty if there is no such account, or it counts something else.
    pub account_kind: String,
    /// The member or booking that the account belongs to.
    pub owner_id: Option<Uuid>,
}

/// A transaction with its postings, in the order of their accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeTransaction {
    /// The transaction.
    pub row: TransactionRow,
    /// Its postings.
    pub postings: Vec<PostingRow>,
}

impl WholeTransaction {
    /// The hash over every column of the transaction, of its postings and of what their accounts are.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut digest = Digest::new("skillswap ledger transaction 1");
        digest.add(Some(self.row.id.uuid().as_bytes()));
        digest.add(Some(self.row.kind.as_bytes()));
        digest.add(Some(self.row.subject_id.as_bytes()));
        digest.add(self.row.reference_id.as_ref().map(Uuid::as_bytes).map(<[u8; 16]>::as_slice));
        // The database keeps microseconds.
        digest.number(self.row.created_at.timestamp_micros());
        digest.number(i64::try_from(self.postings.len()).unwrap_or(i64::MAX));
        for posting in &self.postings {
            digest.add(Some(posting.account_id.uuid().as_bytes()));
            digest.add(Some(posting.account_kind.as_bytes()));
            digest.add(posting.owner_id.as_ref().map(Uuid::as_bytes).map(<[u8; 16]>::as_slice));
            digest.add(Some(posting.asset.as_bytes()));
            digest.number(posting.amount);
        }
        digest.finish()
    }
}

/// The block after a head: a hash over its number, the hash before it, and the hash of each of its transactions.
#[must_use]
pub fn block(head: &Head, hashes: &[Hash]) -> Head {
    let mut digest = head.begin("skillswap ledger block 1");
    for hash in hashes {
        digest.add(Some(hash));
    }
    head.next(digest)
}

/// A block as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct BlockRow {
    /// Its number.
    pub seq: i64,
    /// How many transactions it covers.
    pub transactions: i64,
    /// The hash.
    pub hash: Vec<u8>,
    /// When it was sealed.
    pub sealed_at: DateTime<Utc>,
}

/// How far the chain has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainSummary {
    /// The last block.
    pub head: Head,
    /// Transactions in blocks.
    pub sealed: i64,
    /// Transactions that wait for their block.
    pub unsealed: i64,
}

/// A transaction's place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct SealRow {
    /// The transaction.
    pub transaction_id: LedgerTransactionId,
    /// The block.
    pub block_seq: i64,
    /// The place in the block, from 0.
    pub place: i32,
    /// The hash over the transaction.
    pub hash: Vec<u8>,
}

text_enum! {
    /// What is wrong with the chain.
    pub enum ChainFaultKind {
        TransactionAltered = "TRANSACTION_ALTERED",
        TransactionMissing = "TRANSACTION_MISSING",
        TransactionNotSealed = "TRANSACTION_NOT_SEALED",
        BlockAltered = "BLOCK_ALTERED",
        BlockMissing = "BLOCK_MISSING",
        HeadDiffers = "HEAD_DIFFERS",
    }
}

/// The first place where the ledger is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainFault {
    /// What is wrong.
    pub kind: ChainFaultKind,
    /// The block, if it is a place in the chain.
    pub block: Option<i64>,
    /// The transaction, as far as it can be told.
    pub transaction: Option<LedgerTransactionId>,
}

impl std::fmt::Display for ChainFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(block) = self.block {
            write!(f, " in block {block}")?;
        }
        match self.transaction {
            Some(transaction) => write!(f, ": {transaction} ({})", transaction.uuid()),
            None => Ok(()),
        }
    }
}

/// What a way through the whole chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// The last good block.
    pub head: Head,
    /// Transactions in blocks that are as they were written.
    pub sealed: i64,
    /// Transactions that wait for their block: a few seconds' worth, as long as a worker runs.
    pub unsealed: i64,
    /// The first fault.
    pub fault: Option<ChainFault>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> WholeTransaction {
        let id = LedgerTransactionId::new();
        let posting = |amount| PostingRow {
            transaction_id: id,
            account_id: LedgerAccountId::new(),
            asset: "CREDIT/2".to_owned(),
            amount,
            account_kind: "WALLET".to_owned(),
            owner_id: Some(Uuid::nil()),
        };
        let row = TransactionRow {
            id,
            kind: "HOLD".to_owned(),
            subject_id: Uuid::nil(),
            reference_id: None,
            created_at: DateTime::UNIX_EPOCH,
        };
        WholeTransaction { row, postings: vec![posting(-5), posting(5)] }
    }

    #[test]
    fn the_hash_covers_every_column() {
        let first = whole();
        let changes: [fn(&mut WholeTransaction); 11] = [
            |whole| whole.row.id = LedgerTransactionId::new(),
            |whole| whole.row.kind.push('S'),
            |whole| whole.row.subject_id = Uuid::max(),
            |whole| whole.row.reference_id = Some(Uuid::nil()),
            |whole| whole.row.created_at += chrono::TimeDelta::microseconds(1),
            |whole| whole.postings.truncate(1),
            |whole| whole.postings[0].account_id = LedgerAccountId::new(),
            |whole| whole.postings[0].asset = "CREDIT/3".to_owned(),
            |whole| whole.postings[1].amount = 6,
            |whole| whole.postings[1].account_kind = "EARNINGS".to_owned(),
            |whole| whole.postings[1].owner_id = None,
        ];
        for (place, change) in changes.into_iter().enumerate() {
            let mut second = first.clone();
            change(&mut second);
            assert_ne!(first.hash(), second.hash(), "change {place}");
        }
        assert_eq!(first.hash(), first.clone().hash());
    }

    #[test]
    fn a_block_covers_the_one_before_and_the_order() {
        let (one, two) = ([1; 32], [2; 32]);
        let first = block(&Head::GENESIS, &[one, two]);
        assert_eq!(first.seq, 1);
        assert_ne!(first.hash, block(&Head::GENESIS, &[two, one]).hash);
        assert_ne!(block(&first, &[one]).hash, block(&Head { hash: one, ..first }, &[one]).hash);
    }
}
