//! The money of a disputed booking. While it is disputed its whole price is in its escrow.
//!
//! What a completed booking paid comes back there from the mentor's earnings and the platform's fees. If the mentor has
//! less (it was paid out), the rest is owed: it is taken from the mentor's receivable, which goes below zero, and whatever
//! the mentor earns next pays that first. So the escrow always has the price, and nothing vanishes.

use diesel::QueryResult;

use super::{
    super::{
        model::{AccountKind, Asset, Line, Parts, TransactionKind},
        repo::moves::{self, Payout},
    },
    Cause, SettleError, member_account, open, platform_account,
    settle::{settle_escrow, taken},
    write,
};
use crate::db::{
    Tx,
    ids::{BookingId, DisputeId, MemberId},
};

/// Brings back into escrow what a completed booking paid. One that paid nothing brings nothing.
///
/// # Errors
/// Only if the database fails.
pub async fn reclaim(
    tx: &mut Tx,
    dispute: DisputeId,
    booking: BookingId,
    mentor: MemberId,
) -> QueryResult<()> {
    let (Some(escrow), Some(paid)) =
        (moves::escrow_of(tx, booking).await?, moves::paid_for(tx, booking).await?)
    else {
        return Ok(());
    };
    let names = [
        member_account(AccountKind::Earnings, mentor),
        member_account(AccountKind::Receivable, mentor),
        platform_account(AccountKind::Fees, Asset::credit()),
    ];
    let [earnings, receivable, fees] = open(tx, names).await?;
    let ids = vec![escrow.escrow_id, escrow.wallet_id, earnings.id, receivable.id];
    let locked = moves::lock(tx, ids).await?;
    let total = paid.total;
    let mut lines = vec![
        Line { account: escrow.escrow_id, asset: Asset::credit(), amount: total, held: 0 },
        Line { account: escrow.wallet_id, asset: Asset::credit(), amount: 0, held: total },
        Line::new(&fees, -paid.fee),
    ];
    lines.extend(taken(&locked, &earnings, &receivable, total - paid.fee));
    write(tx, &Cause::of(TransactionKind::Dispute, booking).for_each(dispute), lines).await
}

/// Undoes [`reclaim`]: pays the booking again what it paid before.
///
/// # Errors
/// Only if the database fails.
pub async fn restore(
    tx: &mut Tx,
    dispute: DisputeId,
    booking: BookingId,
    mentor: MemberId,
) -> QueryResult<()> {
    let Some(Payout { total, fee }) = moves::paid_for(tx, booking).await? else { return Ok(()) };
    let parts = Parts { learner: 0, mentor: total - fee, fee };
    let cause = Cause::of(TransactionKind::Release, booking).for_each(dispute);
    match settle_escrow(tx, &cause, booking, mentor, parts).await {
        Ok(()) => Ok(()),
        Err(SettleError::Database(error)) => Err(error),
        // The escrow has what was reclaimed: nothing else moves it meanwhile.
        Err(SettleError::Mismatch { held }) => {
            tracing::error!(%booking, held, total, "the escrow of a disputed booking does not have its price");
            Err(diesel::result::Error::RollbackTransaction)
        }
    }
}

/// Divides what a disputed booking holds.
///
/// # Errors
/// See [`SettleError`].
pub async fn settle_dispute(
    tx: &mut Tx,
    booking: BookingId,
    mentor: MemberId,
    parts: Parts,
) -> Result<(), SettleError> {
    settle_escrow(tx, &Cause::of(TransactionKind::Dispute, booking), booking, mentor, parts).await
}
