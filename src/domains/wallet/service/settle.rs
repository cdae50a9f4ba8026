//! Paying an escrow out by amounts, and what an earning is worth to who owes.

use super::{
    super::{
        model::{AccountKind, AccountRow, Asset, Line},
        repo::moves,
    },
    Cause, held_in, member_account, open, platform_account, write,
};
use crate::db::{
    Tx,
    ids::{BookingId, MemberId},
};

/// How an escrow is divided, in hundredths of a credit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Back to who paid.
    pub learner: i64,
    /// To the mentor's earnings.
    pub mentor: i64,
    /// To the platform.
    pub fee: i64,
}

impl Shares {
    /// Their sum; `None` if one is negative, or all together are no amount.
    #[must_use]
    pub fn sum(&self) -> Option<i64> {
        let parts = [self.learner, self.mentor, self.fee];
        parts.into_iter().try_fold(0_i64, |sum, part| if part < 0 { None } else { sum.checked_add(part) })
    }
}

/// Why an escrow was not paid out.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The shares do not sum to what is held.
    #[error("{held} minor units are held")]
    Mismatch {
        /// What is held.
        held: i64,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Pays a booking's whole escrow out by amounts, in one transaction. What the mentor owes is paid first from the mentor's
/// share.
///
/// # Errors
/// See [`SettleError`].
pub(super) async fn settle_escrow(
    tx: &mut Tx,
    cause: &Cause,
    booking: BookingId,
    mentor: MemberId,
    shares: Shares,
) -> Result<(), SettleError> {
    let Some(escrow) = moves::escrow_of(tx, booking).await? else {
        return if shares.sum() == Some(0) { Ok(()) } else { Err(SettleError::Mismatch { held: 0 }) };
    };
    let names = [
        member_account(AccountKind::Earnings, mentor),
        member_account(AccountKind::Receivable, mentor),
        platform_account(AccountKind::Fees, Asset::credit()),
    ];
    let [earnings, receivable, fees] = open(tx, names).await?;
    let ids = vec![escrow.escrow_id, escrow.wallet_id, earnings.id, receivable.id];
    let locked = moves::lock(tx, ids).await?;
    let held = held_in(&locked, escrow.escrow_id);
    let total = held.as_ref().map_or(0, |(_, total)| *total);
    if shares.sum() != Some(total) {
        return Err(SettleError::Mismatch { held: total });
    }
    let Some((from, _)) = held else { return Ok(()) };
    let mut lines = vec![
        Line::new(&from, -total),
        Line { account: escrow.wallet_id, asset: from.asset.clone(), amount: shares.learner, held: -total },
        Line::new(&fees, shares.fee),
    ];
    lines.extend(earned(&locked, &earnings, &receivable, shares.mentor));
    write(tx, cause, lines).await?;
    Ok(())
}

/// What an earning does to a member's accounts, which are locked: what they owe is paid first.
pub(super) fn earned(
    locked: &[AccountRow],
    earnings: &AccountRow,
    receivable: &AccountRow,
    amount: i64,
) -> [Line; 2] {
    let paid_back = owed(locked, receivable).min(amount);
    [Line::new(earnings, amount - paid_back), Line::new(receivable, paid_back)]
}

/// What a member owes, by the locked receivable: zero or more.
pub(super) fn owed(locked: &[AccountRow], receivable: &AccountRow) -> i64 {
    let balance = locked.iter().find(|account| account.id == receivable.id).and_then(|row| row.balance);
    -balance.unwrap_or_default().min(0)
}

/// What is taken from a member's accounts, which are locked: what is there, and for the rest the member owes.
pub(super) fn taken(
    locked: &[AccountRow],
    from: &AccountRow,
    receivable: &AccountRow,
    amount: i64,
) -> [Line; 2] {
    let there = locked.iter().find(|account| account.id == from.id).and_then(|row| row.balance);
    let there = there.unwrap_or_default().min(amount);
    [Line::new(from, -there), Line::new(receivable, there - amount)]
}
