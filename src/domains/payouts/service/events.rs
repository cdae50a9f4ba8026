//! What the provider tells: checked, stored once, applied later, in any order.

use super::{
    super::{
        jobs::ApplyPayoutEvent,
        model::{PayoutEventOutcome, PayoutEventRow},
        repo,
    },
    account, send,
};
use crate::{
    app::App,
    db::{Tx, ids::PayoutId, transact},
    integrations::{
        payments::{BadWebhook, Headers},
        payouts::{News, PayoutFault, PayoutProvider, Sent},
    },
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
pub async fn receive_event(
    app: &App,
    provider: &str,
    headers: &Headers,
    body: &[u8],
) -> Result<(), ReceiveError> {
    let sender = app.integrations.payouts.named(provider).ok_or(ReceiveError::UnknownProvider)?;
    let payload = sender.verify_webhook(headers, body, app.clock.now())?;
    let event = sender.read_webhook(&payload)?;
    let row = PayoutEventRow {
        provider: sender.name().to_owned(),
        event_id: event.id,
        kind: event.kind,
        payload,
        received_at: app.clock.now(),
        applied_at: None,
        outcome: None,
    };
    transact(app, async |tx| {
        if repo::insert_event(tx, &row).await? {
            let job = ApplyPayoutEvent { provider: row.provider.clone(), event_id: row.event_id.clone() };
            queue::enqueue(tx, &job).await?;
        }
        Ok(())
    })
    .await
}

/// Why a webhook was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The provider is not set up any more.
    #[error("no such provider")]
    UnknownProvider,
    /// The stored payload cannot be read any more.
    #[error("bad webhook")]
    Bad(#[from] BadWebhook),
    /// The provider did not say how the account is.
    #[error("the provider failed")]
    Provider(#[from] PayoutFault),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Applies a stored webhook. Doing it again changes nothing.
///
/// # Errors
/// See [`ApplyError`].
pub async fn apply_event(app: &App, provider: &str, event_id: &str) -> Result<(), ApplyError> {
    let sender = app.integrations.payouts.named(provider).ok_or(ApplyError::UnknownProvider)?;
    let stored = repo::event(&mut *app.conn().await?, provider, event_id).await?;
    let Some(row) = stored.filter(|row| row.applied_at.is_none()) else { return Ok(()) };
    match sender.read_webhook(&row.payload)?.news {
        None => transact(app, async |tx| note(tx, &row, PayoutEventOutcome::UnknownKind).await).await,
        Some(News::Account(reference)) => apply_account(app, sender, &row, &reference).await,
        Some(News::Payout { payout_id, sent, amount, currency }) => {
            transact(app, async |tx| {
                let outcome = apply_payout(tx, &row, payout_id, &sent, (amount, currency.as_str())).await?;
                note(tx, &row, outcome).await
            })
            .await
        }
    }
}

/// The webhook says only that something changed: what, the provider is asked for, so that no order of webhooks misleads.
async fn apply_account(
    app: &App,
    sender: &dyn PayoutProvider,
    row: &PayoutEventRow,
    reference: &str,
) -> Result<(), ApplyError> {
    let as_of = app.clock.now();
    let standing = sender.standing(app, reference).await?;
    transact(app, async |tx| {
        let outcome = match repo::lock_account(tx, &row.provider, reference).await? {
            None => PayoutEventOutcome::Unknown,
            Some(account) => {
                let status = account.status;
                let account = account::follow(tx, account, &standing, as_of).await?;
                if account.status == status {
                    PayoutEventOutcome::NoChange
                } else {
                    PayoutEventOutcome::Applied
                }
            }
        };
        note(tx, row, outcome).await
    })
    .await
}

async fn apply_payout(
    tx: &mut Tx,
    row: &PayoutEventRow,
    id: PayoutId,
    sent: &Sent,
    money: (i64, &str),
) -> Result<PayoutEventOutcome, ApplyError> {
    let Some(payout) = repo::lock(tx, id).await? else { return Ok(PayoutEventOutcome::Unknown) };
    let same_payout = payout.provider_reference.as_ref().is_none_or(|reference| *reference == sent.reference);
    let fits =
        payout.provider == row.provider && same_payout && (payout.amount, payout.currency.as_str()) == money;
    if !fits {
        return Ok(PayoutEventOutcome::Mismatch);
    }
    let changed = send::follow(tx, payout, Some(sent.reference.clone()), &sent.progress).await?;
    Ok(if changed { PayoutEventOutcome::Applied } else { PayoutEventOutcome::NoChange })
}

async fn note(tx: &mut Tx, row: &PayoutEventRow, outcome: PayoutEventOutcome) -> Result<(), ApplyError> {
    if matches!(outcome, PayoutEventOutcome::Mismatch | PayoutEventOutcome::Unknown) {
        tracing::warn!(provider = row.provider, event_id = row.event_id, %outcome, "a webhook fits no payout");
    }
    let now = tx.now();
    repo::mark_applied(tx, row, outcome, now).await?;
    Ok(())
}
