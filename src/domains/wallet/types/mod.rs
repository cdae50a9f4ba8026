//! GraphQL types of the wallet.

pub mod adjustment;
pub mod event;
pub mod story;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    loaders::{AdjustmentById, EarnedBy, OwedBy, Recount},
    model::{self, AccountKind, Asset, Balances, Earned, EntryRow, TransactionKind, promotion::PromotionRow},
    repo::{entries, promotions},
};
use crate::{
    db::ids::{
        AdjustmentId, BookingId, EntityId, LedgerTransactionId, MemberId, PaymentId, PayoutId, PromotionId,
        SubscriptionId, encode,
    },
    domains::event::Happened,
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
        plain::PlainFields,
        scalars::{BigInt, CurrencyCode, Money},
    },
};

pub use adjustment::CreditAdjustment;
pub use event::{PromotionExpired, PromotionGranted, WalletAdjusted};
pub use story::{LedgerHead, LedgerStory};

/// An amount of credits.
#[must_use]
pub fn credits(minor: i64) -> Money {
    Money::new(minor, Asset::credit().currency())
}

/// The caller's money of one asset, at one moment.
#[derive(Clone, Debug)]
pub struct Wallet {
    /// Whose.
    pub member_id: MemberId,
    /// What is counted.
    pub asset: Asset,
    /// What is in it.
    pub balances: Balances,
    /// The moment; empty if the document does not select it.
    pub cursor: String,
}

impl Wallet {
    fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.asset.currency())
    }
}

/// The caller's money of one asset, at one moment.
#[Object]
impl Wallet {
    /// What is counted: code and number of decimals, such as `CREDIT/2`.
    async fn asset(&self) -> &str {
        self.asset.as_str()
    }

    /// What can be spent now: `bought` and `promotional` together.
    async fn available(&self) -> Money {
        self.money(self.balances.available)
    }

    /// How much of `available` was bought or earned. It never ends, and only it can be paid back.
    async fn bought(&self) -> Money {
        self.money(self.balances.available - self.balances.promotional)
    }

    /// How much of `available` was given. It is used before what was bought, and ends if it is not used in time; a
    /// cancelled booking gives back what it took of it.
    async fn promotional(&self) -> Money {
        self.money(self.balances.promotional)
    }

    /// What is left of each gift, in the order of use: what ends first is used first. `null` if it cannot be read.
    async fn promotions(&self, ctx: &Context<'_>) -> Field<Vec<WalletPromotion>> {
        field(async {
            if self.balances.promotional == 0 {
                return Ok(Some(Vec::new()));
            }
            let rows = promotions::left(&mut *ctx.conn().await?, self.member_id, &self.asset).await?;
            let of = |row: PromotionRow| WalletPromotion {
                remaining: self.money(row.remaining),
                granted: self.money(row.granted),
                reason: row.reason,
                expires_at: row.expires_at,
            };
            Ok(Some(rows.into_iter().map(of).collect()))
        })
        .await
    }

    /// What the caller's own bookings hold until they are completed or cancelled.
    async fn held(&self) -> Money {
        self.money(self.balances.held)
    }

    /// What completed bookings have earned and is not paid out yet.
    async fn pending(&self) -> Money {
        self.money(self.balances.pending)
    }

    /// What the caller owes, because a dispute or a chargeback took more than there was: whatever the caller earns or buys
    /// next pays it first. `null` if it cannot be read.
    async fn owed(&self, ctx: &Context<'_>) -> Field<Money> {
        field(async { Ok(Some(credits(ctx.one(OwedBy(self.member_id)).await?.unwrap_or_default()))) }).await
    }

    /// What the wallet is counted in.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.asset.currency().to_owned())
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
        field(entries_of(ctx, self.member_id, AccountKind::Wallet, self.asset.clone(), args)).await
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
    /// What is earned and not paid out yet: what `requestPayout` can take.
    async fn pending(&self) -> Money {
        credits(self.pending)
    }

    /// Everything ever earned, from the first day on. `null` if it cannot be read.
    async fn total(&self, ctx: &Context<'_>) -> Field<Money> {
        field(async { Ok(Some(credits(self.earned(ctx).await?.total))) }).await
    }

    /// What was paid out, or is on its way to the bank. `null` if it cannot be read.
    async fn withdrawn(&self, ctx: &Context<'_>) -> Field<Money> {
        field(async { Ok(Some(credits(self.earned(ctx).await?.withdrawn))) }).await
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
        field(entries_of(ctx, self.member_id, AccountKind::Earnings, Asset::credit(), args)).await
    }
}

impl Earnings {
    async fn earned(&self, ctx: &Context<'_>) -> Result<Earned, ApiError> {
        Ok(ctx.one(EarnedBy(self.member_id)).await?.unwrap_or_default())
    }
}

