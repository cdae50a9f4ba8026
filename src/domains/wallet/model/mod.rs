//! Rows and rules of the ledger.

pub mod adjustment;
mod asset;
pub mod chain;
pub mod promotion;
mod split;

use chrono::{DateTime, Utc};
use diesel::Queryable;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use asset::{ASSETS, Amount, Asset, CREDIT};
pub use split::split;

use crate::{
    db::ids::{LedgerAccountId, LedgerTransactionId, MemberId},
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// What an account holds money for.
    pub enum AccountKind {
        Wallet = "WALLET", Earnings = "EARNINGS", Escrow = "ESCROW", Receivable = "RECEIVABLE",
        Gateway = "GATEWAY", Sales = "SALES", Issued = "ISSUED", Fees = "FEES",
        Equity = "EQUITY", Promotions = "PROMOTIONS", Payouts = "PAYOUTS",
    }
}

text_enum! {
    /// Why money moved.
    pub enum TransactionKind {
        Purchase = "PURCHASE", Hold = "HOLD", Release = "RELEASE", Refund = "REFUND",
        Cancellation = "CANCELLATION", Dispute = "DISPUTE", Adjustment = "ADJUSTMENT",
        Promotion = "PROMOTION", PromotionExpiry = "PROMOTION_EXPIRY",
        PaymentRefund = "PAYMENT_REFUND", PaymentRefundFailed = "PAYMENT_REFUND_FAILED",
        Chargeback = "CHARGEBACK", ChargebackReversal = "CHARGEBACK_REVERSAL",
        Payout = "PAYOUT", PayoutFailed = "PAYOUT_FAILED", Subscription = "SUBSCRIPTION",
    }
}

/// An account of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct AccountRow {
    /// Its id.
    pub id: LedgerAccountId,
    /// What it holds money for.
    pub kind: AccountKind,
    /// The member or booking; `None` for the platform's own.
    pub owner_id: Option<Uuid>,
    /// What it counts.
    pub asset: Asset,
    /// Sum of its postings, kept unless it is the platform's own.
    pub balance: Option<i64>,
    /// Of a wallet: what its owner has in escrow.
    pub held: Option<i64>,
    /// Of a wallet or escrow: how much of the balance are promotional credits.
    pub promotional: i64,
}

/// An account by what identifies it besides its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountName {
    /// What it holds money for.
    pub kind: AccountKind,
    /// The member or booking; `None` for the platform's own.
    pub owner_id: Option<Uuid>,
    /// What it counts.
    pub asset: Asset,
}

impl AccountRow {
    /// Whether this is the account of that name.
    #[must_use]
    pub fn is(&self, name: &AccountName) -> bool {
        self.kind == name.kind && self.owner_id == name.owner_id && self.asset == name.asset
    }

    /// What of the balance was bought or earned, not given: what can be taken back or paid out.
    #[must_use]
    pub fn bought(&self) -> i64 {
        self.balance.unwrap_or_default() - self.promotional
    }
}

/// What a transaction does to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The account.
    pub account: LedgerAccountId,
    /// What it counts.
    pub asset: Asset,
    /// What is added to it; nothing is posted for zero.
    pub amount: i64,
    /// What is added to the part in escrow, if it is a wallet.
    pub held: i64,
}

impl Line {
    /// Adds `amount` to an account.
    #[must_use]
    pub fn new(account: &AccountRow, amount: i64) -> Self {
        Self { account: account.id, asset: account.asset.clone(), amount, held: 0 }
    }
}

/// A booking's escrow with the wallet it was paid from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct EscrowRow {
    /// The escrow.
    pub escrow_id: LedgerAccountId,
    /// The payer's wallet.
    pub wallet_id: LedgerAccountId,
}

/// Who gets how much of an escrow, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Back to the learner's wallet.
    pub learner: i64,
    /// To the mentor's earnings.
    pub mentor: i64,
    /// To the platform.
    pub fee: i64,
}

impl Parts {
    /// All of it; `None` if a part is negative, or all together are no amount.
    #[must_use]
    pub fn sum(self) -> Option<i64> {
        let parts = [self.learner, self.mentor, self.fee];
        parts.into_iter().try_fold(0_i64, |sum, part| if part < 0 { None } else { sum.checked_add(part) })
    }

    /// An amount that a mentor earned: the platform's fee in hundredths of a percent, the rest to the mentor.
    #[must_use]
    pub fn earned(amount: i64, fee_basis_points: u16) -> Self {
        let fee_weight = u32::from(fee_basis_points.min(10_000));
        let parts = split(amount, &[10_000 - fee_weight, fee_weight]);
        let part = |place: usize| parts.get(place).copied().unwrap_or_default();
        Self { learner: 0, mentor: part(0), fee: part(1) }
    }

    /// A price of which a percentage is earned and the rest goes back.
    #[must_use]
    pub fn partly_earned(price: i64, percent: u32, fee_basis_points: u16) -> Self {
        let parts = split(price, &[100 - percent.min(100), percent.min(100)]);
        let part = |place: usize| parts.get(place).copied().unwrap_or_default();
        Self { learner: part(0), ..Self::earned(part(1), fee_basis_points) }
    }
}

/// What is in a member's accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Queryable)]
pub struct Balances {
    /// In the wallet.
    pub available: i64,
    /// In the escrows of the member's own bookings.
    pub held: i64,
    /// Earned by completed bookings.
    pub pending: i64,
    /// How much of what is available are promotional credits.
    pub promotional: i64,
}

/// What ever happened to a member's earnings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earned {
    /// Everything ever earned.
    pub total: i64,
    /// What was paid out, or is on its way.
    pub withdrawn: i64,
}

/// One posting on a member's account, with its transaction.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct EntryRow {
    /// The transaction.
    pub transaction_id: LedgerTransactionId,
    /// Why.
    pub kind: TransactionKind,
    /// What it belongs to: the booking, the payment, …
    pub subject_id: Uuid,
    /// When.
    pub created_at: DateTime<Utc>,
    /// How much was added.
    pub amount: i64,
    /// What is counted.
    pub asset: Asset,
}

/// The trial balance of one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What is counted.
    pub asset: Asset,
    /// Per kind of account.
    pub lines: Vec<ProofLine>,
    /// Sum of everything: zero, or money appeared or vanished.
    pub total: i64,
    /// Postings counted.
    pub postings: i64,
    /// Transactions counted.
    pub transactions: i64,
}

/// What the accounts of one kind have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofLine {
    /// The kind.
    pub kind: AccountKind,
    /// Accounts of the kind that were ever posted to.
    pub accounts: i64,
    /// Sum of their postings.
    pub total: i64,
}

/// A member's money moved. What is absent did not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletChanged {
    /// Whose.
    pub member_id: MemberId,
    /// What is counted.
    pub asset: Asset,
    /// Now in the wallet.
    #[serde(default)]
    pub available: Option<i64>,
    /// Now in escrow.
    #[serde(default)]
    pub held: Option<i64>,
    /// Now earned.
    #[serde(default)]
    pub pending: Option<i64>,
    /// How much of what is available are promotional credits now.
    #[serde(default)]
    pub promotional: Option<i64>,
}

impl EventPayload for WalletChanged {
    const KIND: &'static str = "WALLET_CHANGED";
}
