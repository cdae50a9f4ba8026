//! Deciding a payment, under its lock.

use diesel::QueryResult;

use super::{
    super::{
        model::{
            PENDING_LIFE, PaymentExpired, PaymentFailed, PaymentRequiresAction, PaymentRow, PaymentStatus,
            PaymentSucceeded,
        },
        repo,
    },
    amount, sum,
};
use crate::{
    app::App,
    db::{Tx, transact},
    domains::wallet,
    events::StreamName,
    integrations::payments::{PaymentReport, PaymentWord, ProviderName},
};

/// Overdue payments settled in one transaction.
const BATCH: i64 = 100;

/// What became of a provider's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The payment followed it.
    Followed,
    /// It was known, or came too late to matter.
    NoNews,
    /// No payment of ours.
    Unknown,
    /// It names a payment of ours, but not as it is: another checkout, another amount, or money for a second time.
    Mismatch,
}

/// Lets a payment follow what its provider says, under its lock.
pub(super) async fn hear(
    tx: &mut Tx,
    provider: ProviderName,
    report: PaymentReport,
) -> QueryResult<(Heard, Option<PaymentRow>)> {
    // By our own id first: the provider's answer, with its name for the checkout, may not have been stored yet.
    let mut found = None;
    if let Some(id) = report.payment_id {
        found = repo::lock_payment(tx, id).await?;
    } else if let Some(reference) = &report.reference {
        found = repo::lock_payment_by_reference(tx, provider, reference).await?;
    }
    if let (None, None, Some(capture)) = (&found, report.payment_id, &report.capture) {
        found = repo::lock_payment_by_capture(tx, provider, capture).await?;
    }
    let Some(mut payment) = found else { return Ok((Heard::Unknown, None)) };
    if !fits(&payment, provider, &report) {
        return Ok((Heard::Mismatch, Some(payment)));
    }
    payment.provider_reference = report.reference.or(payment.provider_reference);
    let status = match report.word {
        PaymentWord::Waiting => PaymentStatus::Pending,
        PaymentWord::RequiresAction => PaymentStatus::RequiresAction,
        PaymentWord::Paid => PaymentStatus::Succeeded,
        PaymentWord::Failed => PaymentStatus::Failed,
        PaymentWord::Abandoned => PaymentStatus::Expired,
    };
    match status {
        // Of several tries, the one that brought the money counts.
        PaymentStatus::Succeeded => payment.provider_capture = report.capture.or(payment.provider_capture),
        PaymentStatus::RequiresAction => {
            payment.client_secret = report.client_secret.or(payment.client_secret);
        }
        _ => {}
    }
    let heard = if follow(tx, &mut payment, status).await? { Heard::Followed } else { Heard::NoNews };
    Ok((heard, Some(payment)))
}

/// Whether a report speaks of this payment: same provider, same checkout if it is known, same amount, and the same money
/// if some has arrived.
fn fits(payment: &PaymentRow, provider: ProviderName, report: &PaymentReport) -> bool {
    let same = |own: &Option<String>, told: &Option<String>| own.is_none() || told.is_none() || own == told;
    payment.provider == provider
        && same(&payment.provider_reference, &report.reference)
        && (report.word != PaymentWord::Paid || same(&payment.provider_capture, &report.capture))
        && sum(payment, payment.amount).is_worth(&report.sum)
}

/// Lets a locked payment take on a status; `false` if that changes nothing.
async fn follow(tx: &mut Tx, payment: &mut PaymentRow, word: PaymentStatus) -> QueryResult<bool> {
    let Some(status) = payment.status.after(word) else { return Ok(false) };
    payment.status = status;
    payment.settled_at = (!status.is_open()).then(|| tx.now());
    if !status.is_open() {
        payment.client_secret = None;
    }
    if status == PaymentStatus::Succeeded {
        payment.captured = payment.amount;
    }
    repo::settle(tx, payment).await?;
    if status == PaymentStatus::Succeeded {
        let paid = amount(payment, payment.amount);
        wallet::service::credit_purchase(tx, payment.id, payment.member_id, &paid, payment.credits).await?;
    }
    let (stream, payment) = (StreamName::User(payment.member_id), payment.clone());
    match status {
        PaymentStatus::Succeeded => tx.tell(stream, &PaymentSucceeded { payment }),
        PaymentStatus::RequiresAction => tx.tell(stream, &PaymentRequiresAction { payment }),
        PaymentStatus::Failed => tx.tell(stream, &PaymentFailed { payment }),
        PaymentStatus::Expired => tx.tell(stream, &PaymentExpired { payment }),
        PaymentStatus::Pending => {}
    }
    Ok(true)
}

/// Expires payments that have waited too long for their webhook. A success that comes later still counts.
///
/// # Errors
/// Only if the database fails.
pub async fn expire_overdue(app: &App) -> QueryResult<()> {
    loop {
        let expired: QueryResult<usize> = transact(app, async |tx| {
            let limit = tx.now() - PENDING_LIFE;
            let overdue = repo::lock_overdue(tx, limit, BATCH).await?;
            let count = overdue.len();
            for mut payment in overdue {
                follow(tx, &mut payment, PaymentStatus::Expired).await?;
            }
            Ok(count)
        })
        .await;
        if expired? == 0 {
            return Ok(());
        }
    }
}
