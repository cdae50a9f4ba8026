//! Paying an escrow out, and what an earning is worth to who owes.

use diesel::QueryResult;

use super::{
    super::{
        model::{AccountKind, AccountRow, Asset, Line, Parts, TransactionKind},
        repo::moves,
    },
    Cause, held_in, member_account, open, platform_account, write,
};
use crate::db::{
    Tx,
    ids::{BookingId, LedgerAccountId, MemberId},
};

/// What a release paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// To the mentor, in hundredths of a credit.
    pub earnings: i64,
    /// To the platform.
    pub fee: i64,
}

/// Pays a booking's escrow out: the platform's fee in hundredths of a percent, the rest to the mentor's earnings, from
/// which what the mentor owes is paid first. A booking that holds nothing (any more) pays nothing.
///
/// # Errors
/// Only if the database fails.
pub async fn release(
    tx: &mut Tx,
    booking: BookingId,
    mentor: MemberId,
    fee_basis_points: u16,
) -> QueryResult<Released> {
    let Some(open) = open_escrow(tx, booking, mentor).await? else { return Ok(Released::default()) };
    let parts = Parts::earned(open.total, fee_basis_points);
    empty_escrow(tx, &Cause::of(TransactionKind::Release, booking), open, parts).await?;
    Ok(Released { earnings: parts.mentor, fee: parts.fee })
}

/// Why an escrow was not paid out.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The parts do not sum to what is held, or one of them is negative.
    #[error("{held} minor units are held")]
    Mismatch {
        /// What is held.
        held: i64,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Pays a booking's escrow out by given parts, which must sum to exactly what it holds. What the mentor owes is paid first
/// from the mentor's part.
///
/// # Errors
/// See [`SettleError`].
pub async fn settle_escrow(
    tx: &mut Tx,
    cause: &Cause,
    booking: BookingId,
    mentor: MemberId,
    parts: Parts,
) -> Result<(), SettleError> {
    let open = open_escrow(tx, booking, mentor).await?;
    let held = open.as_ref().map_or(0, |open| open.total);
    if parts.sum() != Some(held) {
        return Err(SettleError::Mismatch { held });
    }
    match open {
        Some(open) => Ok(empty_escrow(tx, cause, open, parts).await?),
        None => Ok(()),
    }
}

/// An escrow that still holds something, locked together with the accounts that it can go to.
struct OpenEscrow {
    locked: Vec<AccountRow>,
    account: AccountRow,
    total: i64,
    wallet: LedgerAccountId,
    earnings: AccountRow,
    receivable: AccountRow,
    fees: AccountRow,
}

async fn open_escrow(tx: &mut Tx, booking: BookingId, mentor: MemberId) -> QueryResult<Option<OpenEscrow>> {
    let Some(escrow) = moves::escrow_of(tx, booking).await? else { return Ok(None) };
    let names = [
        member_account(AccountKind::Earnings, mentor),
        member_account(AccountKind::Receivable, mentor),
        platform_account(AccountKind::Fees, Asset::credit()),
    ];
    let [earnings, receivable, fees] = open(tx, names).await?;
    let ids = vec![escrow.escrow_id, escrow.wallet_id, earnings.id, receivable.id];
    let locked = moves::lock(tx, ids).await?;
    let Some((account, total)) = held_in(&locked, escrow.escrow_id) else { return Ok(None) };
    Ok(Some(OpenEscrow { locked, account, total, wallet: escrow.wallet_id, earnings, receivable, fees }))
}

/// Empties an escrow by parts that sum to what it holds.
async fn empty_escrow(tx: &mut Tx, cause: &Cause, open: OpenEscrow, parts: Parts) -> QueryResult<()> {
    let mut lines = vec![
        Line::new(&open.account, -open.total),
        Line::new(&open.fees, parts.fee),
        Line { account: open.wallet, asset: open.account.asset, amount: parts.learner, held: -open.total },
    ];
    lines.extend(earned(&open.locked, &open.earnings, &open.receivable, parts.mentor));
    write(tx, cause, lines).await
}

/// What an earning does to a member's accounts, which are locked: what they owe is paid first.
pub(super) fn earned(
    locked: &[AccountRow],
    earnings: &AccountRow,
    receivable: &AccountRow,
    amount: i64,
) -> [Line; 2] {
    let owed = balance_of(locked, receivable, |row| row.balance.unwrap_or_default()).saturating_neg();
    let paid_back = owed.clamp(0, amount.max(0));
    [Line::new(earnings, amount - paid_back), Line::new(receivable, paid_back)]
}

/// What is taken from a member's accounts, which are locked: of what was bought or earned, what is there, and for the rest
/// the member owes. What was given is not taken.
pub(super) fn taken(
    locked: &[AccountRow],
    from: &AccountRow,
    receivable: &AccountRow,
    amount: i64,
) -> [Line; 2] {
    let there = balance_of(locked, from, AccountRow::bought).clamp(0, amount.max(0));
    [Line::new(from, -there), Line::new(receivable, there - amount)]
}

fn balance_of(locked: &[AccountRow], account: &AccountRow, balance: impl Fn(&AccountRow) -> i64) -> i64 {
    locked.iter().find(|row| row.id == account.id).map_or(0, balance)
}
