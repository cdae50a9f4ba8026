//! Paying out, and following what becomes of it.

use chrono::TimeDelta;
use diesel::QueryResult;

use super::super::{
    model::{PayoutChanged, PayoutRow, PayoutStatus},
    repo,
};
use crate::{
    app::App,
    db::{Tx, ids::PayoutId, transact},
    domains::wallet::{
        self,
        model::{Amount, Asset},
    },
    events::StreamName,
    integrations::payouts::{PayoutFault, PayoutOrder, Progress, Sent},
};

/// How long nothing may be heard of a payout before the provider is asked again.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// Payouts looked at in one statement.
const BATCH: i64 = 100;

/// Why it is not known what became of a payout.
#[derive(Debug, thiserror::Error)]
pub enum SendFailed {
    /// The provider of the payout is not set up any more.
    #[error("no such provider of payouts")]
    NoProvider,
    /// The provider gave no answer: it is asked again later.
    #[error("the provider gave no answer")]
    Provider(#[source] PayoutFault),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Asks the provider to pay out, outside any transaction, and writes down its answer. Doing it again moves nothing twice.
///
/// # Errors
/// See [`SendFailed`].
pub async fn send(app: &App, id: PayoutId) -> Result<(), SendFailed> {
    let found = repo::by_ids(&mut *app.conn().await?, &[id]).await?;
    let Some(payout) = found.into_iter().next().filter(|payout| !payout.status.is_settled()) else {
        return Ok(());
    };
    let provider = app.integrations.payouts.named(&payout.provider).ok_or(SendFailed::NoProvider)?;
    let order = PayoutOrder {
        payout_id: payout.id,
        account: payout.account_reference,
        amount: payout.amount,
        currency: payout.currency,
    };
    let (reference, progress) = match provider.send(app, &order).await {
        Ok(Sent { reference, progress }) => (Some(reference), progress),
        Err(PayoutFault::Refused(why)) => (None, Progress::Failed(why)),
        Err(fault @ PayoutFault::Unknown(_)) => return Err(SendFailed::Provider(fault)),
    };
    transact(app, async |tx| {
        if let Some(payout) = repo::lock(tx, id).await? {
            follow(tx, payout, reference.clone(), &progress).await?;
        }
        Ok(())
    })
    .await
}

/// Lets a locked payout follow the provider's word; `false` if that changes nothing. What failed returns to the earnings.
pub(super) async fn follow(
    tx: &mut Tx,
    mut payout: PayoutRow,
    reference: Option<String>,
    progress: &Progress,
) -> QueryResult<bool> {
    let word = match progress {
        Progress::InTransit => PayoutStatus::InTransit,
        Progress::Paid => PayoutStatus::Paid,
        Progress::Failed(_) => PayoutStatus::Failed,
    };
    let Some(status) = payout.status.after(word) else { return Ok(false) };
    payout.status = status;
    payout.provider_reference = payout.provider_reference.or(reference);
    payout.settled_at = status.is_settled().then(|| tx.now());
    if let Progress::Failed(why) = progress {
        payout.failure = Some(why.chars().take(500).collect());
        let money = Amount { minor: payout.amount, asset: Asset::of(&payout.currency) };
        wallet::service::return_payout(tx, payout.id, payout.member_id, payout.credits, &money).await?;
    }
    repo::update(tx, &payout).await?;
    tx.tell(StreamName::User(payout.member_id), &PayoutChanged { payout });
    Ok(true)
}

/// Asks again for payouts that should have come to an end: a reply or a webhook was lost, or the job gave up. One that the
/// provider does not answer for is left for the next time.
///
/// # Errors
/// Only if the database fails.
pub async fn chase(app: &App) -> QueryResult<()> {
    let before = app.clock.now() - PATIENCE;
    let mut last = None;
    loop {
        let open = repo::overdue(&mut *app.conn().await?, before, last, BATCH).await?;
        for &(_, id) in &open {
            match send(app, id).await {
                Ok(()) => {}
                Err(SendFailed::Database(error)) => return Err(error),
                Err(error) => tracing::warn!(payout = %id, %error, "nothing is known of a payout"),
            }
        }
        last = open.last().copied();
        if last.is_none() || app.is_stopping() {
            return Ok(());
        }
    }
}
