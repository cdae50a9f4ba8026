//! Earnings leave the ledger, and come back if the payout fails.

use diesel::QueryResult;

use super::{Cause, member_account, moves, open, platform_account, write};
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

/// Books a payout: credits from the member's earnings, and what they are worth from the money at the providers. A second
/// one for the same payout is refused by the database.
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
    let locked = moves::lock(tx, vec![accounts.earnings.id]).await?;
    let available = locked.iter().filter_map(|account| account.balance).sum();
    if available < credits {
        return Err(PayOutError::Insufficient { available });
    }
    let cause = Cause::of(TransactionKind::Payout, payout);
    Ok(write(tx, &cause, accounts.lines(credits, money.minor)).await?)
}

/// Gives back what a payout took, because it failed. The caller holds the payout's lock.
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
    moves::lock(tx, vec![accounts.earnings.id]).await?;
    let cause = Cause::of(TransactionKind::PayoutFailed, payout);
    write(tx, &cause, accounts.lines(-credits, -money.minor)).await
}

/// The accounts of a payout.
struct Accounts {
    earnings: AccountRow,
    credits_out: AccountRow,
    gateway: AccountRow,
    money_out: AccountRow,
}

async fn accounts(tx: &mut Tx, member: MemberId, asset: &Asset) -> QueryResult<Accounts> {
    let names = [
        member_account(AccountKind::Earnings, member),
        platform_account(AccountKind::Payouts, Asset::credit()),
        platform_account(AccountKind::Gateway, asset.clone()),
        platform_account(AccountKind::Payouts, asset.clone()),
    ];
    let [earnings, credits_out, gateway, money_out] = open(tx, names).await?;
    Ok(Accounts { earnings, credits_out, gateway, money_out })
}

impl Accounts {
    fn lines(&self, credits: i64, money: i64) -> Vec<Line> {
        vec![
            Line::new(&self.earnings, -credits),
            Line::new(&self.credits_out, credits),
            Line::new(&self.gateway, -money),
            Line::new(&self.money_out, money),
        ]
    }
}