async fn entries_of(
    ctx: &Context<'_>,
    member: MemberId,
    kind: AccountKind,
    asset: Asset,
    args: PageArgs,
) -> Result<Option<Connection<WalletEntry>>, ApiError> {
    let scope = format!("ledger_entries:{kind}:{member}:{}", asset.as_str());
    let read = async |keyset| {
        Ok(entries::page_of_entries(&mut *ctx.conn().await?, member, kind, asset.clone(), &keyset).await?)
    };
    page(args, &scope, read, |row: &EntryRow| -> LedgerTransactionId { row.transaction_id }, WalletEntry)
        .await
        .map(Some)
}

/// What is left of promotional credits that were given at once.
#[derive(Clone, Debug, SimpleObject)]
pub struct WalletPromotion {
    /// How much can still be used.
    pub remaining: Money,
    /// How much was given.
    pub granted: Money,
    /// Why it was given.
    pub reason: String,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
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
        Money::new(self.0.amount, self.0.asset.currency())
    }

    /// When.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Global id of what it belongs to: the booking of a `HOLD`, `RELEASE`, `REFUND`, `CANCELLATION` or `DISPUTE`; the
    /// payment of a `PURCHASE`, `PAYMENT_REFUND`, `PAYMENT_REFUND_FAILED`, `CHARGEBACK` or `CHARGEBACK_REVERSAL`; else the
    /// adjustment, promotion, payout or subscription.
    async fn subject_id(&self) -> ID {
        ID(subject_of(self.0.kind, self.0.subject_id))
    }

    /// Why an administrator adjusted the wallet, in their words. `null` for anything but an `ADJUSTMENT`.
    async fn reason(&self, ctx: &Context<'_>) -> Field<String> {
        field(async {
            if self.0.kind != TransactionKind::Adjustment {
                return Ok(None);
            }
            let row = ctx.one(AdjustmentById(AdjustmentId::from_uuid(self.0.subject_id))).await?;
            Ok(row.map(|row| row.reason.clone()))
        })
        .await
    }
}

/// The global id of what a transaction belongs to.
fn subject_of(kind: TransactionKind, id: Uuid) -> String {
    let prefix = match kind {
        TransactionKind::Purchase
        | TransactionKind::PaymentRefund
        | TransactionKind::PaymentRefundFailed
        | TransactionKind::Chargeback
        | TransactionKind::ChargebackReversal => PaymentId::PREFIX,
        TransactionKind::Hold
        | TransactionKind::Release
        | TransactionKind::Refund
        | TransactionKind::Cancellation
        | TransactionKind::Dispute => BookingId::PREFIX,
        TransactionKind::Adjustment => AdjustmentId::PREFIX,
        TransactionKind::Promotion | TransactionKind::PromotionExpiry => PromotionId::PREFIX,
        TransactionKind::Payout | TransactionKind::PayoutFailed => PayoutId::PREFIX,
        TransactionKind::Subscription => SubscriptionId::PREFIX,
    };
    encode(prefix, id)
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
    /// A cancelled booking's price was divided by the policy.
    Cancellation,
    /// A disputed booking's price went back into escrow, or was divided in the end.
    Dispute,
    /// An administrator corrected the wallet.
    Adjustment,
    /// Promotional credits were given.
    Promotion,
    /// Promotional credits were not used in time.
    PromotionExpiry,
    /// A payment was paid back through its provider.
    PaymentRefund,
    /// The provider could not pay a payment back.
    PaymentRefundFailed,
    /// The payer's bank took a payment back.
    Chargeback,
    /// A payment that the bank took back came again.
    ChargebackReversal,
    /// Earnings were paid out.
    Payout,
    /// A payout came back.
    PayoutFailed,
    /// A month of a subscription was paid.
    Subscription,
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
    /// What a member owes, as its negative.
    Receivable,
    /// Money at the payment providers.
    Gateway,
    /// What was sold, as its negative.
    Sales,
    /// Credits ever issued, as their negative.
    Issued,
    /// What the platform keeps of what mentors earn.
    Fees,
    /// What administrators gave by hand, as its negative, less what they took.
    Equity,
    /// Promotional credits given, as their negative, less those that were not used in time.
    Promotions,
    /// What was paid out to mentors.
    Payouts,
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
    /// How far the chain of hashes over all transactions had come.
    pub chain: LedgerHead,
    /// When it was counted: a moment ago at most.
    pub as_of: DateTime<Utc>,
}

impl LedgerProof {
    /// A proof as it is shown.
    #[must_use]
    pub fn new(proof: &model::Proof, recount: &Recount) -> Self {
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
            chain: recount.chain.into(),
            as_of: recount.as_of,
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

    /// How much of what can be spent are promotional credits now. `null` if that did not change.
    async fn promotional(&self) -> Option<Money> {
        self.money(self.1.promotional)
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
