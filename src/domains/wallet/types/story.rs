//! GraphQL types of a booking's ledger story and of the chain.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{LedgerAccountKind, WalletEntryKind, credits};
use crate::{
    db::{chain::hex, ids::BookingId},
    domains::wallet::{
        loaders::{SealOf, StoryOf},
        model::{
            AccountKind, Asset, TransactionKind,
            chain::{ChainSummary, PostingRow, WholeTransaction},
        },
    },
    graphql::{
        ApiError, ContextExt, Field, field,
        plain::PlainFields,
        scalars::{BigInt, Money},
    },
};

/// How far the chain over all transactions has come. Keep one: `skillswap ledger verify --head <block>:<hash>` shows
/// whether the ledger was written anew since.
#[derive(Clone, Debug, SimpleObject)]
pub struct LedgerHead {
    /// The number of the last block.
    pub block: BigInt,
    /// The hash over everything up to here: SHA-256 in hexadecimal.
    pub hash: String,
    /// Transactions in blocks, of all assets.
    pub sealed: BigInt,
    /// Transactions that wait for their block: a few seconds' worth.
    pub unsealed: BigInt,
}

impl From<ChainSummary> for LedgerHead {
    fn from(chain: ChainSummary) -> Self {
        Self {
            block: BigInt(chain.head.seq),
            hash: chain.head.hex(),
            sealed: BigInt(chain.sealed),
            unsealed: BigInt(chain.unsealed),
        }
    }
}

/// The place of a transaction in the chain.
#[derive(Clone, Debug, SimpleObject)]
pub struct LedgerSeal {
    /// The number of the block.
    pub block: BigInt,
    /// The place in the block, from 0.
    pub place: i32,
    /// The hash over the transaction with its postings: SHA-256 in hexadecimal.
    pub hash: String,
}

/// Where the money of a booking went: every transaction with its postings, and what they add up to.
#[derive(Clone, Debug, SimpleObject)]
pub struct LedgerStory {
    /// Every transaction, oldest first.
    pub transactions: Vec<LedgerTransaction>,
    /// What the learner has paid, less what came back.
    pub learner_paid: Money,
    /// What is in escrow.
    pub in_escrow: Money,
    /// What the mentor got.
    pub mentor_got: Money,
    /// What the platform kept.
    pub fee: Money,
    /// Whether it adds up: each transaction sums to zero, what the learner paid is with the escrow, the mentor and the
    /// platform, and the escrow has the whole price, or nothing once the booking has ended.
    pub adds_up: bool,
}

impl LedgerStory {
    /// The story of a booking of this price. `held` says whether the booking says that its price is in escrow.
    ///
    /// # Errors
    /// Only if the database fails.
    pub async fn read(
        ctx: &Context<'_>,
        booking: BookingId,
        price: i64,
        held: bool,
    ) -> Result<Self, ApiError> {
        let rows = ctx.one(StoryOf(booking)).await?.unwrap_or_default();
        let of = |kind: AccountKind| -> i64 {
            let postings = rows.iter().flat_map(|whole| &whole.postings);
            postings
                .filter(|posting| posting.account_kind == kind.as_str())
                .map(|posting| posting.amount)
                .sum()
        };
        let balanced =
            rows.iter().all(|whole| whole.postings.iter().map(|posting| posting.amount).sum::<i64>() == 0);
        let (paid, escrow) = (-of(AccountKind::Wallet), of(AccountKind::Escrow));
        let (mentor, fee) = (of(AccountKind::Earnings) + of(AccountKind::Receivable), of(AccountKind::Fees));
        let whole = escrow == price || (escrow == 0 && !held);
        Ok(Self {
            learner_paid: credits(paid),
            in_escrow: credits(escrow),
            mentor_got: credits(mentor),
            fee: credits(fee),
            adds_up: balanced && whole && paid == escrow + mentor + fee && (0..=price).contains(&paid),
            transactions: rows.iter().cloned().map(LedgerTransaction).collect(),
        })
    }
}

/// A balanced set of postings.
#[derive(Clone, Debug)]
pub struct LedgerTransaction(pub WholeTransaction);

/// A balanced set of postings.
#[Object]
impl LedgerTransaction {
    /// Names it in the ledger.
    async fn transaction_id(&self) -> ID {
        ID(self.0.row.id.to_string())
    }

    /// Why money moved. `null` if a newer server wrote it and this one does not know it.
    async fn kind(&self) -> Option<WalletEntryKind> {
        let kinds = TransactionKind::ALL.iter().copied();
        kinds.into_iter().find(|kind| kind.as_str() == self.0.row.kind).map(WalletEntryKind::from)
    }

    /// When.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.row.created_at
    }

    /// What it did to each account. The amounts sum to zero.
    async fn postings(&self) -> Vec<LedgerPosting> {
        self.0.postings.iter().map(LedgerPosting::from).collect()
    }

    /// Its place in the chain of hashes. `null` for some seconds, until it is sealed.
    async fn seal(&self, ctx: &Context<'_>) -> Field<LedgerSeal> {
        field(async {
            let seal = ctx.one(SealOf(self.0.row.id)).await?;
            Ok(seal.map(|seal| LedgerSeal {
                block: BigInt(seal.block_seq),
                place: seal.place,
                hash: hex(&seal.hash),
            }))
        })
        .await
    }
}

impl PlainFields for LedgerTransaction {}

/// What a transaction did to one account.
#[derive(Clone, Debug, SimpleObject)]
pub struct LedgerPosting {
    /// What the account holds money for. `null` if a newer server made it and this one does not know it.
    pub account: Option<LedgerAccountKind>,
    /// How much was added; negative if it was taken.
    pub amount: Money,
}

impl From<&PostingRow> for LedgerPosting {
    fn from(posting: &PostingRow) -> Self {
        let known = AccountKind::ALL.iter().copied().find(|kind| kind.as_str() == posting.account_kind);
        let currency = Asset::named(&posting.asset);
        Self {
            account: known.map(LedgerAccountKind::from),
            amount: Money::new(posting.amount, currency.currency()),
        }
    }
}
