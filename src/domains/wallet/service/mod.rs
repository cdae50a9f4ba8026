//! Moving money: the only place that writes postings. Every function runs inside the caller's transaction.

use diesel::QueryResult;
use uuid::Uuid;

use super::{
    model::{AccountKind, AccountName, AccountRow, Amount, Asset, Line, TransactionKind, WalletChanged},
    repo::moves::{self, WriteLines},
};
use crate::{
    db::{
        Tx,
        ids::{BookingId, EntityId, LedgerAccountId, LedgerTransactionId, MemberId, PaymentId},
    },
    events::StreamName,
};

pub mod adjust;
mod audit;
mod chargeback;
mod dispute;
mod export;
mod payout;
pub mod promotions;
pub mod refunds;
mod seal;
mod settle;

pub use super::repo::moves::Hold;
pub use audit::{LedgerFault, LedgerReport, recount, verify, verify_through};
pub use chargeback::{Charge, charge_back, reverse_chargeback};
pub use dispute::{reclaim, restore, settle_dispute};
pub use export::{ExportError, export};
pub use payout::{PayOutError, pay_out, return_payout};
pub use seal::{seal, seal_block};
pub use settle::{Released, SettleError, release, settle_escrow};

/// Why nothing was held.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// The wallet has too little.
    #[error("{missing} minor units are missing")]
    Insufficient {
        /// How much too little, in hundredths of a credit.
        missing: i64,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Moves the prices of bookings of different learners into escrow, as [`hold`] does: whether every wallet had enough. If
/// not, the caller rolls back and holds each on its own, which says what is missing.
///
/// # Errors
/// Only if the database fails.
pub async fn hold_all(tx: &mut Tx, wanted: &[Hold]) -> QueryResult<bool> {
    let dear: Vec<Hold> = wanted.iter().copied().filter(|hold| hold.price > 0).collect();
    if dear.is_empty() {
        return Ok(true);
    }
    let now = tx.now();
    let held = moves::hold(tx, &dear, now).await?;
    for Hold { learner, booking, .. } in &dear {
        let Some(wallet) = held.get(booking) else { return Ok(false) };
        let change = WalletChanged {
            member_id: *learner,
            asset: Asset::credit(),
            available: Some(wallet.available),
            held: Some(wallet.held),
            pending: None,
            promotional: Some(wallet.promotional),
        };
        tx.acting(*learner);
        tx.tell(StreamName::User(*learner), &change);
    }
    Ok(true)
}

/// Moves the price of a booking from the learner's wallet into the booking's escrow. A price of zero moves nothing. In
/// the usual case it is one statement.
///
/// # Errors
/// See [`HoldError`].
pub async fn hold(tx: &mut Tx, booking: BookingId, learner: MemberId, price: i64) -> Result<(), HoldError> {
    if price <= 0 {
        return Ok(());
    }
    let wanted = Hold { learner, booking, price };
    while !hold_all(tx, &[wanted]).await? {
        // Too little a moment ago. Under its lock the balance is certain; somebody may have topped it up meanwhile.
        let wallet = own_account(tx, AccountKind::Wallet, learner).await?;
        let locked = moves::lock(tx, vec![wallet.id]).await?;
        let missing = price - locked.iter().filter_map(|account| account.balance).sum::<i64>();
        if missing > 0 {
            return Err(HoldError::Insufficient { missing });
        }
    }
    Ok(())
}

/// Pays a booking's whole escrow back into the learner's wallet; returns how much that was. A booking that holds nothing
/// (any more) pays nothing back.
///
/// # Errors
/// Only if the database fails.
pub async fn refund(tx: &mut Tx, booking: BookingId, learner: MemberId) -> QueryResult<i64> {
    let Some(escrow) = moves::escrow_of(tx, booking).await? else { return Ok(0) };
    let locked = moves::lock(tx, vec![escrow.escrow_id, escrow.wallet_id]).await?;
    let Some((from, total)) = held_in(&locked, escrow.escrow_id) else { return Ok(0) };
    let payer =
        locked.iter().find(|account| account.id == escrow.wallet_id).and_then(|wallet| wallet.owner_id);
    if payer != Some(learner.uuid()) {
        tracing::error!(%booking, %learner, "a refund named another learner than the one who paid; the payer got it");
    }
    let lines = vec![
        Line::new(&from, -total),
        Line { account: escrow.wallet_id, asset: from.asset, amount: total, held: -total },
    ];
    write(tx, &Cause::of(TransactionKind::Refund, booking), lines).await?;
    Ok(total)
}

/// Books a paid purchase of credits: the money at the provider against sales, new credits into the member's wallet, from
/// which what the member owes is paid first. The caller holds the payment's lock; a second purchase for the same payment
/// is refused by the database.
///
/// # Errors
/// Only if the database fails.
pub async fn credit_purchase(
    tx: &mut Tx,
    payment: PaymentId,
    member: MemberId,
    paid: &Amount,
    credits: i64,
) -> QueryResult<()> {
    let names = [
        platform_account(AccountKind::Gateway, paid.asset.clone()),
        platform_account(AccountKind::Sales, paid.asset.clone()),
        platform_account(AccountKind::Issued, Asset::credit()),
        member_account(AccountKind::Wallet, member),
        member_account(AccountKind::Receivable, member),
    ];
    let [gateway, sales, issued, wallet, receivable] = open(tx, names).await?;
    let locked = moves::lock(tx, vec![wallet.id, receivable.id]).await?;
    let mut lines =
        vec![Line::new(&gateway, paid.minor), Line::new(&sales, -paid.minor), Line::new(&issued, -credits)];
    lines.extend(settle::earned(&locked, &wallet, &receivable, credits));
    write(tx, &Cause::of(TransactionKind::Purchase, payment), lines).await
}

/// Why money moves: written once in each way for each subject and reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    kind: TransactionKind,
    subject: Uuid,
    reference: Option<Uuid>,
}

