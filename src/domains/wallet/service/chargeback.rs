//! The money of a chargeback. The provider's books lose what was paid, the sale is undone, and the credits go back to where
//! they came from: out of the wallet, as far as they are there, the rest is owed.

use diesel::QueryResult;

use super::{
    super::{
        model::{AccountKind, Amount, Asset, Line, TransactionKind},
        repo::moves,
    },
    Cause, member_account, open, platform_account,
    settle::{earned, taken},
    write,
};
use crate::db::{
    Tx,
    ids::{ChargebackId, MemberId, PaymentId},
};

/// What a chargeback takes, or gives back.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Which.
    pub chargeback: ChargebackId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Who bought.
    pub member: MemberId,
    /// What of the payment.
    pub paid: Amount,
    /// The credits bought for it.
    pub credits: i64,
}

/// Takes what was bought with a payment; returns how much of it was spent already and is owed now.
///
/// # Errors
/// Only if the database fails.
pub async fn charge_back(tx: &mut Tx, charge: &Charge) -> QueryResult<i64> {
    post(tx, charge, TransactionKind::Chargeback).await
}

/// Gives back what [`charge_back`] took: what is still owed is paid first.
///
/// # Errors
/// Only if the database fails.
pub async fn reverse_chargeback(tx: &mut Tx, charge: &Charge) -> QueryResult<()> {
    post(tx, charge, TransactionKind::ChargebackReversal).await.map(drop)
}

async fn post(tx: &mut Tx, charge: &Charge, kind: TransactionKind) -> QueryResult<i64> {
    let names = [
        platform_account(AccountKind::Gateway, charge.paid.asset.clone()),
        platform_account(AccountKind::Sales, charge.paid.asset.clone()),
        platform_account(AccountKind::Issued, Asset::credit()),
        member_account(AccountKind::Wallet, charge.member),
        member_account(AccountKind::Receivable, charge.member),
    ];
    let [gateway, sales, issued, wallet, receivable] = open(tx, names).await?;
    let locked = moves::lock(tx, vec![wallet.id, receivable.id]).await?;
    let (sign, [own, owed]) = if kind == TransactionKind::Chargeback {
        (-1, taken(&locked, &wallet, &receivable, charge.credits))
    } else {
        (1, earned(&locked, &wallet, &receivable, charge.credits))
    };
    let newly_owed = -owed.amount;
    let lines = vec![
        Line::new(&gateway, sign * charge.paid.minor),
        Line::new(&sales, -sign * charge.paid.minor),
        Line::new(&issued, -sign * charge.credits),
        own,
        owed,
    ];
    write(tx, &Cause::of(kind, charge.payment).for_each(charge.chargeback), lines).await?;
    Ok(newly_owed)
}
