//! Payments that go back: the credits leave the wallet, the money the provider.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::{
    super::{
        model::{AccountKind, AccountRow, Amount, Asset, TransactionKind},
        repo::{entries, moves},
    },
    Cause, member_account, open, platform_account, post,
};
use crate::db::{
    Tx,
    ids::{MemberId, PaymentId, RefundId},
};

/// A part of a purchase that goes back.
#[derive(Clone, Debug)]
pub struct PurchaseRefund {
    /// Whose.
    pub member: MemberId,
    /// What was bought.
    pub payment: PaymentId,
    /// Which refund of it.
    pub refund: RefundId,
    /// The money that goes back.
    pub paid: Amount,
    /// The credits that leave the wallet, in hundredths.
    pub credits: i64,
}

/// Why nothing was taken back.
#[derive(Debug, thiserror::Error)]
pub enum TakeBackError {
    /// The credits that were bought are spent, or held by bookings.
    #[error("only {left} hundredths of a credit are left")]
    Spent {
        /// What is left, in hundredths of a credit.
        left: i64,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Credits of a member that can go back, in hundredths: what was bought and is neither spent nor held.
///
/// # Errors
/// Only if the database fails.
pub async fn returnable(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<i64> {
    let balances = entries::balances(conn, member, Asset::credit()).await?;
    Ok(balances.available - balances.promotional)
}

/// Takes the credits of a refund out of the wallet, at the moment it is asked for: what goes back cannot be spent.
///
/// # Errors
/// See [`TakeBackError`].
pub async fn take_back(tx: &mut Tx, refund: &PurchaseRefund) -> Result<(), TakeBackError> {
    let [wallet] = open(tx, [member_account(AccountKind::Wallet, refund.member)]).await?;
    let locked = moves::lock(tx, vec![wallet.id]).await?;
    let left: i64 = locked.iter().map(AccountRow::bought).sum();
    if left < refund.credits {
        return Err(TakeBackError::Spent { left });
    }
    Ok(move_back(tx, refund, TransactionKind::PaymentRefund, 1).await?)
}

/// Undoes [`take_back`]: the provider did not pay back.
///
/// # Errors
/// Only if the database fails.
pub async fn give_again(tx: &mut Tx, refund: &PurchaseRefund) -> QueryResult<()> {
    move_back(tx, refund, TransactionKind::PaymentRefundFailed, -1).await
}

async fn move_back(
    tx: &mut Tx,
    refund: &PurchaseRefund,
    kind: TransactionKind,
    sign: i64,
) -> QueryResult<()> {
    let PurchaseRefund { member, payment, refund, paid, credits } = refund;
    let names = [
        platform_account(AccountKind::Gateway, paid.asset.clone()),
        platform_account(AccountKind::Sales, paid.asset.clone()),
        platform_account(AccountKind::Issued, Asset::credit()),
        member_account(AccountKind::Wallet, *member),
    ];
    let [gateway, sales, issued, wallet] = open(tx, names).await?;
    let (money, credits) = (sign * paid.minor, sign * credits);
    let lines = [(&gateway, -money), (&sales, money), (&issued, credits), (&wallet, -credits)];
    post(tx, &Cause::of(kind, *payment).for_each(*refund), &lines).await
}