impl Cause {
    /// What happens once in this way to its subject.
    #[must_use]
    pub fn of(kind: TransactionKind, subject: impl EntityId) -> Self {
        Self { kind, subject: subject.uuid(), reference: None }
    }

    /// One of several that happen to the subject in this way: for which of them.
    #[must_use]
    pub fn for_each(self, reference: impl EntityId) -> Self {
        Self { reference: Some(reference.uuid()), ..self }
    }
}

/// Locks the accounts in id order and moves money between them.
async fn post(tx: &mut Tx, cause: &Cause, lines: &[(&AccountRow, i64)]) -> QueryResult<()> {
    // Accounts without a kept balance are everybody's: they are summed, never locked.
    let kept = lines.iter().filter(|(account, _)| account.balance.is_some()).map(|(account, _)| account.id);
    moves::lock(tx, kept.collect()).await?;
    write(tx, cause, lines.iter().map(|&(account, amount)| Line::new(account, amount)).collect()).await
}

/// Writes the transaction on accounts that are locked, and tells the members whose money moved.
async fn write(tx: &mut Tx, cause: &Cause, mut lines: Vec<Line>) -> QueryResult<()> {
    // Who gets nothing is told nothing.
    lines.retain(|line| line.amount != 0 || line.held != 0);
    let statement = WriteLines {
        transaction: LedgerTransactionId::new(),
        kind: cause.kind,
        subject: cause.subject,
        reference: cause.reference,
        now: tx.now(),
        accounts: lines.iter().map(|line| line.account).collect(),
        amounts: lines.iter().map(|line| line.amount).collect(),
        held: lines.iter().map(|line| line.held).collect(),
        assets: lines.iter().map(|line| line.asset.clone()).collect(),
    };
    let changed = moves::write(tx, statement).await?;
    let grown = promotions::settle(tx, &changed, &lines).await?;
    for account in changed {
        let Some(member_id) = account.owner_id.map(MemberId::from_uuid) else { continue };
        let back = grown.filter(|(wallet, _)| *wallet == account.id).map_or(0, |(_, back)| back);
        let (available, held, pending, promotional) = match account.kind {
            AccountKind::Wallet => (account.balance, account.held, None, Some(account.promotional + back)),
            AccountKind::Earnings => (None, None, account.balance, None),
            _ => continue,
        };
        tx.tell(
            StreamName::User(member_id),
            &WalletChanged { member_id, asset: account.asset, available, held, pending, promotional },
        );
    }
    Ok(())
}

/// The escrow among locked accounts with what it still holds, unless that is nothing.
fn held_in(locked: &[AccountRow], escrow: LedgerAccountId) -> Option<(AccountRow, i64)> {
    let account = locked.iter().find(|account| account.id == escrow)?;
    account.balance.filter(|&balance| balance > 0).map(|balance| (account.clone(), balance))
}

fn member_account(kind: AccountKind, member: MemberId) -> AccountName {
    account_of(kind, member, Asset::credit())
}

fn account_of(kind: AccountKind, member: MemberId, asset: Asset) -> AccountName {
    AccountName { kind, owner_id: Some(member.uuid()), asset }
}

const fn platform_account(kind: AccountKind, asset: Asset) -> AccountName {
    AccountName { kind, owner_id: None, asset }
}

async fn own_account(tx: &mut Tx, kind: AccountKind, member: MemberId) -> QueryResult<AccountRow> {
    let [account] = open(tx, [member_account(kind, member)]).await?;
    Ok(account)
}

/// The accounts of these names in their order, made if they are new.
async fn open<const N: usize>(tx: &mut Tx, names: [AccountName; N]) -> QueryResult<[AccountRow; N]> {
    let rows = moves::open(tx, &names).await?;
    let ordered: Vec<AccountRow> =
        names.iter().filter_map(|name| rows.iter().find(|row| row.is(name)).cloned()).collect();
    ordered.try_into().map_err(|_| diesel::result::Error::NotFound)
}
