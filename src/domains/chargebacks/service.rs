//! Following the provider's word about a chargeback, under the payment's lock.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::{
    model::{ChargebackClosed, ChargebackOpened, ChargebackRow, ChargebackStatus, Effect, credits_of},
    repo,
};
use crate::{
    db::{
        Tx,
        ids::{ChargebackId, MemberId, PaymentId},
    },
    domains::wallet::{
        self,
        model::{Amount, Asset},
    },
    events::StreamName,
};

/// The payment that is taken back; the caller holds its lock.
#[derive(Clone, Debug)]
pub struct Charged<'a> {
    /// Its id.
    pub payment_id: PaymentId,
    /// Who paid.
    pub member_id: MemberId,
    /// Through whom.
    pub provider: &'a str,
    /// What was paid and did not go back, in minor units of `currency`.
    pub amount: i64,
    /// ISO 4217.
    pub currency: &'a str,
    /// Credits bought that did not go back.
    pub credits: i64,
}

/// What the provider says.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    /// Its name for the chargeback.
    pub reference: &'a str,
    /// Where it stands.
    pub status: ChargebackStatus,
    /// What the bank takes back, in minor units of the payment's currency.
    pub amount: i64,
}

/// Lets a chargeback follow the provider's word; `false` if that changes nothing.
///
/// # Errors
/// Only if the database fails.
pub async fn follow(tx: &mut Tx, charged: &Charged<'_>, word: &Word<'_>) -> QueryResult<bool> {
    let before = repo::find(tx, charged.provider, word.reference).await?;
    if before.as_ref().is_some_and(|row| row.payment_id != charged.payment_id) {
        return Ok(false);
    }
    let effect = ChargebackStatus::on(before.as_ref().map(|row| row.status), word.status);
    if effect == Effect::Nothing {
        return Ok(false);
    }
    let now = tx.now();
    let closed_at = (word.status != ChargebackStatus::Open).then_some(now);
    let row = if let Some(row) = before {
        let row = ChargebackRow { status: word.status, closed_at, ..row };
        repo::close(tx, &row).await?;
        row
    } else {
        let Left { amount: paid, credits } = left(tx, charged).await?;
        if paid <= 0 {
            return Ok(false);
        }
        let amount = word.amount.clamp(1, paid);
        let mut row = ChargebackRow {
            id: ChargebackId::new(),
            payment_id: charged.payment_id,
            member_id: charged.member_id,
            provider: charged.provider.to_owned(),
            reference: word.reference.to_owned(),
            status: word.status,
            amount,
            currency: charged.currency.to_owned(),
            credits: 0,
            owed: 0,
            opened_at: now,
            closed_at,
        };
        if effect == Effect::Take {
            row.credits = credits_of(credits, paid, amount);
            row.owed = wallet::service::charge_back(tx, &money(&row)).await?;
        }
        repo::insert(tx, &row).await?;
        row
    };
    if effect == Effect::Give {
        wallet::service::reverse_chargeback(tx, &money(&row)).await?;
    }
    tell(tx, &row);
    Ok(true)
}

/// What of a payment other chargebacks have not taken.
struct Left {
    amount: i64,
    credits: i64,
}

async fn left(tx: &mut Tx, charged: &Charged<'_>) -> QueryResult<Left> {
    let before = repo::of_payments(tx, &[charged.payment_id]).await?;
    let gone = before.iter().filter(|row| row.status != ChargebackStatus::Won);
    Ok(gone.fold(Left { amount: charged.amount, credits: charged.credits }, |left, row| Left {
        amount: left.amount - row.amount,
        credits: left.credits - row.credits,
    }))
}

/// Whether a payment's money is taken back, or was for good: then it cannot go back in another way.
///
/// # Errors
/// Only if the database fails.
pub async fn is_taken_back(conn: &mut AsyncPgConnection, payment: PaymentId) -> QueryResult<bool> {
    let rows = repo::of_payments(conn, &[payment]).await?;
    Ok(rows.iter().any(|row| row.status != ChargebackStatus::Won))
}

fn money(row: &ChargebackRow) -> wallet::service::Charge {
    wallet::service::Charge {
        chargeback: row.id,
        payment: row.payment_id,
        member: row.member_id,
        paid: Amount { minor: row.amount, asset: Asset::of(&row.currency) },
        credits: row.credits,
    }
}

fn tell(tx: &mut Tx, chargeback: &ChargebackRow) {
    for stream in [StreamName::User(chargeback.member_id), StreamName::Admin] {
        if chargeback.status == ChargebackStatus::Open {
            tx.tell(stream, &ChargebackOpened { chargeback: chargeback.clone() });
        } else {
            tx.tell(stream, &ChargebackClosed { chargeback: chargeback.clone() });
        }
    }
}
