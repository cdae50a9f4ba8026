//! GraphQL types of the wallet.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    model::{self, AccountKind, Asset, Balances, EntryRow, TransactionKind},
    repo::entries,
};
use crate::{
    db::ids::{BookingId, EntityId, LedgerTransactionId, MemberId, PaymentId},
    domains::event::Happened,
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
        plain::PlainFields,
        scalars::{BigInt, CurrencyCode, Money},
    },
};

/// An amount of credits.
#[must_use]
pub fn credits(minor: i64) -> Money {
    Money::new(minor, Asset::credit().currency())
}

/// The caller's credits, at one moment.
#[derive(Clone, Debug)]
pub struct Wallet {
    /// Whose.
    pub member_id: MemberId,
    /// What is in it.
    pub balances: Balances,
    /// The moment; empty if the document does not select it.
    pub cursor: String,
}

/// The caller's credits, at one moment.
#[Object]
impl Wallet {
    /// What can be spent now.
    async fn available(&self) -> Money {
        credits(self.balances.available)
    }

    /// What the caller's own bookings hold until they are completed or cancelled.
    async fn held(&self) -> Money {
        credits(self.balances.held)
    }

    /// What completed bookings have earned and is not paid out yet.
    async fn pending(&self) -> Money {
        credits(self.balances.pending)
    }

    /// What the wallet is counted in.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(Asset::credit().currency().to_owned())
    }

    /// The moment that the amounts are true at: `viewerEvents(after: cursor)` tells what changes from here on.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// Everything that ever went into or out of the wallet, newest first. `null` if it cannot be read.
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<WalletEntry>> {
        let args = PageArgs::new(first, after, last, before);
        field(entries_of(ctx, self.member_id, AccountKind::Wallet, args)).await
    }
}

/// What the caller earned as a mentor.
#[derive(Clone, Copy, Debug)]
pub struct Earnings {
    /// Whose.
    pub member_id: MemberId,
    /// Not paid out yet.
    pub pending: i64,
}

/// What the caller earned as a mentor.
#[Object]
impl Earnings {
    /// What completed bookings have earned and is not paid out yet.
    async fn pending(&self) -> Money {
        credits(self.pending)
    }

    /// Every earning, newest first. `null` if it cannot be read.
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<WalletEntry>> {
        let args = PageArgs::new(first, after, last, before);
        field(entries_of(ctx, self.member_id, AccountKind::Earnings, args)).await
    }
}

async fn entries_of(
    ctx: &Context<'_>,
    member: MemberId,
    kind: AccountKind,
    args: PageArgs,
) -> Result<Option<Connection<WalletEntry>>, ApiError> {
    let scope = format!("ledger_entries:{kind}:{member}");
    let read =
        async |keyset| Ok(entries::page_of_entries(&mut *ctx.conn().await?, member, kind, &keyset).await?);
    page(args, &scope, read, |row: &EntryRow| -> LedgerTransactionId { row.transaction_id }, WalletEntry)
        .await
        .map(Some)
}

/// One movement of credits.
#[derive(Clone, Debug)]
pub struct WalletEntry(pub EntryRow);

/// One movement of credits.
#[Object]
impl WalletEntry {
    /// Why.
    async fn kind(&self) -> WalletEntryKind {
        self.0.kind.into()
    }

    /// How much was added; negative if it was taken.
    async fn amount(&self) -> Money {
        credits(self.0.amount)
    }

    /// When.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Global id of what it belongs to: the payment of a `PURCHASE`, the booking of anything else.
    async fn subject_id(&self) -> ID {
        ID(match self.0.kind {
            TransactionKind::Purchase => PaymentId::from_uuid(self.0.subject_id).to_string(),
            TransactionKind::Hold
            | TransactionKind::Release
            | TransactionKind::Refund
            | TransactionKind::Settlement => BookingId::from_uuid(self.0.subject_id).to_string(),
        })
    }
}

impl PlainFields for WalletEntry {}

/// Why credits moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::TransactionKind")]
pub enum WalletEntryKind {
    /// Credits were bought.
    Purchase,
    /// A booking's price went into escrow.
    Hold,
    /// A booking was paid out to its mentor: completed, or cancelled too late for anything to go back.
    Release,
    /// A cancelled booking's price came back.
    Refund,
    /// A booking's price was divided between its learner and its mentor, for example by a late cancellation.
    Settlement,
}

/// What an account of the ledger holds money for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::AccountKind")]
pub enum LedgerAccountKind {
    /// A member's credits to spend.
    Wallet,
    /// What a mentor has earned.
    Earnings,
    /// A booking's price until it is completed or cancelled.
    Escrow,
    /// Money at the payment providers.
    Gateway,
    /// What was sold, as its negative.
    Sales,
    /// Credits ever issued, as their negative.
    Issued,
    /// What the platform keeps of what mentors earn.
    Fees,
}

/// What all accounts of one kind have.
#[derive(Clone, Debug, SimpleObject)]
pub struct LedgerProofLine {
    /// The kind.
    pub kind: LedgerAccountKind,
    /// Accounts of the kind that were ever posted to.
    pub accounts: BigInt,
    /// Sum of their postings.
    pub total: Money,
}

/// The trial balance of one asset, recounted from every posting ever made: anybody may check that no money appeared or
/// vanished.
#[derive(Clone, Debug, SimpleObject)]
pub struct LedgerProof {
    /// What is counted: code and number of decimals.
    pub asset: String,
    /// Per kind of account.
    pub lines: Vec<LedgerProofLine>,
    /// Sum of everything: zero.
    pub total: Money,
    /// Whether the sum is zero.
    pub balanced: bool,
    /// Transactions counted.
    pub transactions: BigInt,
    /// Postings counted.
    pub postings: BigInt,
    /// When it was counted: a moment ago at most.
    pub as_of: DateTime<Utc>,
}

impl LedgerProof {
    /// A proof as it is shown.
    #[must_use]
    pub fn new(proof: &model::Proof, as_of: DateTime<Utc>) -> Self {
        let money = |minor| Money::new(minor, proof.asset.currency());
        Self {
            asset: proof.asset.as_str().to_owned(),
            lines: proof
                .lines
                .iter()
                .map(|line| LedgerProofLine {
                    kind: line.kind.into(),
                    accounts: BigInt(line.accounts),
                    total: money(line.total),
                })
                .collect(),
            total: money(proof.total),
            balanced: proof.total == 0,
            transactions: BigInt(proof.transactions),
            postings: BigInt(proof.postings),
            as_of,
        }
    }
}

/// The caller's credits moved. Amounts are what there is now; `null` means that this one did not change.
#[derive(Clone, Debug)]
pub struct WalletChanged(pub Happened, pub model::WalletChanged);

/// The caller's credits moved. Amounts are what there is now; `null` means that this one did not change.
#[Object]
impl WalletChanged {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// What can be spent now. `null` if that did not change.
    async fn available(&self) -> Option<Money> {
        self.money(self.1.available)
    }

    /// What the caller's own bookings hold now. `null` if that did not change.
    async fn held(&self) -> Option<Money> {
        self.money(self.1.held)
    }

    /// What is earned and not paid out now. `null` if that did not change.
    async fn pending(&self) -> Option<Money> {
        self.money(self.1.pending)
    }
}

impl WalletChanged {
    fn money(&self, minor: Option<i64>) -> Option<Money> {
        minor.map(|minor| Money::new(minor, self.1.asset.currency()))
    }
}
