//! The provider's word: checked, stored once, applied later.

use chrono::TimeDelta;
use diesel::QueryResult;

use super::{
    super::{
        jobs::{ApplyWebhook, LookAtPayment},
        model::{WebhookOutcome, WebhookRow},
        repo::{self, webhooks},
    },
    chargeback,
    settle::{self, Heard},
    settle_refund,
};
use crate::{
    app::App,
    db::{Tx, ids::WebhookId, transact},
    domains::audit::{
        self,
        model::{Act, Action},
    },
    graphql::Viewer,
    integrations::payments::{BadWebhook, Headers, Notice, PaymentProvider, ProviderError, WebhookError},
    jobs::queue,
};

/// How long a webhook is kept after it came. No provider sends one again after so long.
const KEPT: TimeDelta = TimeDelta::days(90);
/// Webhooks removed by one statement.
const BATCH: i64 = 1_000;

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// No such provider.
    #[error("no such provider")]
    UnknownProvider,
    /// No such webhook.
    #[error("no such webhook")]
    NotFound,
    /// Not from the provider, too old, or no event: nothing was stored.
    #[error("bad webhook")]
    Bad(#[from] BadWebhook),
    /// The provider does not say whether it sent this: it shall send it again.
    #[error("the provider failed")]
    Provider(#[from] ProviderError),
    /// The database failed: the provider shall send it again.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

impl From<WebhookError> for ReceiveError {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Bad(bad) => Self::Bad(bad),
            WebhookError::Unavailable(error) => Self::Provider(error),
        }
    }
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
    let delivery = sender.verify_webhook(app, headers, body).await?;
    let webhook = WebhookRow {
        id: WebhookId::new(),
        provider: sender.name(),
        event_id: delivery.id,
        kind: delivery.kind,
        payload: delivery.payload,
        received_at: app.clock.now(),
        applied_at: None,
        outcome: None,
    };
    transact(app, async |tx| {
        if webhooks::insert(tx, &webhook).await? {
            let provider = webhook.provider.to_string();
            let job = ApplyWebhook { provider, event_id: webhook.event_id.clone() };
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
        let stored = webhooks::lock(tx, provider, event_id).await?;
        let Some(webhook) = stored.filter(|webhook| webhook.applied_at.is_none()) else { return Ok(()) };
        apply(tx, sender, &webhook).await?;
        Ok(())
    })
    .await
}

/// Applies a stored webhook again, because an operator wants it: it does what it would do if it came now.
///
/// # Errors
/// See [`ReceiveError`].
pub async fn replay_webhook(
    app: &App,
    by: Viewer,
    id: WebhookId,
    reason: &str,
) -> Result<WebhookRow, ReceiveError> {
    transact(app, async |tx| {
        tx.acting(by.member_id);
        let mut webhook = webhooks::lock_by_id(tx, id).await?.ok_or(ReceiveError::NotFound)?;
        let sender = app.integrations.payments.get(webhook.provider).ok_or(ReceiveError::UnknownProvider)?;
        let outcome = apply(tx, sender, &webhook).await?;
        webhook.applied_at = Some(tx.now());
        webhook.outcome = Some(outcome);
        let act = Act::by(by.member_id, Action::WebhookReplayed).on(by.auth_session_id);
        let act = act.about(id).because(reason).with("outcome", &outcome);
        audit::service::record(tx, act).await?;
        Ok(webhook)
    })
    .await
}

async fn apply(
    tx: &mut Tx,
    sender: &dyn PaymentProvider,
    webhook: &WebhookRow,
) -> QueryResult<WebhookOutcome> {
    let outcome = match sender.read_webhook(&webhook.payload) {
        None => WebhookOutcome::UnknownKind,
        Some(Notice::Look { reference }) => {
            match repo::lock_payment_by_reference(tx, sender.name(), &reference).await? {
                None => WebhookOutcome::UnknownPayment,
                Some(payment) => {
                    queue::enqueue(tx, &LookAtPayment { payment_id: payment.id }).await?;
                    WebhookOutcome::AskedFor
                }
            }
        }
        Some(Notice::Payment(report)) => match settle::hear(tx, sender.name(), report).await?.0 {
            Heard::Followed => WebhookOutcome::Applied,
            Heard::NoNews => WebhookOutcome::NoChange,
            Heard::Unknown => WebhookOutcome::UnknownPayment,
            Heard::Mismatch => WebhookOutcome::Mismatch,
        },
        Some(Notice::Refund(report)) => match settle_refund::hear(tx, sender.name(), report).await? {
            Heard::Followed => WebhookOutcome::Applied,
            Heard::NoNews => WebhookOutcome::NoChange,
            Heard::Unknown => WebhookOutcome::UnknownRefund,
            Heard::Mismatch => WebhookOutcome::Mismatch,
        },
        Some(Notice::Chargeback(report)) => match chargeback::hear(tx, sender.name(), report).await? {
            Heard::Followed => WebhookOutcome::Applied,
            Heard::NoNews => WebhookOutcome::NoChange,
            Heard::Unknown => WebhookOutcome::UnknownPayment,
            Heard::Mismatch => WebhookOutcome::Mismatch,
        },
    };
    // Providers send more kinds than we use.
    let usual = [
        WebhookOutcome::Applied,
        WebhookOutcome::NoChange,
        WebhookOutcome::AskedFor,
        WebhookOutcome::UnknownKind,
    ];
    if !usual.contains(&outcome) {
        let (provider, event, kind) = (sender.name(), &webhook.event_id, &webhook.kind);
        tracing::warn!(%provider, event, kind, %outcome, "a webhook fits nothing of ours");
    }
    let now = tx.now();
    webhooks::mark_applied(tx, webhook, outcome, now).await?;
    Ok(outcome)
}

/// Removes webhooks that were kept long enough.
///
/// # Errors
/// Only if the database fails.
pub async fn forget_webhooks(app: &App) -> QueryResult<()> {
    let before = app.clock.now() - KEPT;
    while webhooks::forget(&mut *app.conn().await?, before, BATCH).await? > 0 && !app.is_stopping() {}
    Ok(())
}
