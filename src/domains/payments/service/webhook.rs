//! The provider's word: checked, stored once, applied later.

use diesel::QueryResult;

use super::{
    super::{
        jobs::ApplyWebhook,
        model::{PaymentRow, PaymentStatus, WebhookOutcome, WebhookRow},
        repo,
    },
    settle,
};
use crate::{
    app::App,
    db::{Tx, transact},
    domains::chargebacks::{
        self,
        model::ChargebackStatus,
        service::{Charged, Word},
    },
    integrations::payments::{BadWebhook, ChargebackWord, Headers, Outcome, WebhookEvent},
    jobs::queue,
};

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// No such provider.
    #[error("no such provider")]
    UnknownProvider,
    /// Not from the provider, too old, or no event: nothing was stored.
    #[error("bad webhook")]
    Bad(#[from] BadWebhook),
    /// The database failed: the provider shall send it again.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Takes a webhook: believes nothing before its signature, stores it once, and has a worker apply it.
///
/// # Errors
/// See [`ReceiveError`].
pub async fn receive_webhook(
    app: &App,
    provider: &str,
    headers: &Headers,
    body: &[u8],
) -> Result<(), ReceiveError> {
    let sender = app.integrations.payments.named(provider).ok_or(ReceiveError::UnknownProvider)?;
    let payload = sender.verify_webhook(headers, body, app.clock.now())?;
    let event = sender.read_webhook(&payload)?;
    let webhook = WebhookRow {
        provider: sender.name().to_owned(),
        event_id: event.id,
        kind: event.kind,
        payload,
        received_at: app.clock.now(),
        applied_at: None,
        outcome: None,
    };
    transact(app, async |tx| {
        if repo::insert_webhook(tx, &webhook).await? {
            let job = ApplyWebhook { provider: webhook.provider.clone(), event_id: webhook.event_id.clone() };
            queue::enqueue(tx, &job).await?;
        }
        Ok(())
    })
    .await
}

/// Applies a stored webhook to its payment. Doing it again changes nothing.
///
/// # Errors
/// If the database fails, or the provider is not set up any more.
pub async fn apply_webhook(app: &App, provider: &str, event_id: &str) -> Result<(), ReceiveError> {
    let sender = app.integrations.payments.named(provider).ok_or(ReceiveError::UnknownProvider)?;
    transact(app, async |tx| {
        let Some(webhook) = repo::lock_webhook(tx, provider, event_id).await? else { return Ok(()) };
        let event = sender.read_webhook(&webhook.payload)?;
        let outcome = apply(tx, provider, event).await?;
        if matches!(outcome, WebhookOutcome::Mismatch | WebhookOutcome::UnknownPayment) {
            tracing::warn!(provider, event_id, %outcome, "a webhook does not fit any payment");
        }
        let now = tx.now();
        Ok(repo::mark_applied(tx, &webhook, outcome, now).await?)
    })
    .await
}

async fn apply(tx: &mut Tx, provider: &str, event: WebhookEvent) -> QueryResult<WebhookOutcome> {
    let Some(outcome) = event.outcome.clone() else { return Ok(WebhookOutcome::UnknownKind) };
    // By our own id first: the provider's answer, with its name for the checkout, may not have been stored yet.
    let found = match event.payment_id {
        Some(id) => repo::lock_payment(tx, id).await?,
        None => repo::lock_payment_by_reference(tx, provider, &event.reference).await?,
    };
    let Some(mut payment) = found else { return Ok(WebhookOutcome::UnknownPayment) };
    let word = match outcome {
        Outcome::Paid => PaymentStatus::Succeeded,
        Outcome::Failed => PaymentStatus::Failed,
        Outcome::Abandoned => PaymentStatus::Expired,
        Outcome::Chargeback { reference, word } => {
            return charge_back(tx, &payment, &event, &reference, word).await;
        }
    };
    if !fits(&payment, provider, &event) || payment.amount != event.amount {
        return Ok(WebhookOutcome::Mismatch);
    }
    payment.provider_reference = Some(event.reference);
    let changed = settle::follow(tx, payment, word).await?;
    Ok(if changed { WebhookOutcome::Applied } else { WebhookOutcome::NoChange })
}

/// The payer's bank takes the payment, or a part of it, back.
async fn charge_back(
    tx: &mut Tx,
    payment: &PaymentRow,
    event: &WebhookEvent,
    reference: &str,
    word: ChargebackWord,
) -> QueryResult<WebhookOutcome> {
    if !fits(payment, &payment.provider, event) || !(1..=payment.amount).contains(&event.amount) {
        return Ok(WebhookOutcome::Mismatch);
    }
    let charged = Charged {
        payment_id: payment.id,
        member_id: payment.member_id,
        provider: &payment.provider,
        amount: payment.amount,
        currency: &payment.currency,
        credits: payment.credits,
    };
    let status = match word {
        ChargebackWord::Opened => ChargebackStatus::Open,
        ChargebackWord::Won => ChargebackStatus::Won,
        ChargebackWord::Lost => ChargebackStatus::Lost,
    };
    let word = Word { reference, status, amount: event.amount };
    let applied = chargebacks::service::follow(tx, &charged, &word).await?;
    Ok(if applied { WebhookOutcome::Applied } else { WebhookOutcome::NoChange })
}

/// Whether the event speaks of this payment: same provider, same checkout if it is known, same currency.
fn fits(payment: &PaymentRow, provider: &str, event: &WebhookEvent) -> bool {
    let same_checkout =
        payment.provider_reference.as_ref().is_none_or(|reference| *reference == event.reference);
    payment.provider == provider && same_checkout && payment.currency == event.currency
}
