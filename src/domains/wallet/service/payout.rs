//! Earnings leave the ledger, and come back if the payout fails.

use diesel::QueryResult;

use super::{Cause, member_account, moves, open, platform_account, settle::earned, write};
use crate::{
    db::{
        Tx,
        ids::{MemberId, PayoutId},
    },
    domains::wallet::model::{AccountKind, AccountRow, Amount, Asset, Line, TransactionKind},
};

/// Why nothing was paid out.
#[derive(Debug, thiserror::Error)]
pub enum PayOutError {
    /// The earnings are less.
    #[error("only {available} minor units are there")]
    Insufficient {
        /// What there is, in hundredths of a credit.
        available: i64,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Books a payout: credits from the member's earnings, less what the member owes, and what they are worth from the money at
/// the providers. A second one for the same payout is refused by the database.
///
/// # Errors
/// See [`PayOutError`].
pub async fn pay_out(
    tx: &mut Tx,
    payout: PayoutId,
    member: MemberId,
    credits: i64,
    money: &Amount,
) -> Result<(), PayOutError> {
    let accounts = accounts(tx, member, &money.asset).await?;
    let locked = moves::lock(tx, vec![accounts.earnings.id, accounts.receivable.id]).await?;
    // What is owed is below zero.
    let available = locked.iter().filter_map(|account| account.balance).sum::<i64>().max(0);
    if available < credits {
        return Err(PayOutError::Insufficient { available });
    }
    let cause = Cause::of(TransactionKind::Payout, payout);
    let taken = [Line::new(&accounts.earnings, -credits)];
    Ok(write(tx, &cause, accounts.lines(taken, credits, money.minor)).await?)
}

/// Gives back what a payout took, because it failed; what the member owes by now is paid first. The caller holds the
/// payout's lock.
///
/// # Errors
/// Only if the database fails.
pub async fn return_payout(
    tx: &mut Tx,
    payout: PayoutId,
    member: MemberId,
    credits: i64,
    money: &Amount,
) -> QueryResult<()> {
    let accounts = accounts(tx, member, &money.asset).await?;
    let locked = moves::lock(tx, vec![accounts.earnings.id, accounts.receivable.id]).await?;
    let cause = Cause::of(TransactionKind::PayoutFailed, payout);
    let back = earned(&locked, &accounts.earnings, &accounts.receivable, credits);
    write(tx, &cause, accounts.lines(back, -credits, -money.minor)).await
}

/// The accounts of a payout.
struct Accounts {
    earnings: AccountRow,
    receivable: AccountRow,
    credits_out: AccountRow,
    gateway: AccountRow,
    money_out: AccountRow,
}

async fn accounts(tx: &mut Tx, member: MemberId, asset: &Asset) -> QueryResult<Accounts> {
    let names = [
        member_account(AccountKind::Earnings, member),
        member_account(AccountKind::Receivable, member),
        platform_account(AccountKind::Payouts, Asset::credit()),
        platform_account(AccountKind::Gateway, asset.clone()),
        platform_account(AccountKind::Payouts, asset.clone()),
    ];
    let [earnings, receivable, credits_out, gateway, money_out] = open(tx, names).await?;
    Ok(Accounts { earnings, receivable, credits_out, gateway, money_out })
}

impl Accounts {
    /// With what the member's own accounts get or give.
    fn lines<const N: usize>(&self, own: [Line; N], credits: i64, money: i64) -> Vec<Line> {
        let out = [
            Line::new(&self.credits_out, credits),
            Line::new(&self.gateway, -money),
            Line::new(&self.money_out, money),
        ];
        own.into_iter().chain(out).collect()
    }
}
