//! Asking the provider: coming back from its page proves nothing, and webhooks get lost.

use chrono::TimeDelta;
use diesel::QueryResult;

use super::{
    super::{
        jobs::LookAtPayment,
        model::{PaymentRow, PaymentStatus},
        repo,
    },
    checkout::{self, CheckoutError},
    known,
    settle::{self, Heard},
};
use crate::{
    app::App,
    db::{
        ids::{MemberId, PaymentId},
        transact,
    },
    integrations::payments::ProviderError,
    jobs::queue,
};

/// How long a payment may be silent before its provider is asked.
const SILENCE: TimeDelta = TimeDelta::minutes(15);
/// How often it is asked then.
const ASKED_EVERY: TimeDelta = TimeDelta::hours(1);
/// Payments asked about in one round.
const BATCH: i64 = 200;

/// Why it is not known what became of a payment.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// No such payment of the member.
    #[error("no such payment")]
    NotFound,
    /// Its provider is not set up here any more.
    #[error("no provider")]
    NoProvider,
    /// Its provider does not say.
    #[error("the provider failed")]
    Provider(#[from] ProviderError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Asks what became of a payment of a member, and lets it follow. Whether this or the webhook is first makes no
/// difference.
///
/// # Errors
/// See [`LookError`].
pub async fn verify_payment(app: &App, member: MemberId, id: PaymentId) -> Result<PaymentRow, LookError> {
    let found = repo::payments_by_ids(&mut *app.conn().await?, &[id]).await?;
    let own = found.into_iter().find(|payment| payment.member_id == member);
    see(app, own.ok_or(LookError::NotFound)?).await
}

/// Asks what became of a payment, and lets it follow.
///
/// # Errors
/// See [`LookError`].
pub async fn look(app: &App, id: PaymentId) -> Result<PaymentRow, LookError> {
    let found = repo::payments_by_ids(&mut *app.conn().await?, &[id]).await?;
    see(app, found.into_iter().next().ok_or(LookError::NotFound)?).await
}

async fn see(app: &App, mut payment: PaymentRow) -> Result<PaymentRow, LookError> {
    if payment.status == PaymentStatus::Succeeded {
        return Ok(payment);
    }
    if payment.provider_reference.is_none() && payment.status.is_open() {
        // The answer to our first question was lost: the same question has the same answer.
        payment = checkout::ask(app, &payment).await.map_err(|error| match error {
            CheckoutError::Provider(error) => LookError::Provider(error),
            CheckoutError::Database(error) => LookError::Database(error),
            _ => LookError::NoProvider,
        })?;
    }
    if payment.provider_reference.is_none() {
        return Ok(payment);
    }
    let provider = app.integrations.payments.get(payment.provider).ok_or(LookError::NoProvider)?;
    let report = provider.fetch_payment(app, &known(&payment)).await?;
    let heard: QueryResult<_> =
        transact(app, async |tx| settle::hear(tx, payment.provider, report.clone()).await).await;
    let (heard, followed) = heard?;
    if matches!(heard, Heard::Mismatch | Heard::Unknown) {
        tracing::warn!(payment.id = %payment.id, ?report, "the provider speaks of another payment");
    }
    Ok(followed.unwrap_or(payment))
}

/// Has the providers asked about payments that have been silent for long: a webhook may have been lost.
///
/// # Errors
/// Only if the database fails.
pub async fn ask_silent(app: &App) -> QueryResult<()> {
    transact(app, async |tx| {
        let now = tx.now();
        for payment_id in repo::take_silent(tx, now - SILENCE, now - ASKED_EVERY, now, BATCH).await? {
            let unique_key = Some(format!("look:{payment_id}"));
            let options = queue::Options { unique_key, ..queue::Options::default() };
            queue::enqueue_with(tx, &LookAtPayment { payment_id }, options).await?;
        }
        Ok(())
    })
    .await
}
