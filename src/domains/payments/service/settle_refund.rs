//! What became of a refund, under its payment's lock.

use chrono::TimeDelta;
use diesel::QueryResult;

use super::{
    super::{
        jobs::SendRefund,
        model::{PaymentRow, RefundRow, RefundStatus},
        repo::{self, refunds},
    },
    known,
    refund::{of_purchase, tell},
    settle::Heard,
    sum,
};
use crate::{
    app::App,
    db::{Tx, ids::RefundId, transact},
    domains::wallet::service::refunds::give_again,
    integrations::payments::{ProviderError, ProviderName, RefundOrder, RefundReport, RefundWord},
    jobs::queue,
};

/// How long a refund may be open before its provider is asked again.
const SILENCE: TimeDelta = TimeDelta::hours(1);
/// Refunds asked about in one round.
const BATCH: i64 = 200;

/// Asks the provider to pay a refund back, and lets it follow. Asking again does it once.
///
/// # Errors
/// If the provider does not say, or the database fails: ask again.
pub async fn send_refund(app: &App, id: RefundId) -> anyhow::Result<()> {
    let mut conn = app.conn().await?;
    let Some(refund) = refunds::find(&mut conn, id).await? else { return Ok(()) };
    if !matches!(refund.status, RefundStatus::Requested | RefundStatus::Pending) {
        return Ok(());
    }
    let payments = repo::payments_by_ids(&mut conn, &[refund.payment_id]).await?;
    drop(conn);
    let payment = payments.into_iter().next().ok_or_else(|| anyhow::anyhow!("a refund of no payment"))?;
    let (name, money) = (payment.provider, sum(&payment, refund.amount));
    let provider = app.integrations.payments.get(name);
    let provider = provider.ok_or_else(|| anyhow::anyhow!("{name} is not set up any more"))?;
    let order = RefundOrder { refund_id: id, payment: known(&payment), sum: money.clone() };
    let report = match provider.refund(app, &order).await {
        Ok(report) => RefundReport { refund_id: Some(id), ..report },
        Err(ProviderError::Refused(reason)) => RefundReport {
            refund_id: Some(id),
            reference: refund.provider_reference.unwrap_or_default(),
            capture: None,
            word: RefundWord::Failed(reason),
            sum: money,
        },
        Err(error) => return Err(error.into()),
    };
    let heard = transact(app, async |tx| hear(tx, name, report.clone()).await).await?;
    anyhow::ensure!(heard != Heard::Mismatch, "the provider paid back something else: {report:?}");
    Ok(())
}

/// Has the providers asked about refunds that have been open for long.
///
/// # Errors
/// Only if the database fails.
pub async fn follow_refunds(app: &App) -> QueryResult<()> {
    transact(app, async |tx| {
        let before = tx.now() - SILENCE;
        for refund_id in refunds::open_before(tx, before, BATCH).await? {
            let unique_key = Some(format!("refund:{refund_id}"));
            let options = queue::Options { unique_key, ..queue::Options::default() };
            queue::enqueue_with(tx, &SendRefund { refund_id }, options).await?;
        }
        Ok(())
    })
    .await
}

/// Lets a refund follow what its provider says.
pub(super) async fn hear(tx: &mut Tx, provider: ProviderName, report: RefundReport) -> QueryResult<Heard> {
    let found = match report.refund_id {
        Some(id) => refunds::find(tx, id).await?,
        None => refunds::by_reference(tx, provider, &report.reference).await?,
    };
    let Some(refund) = found else { return Ok(Heard::Unknown) };
    // The payment's lock guards its refunds too: what was read before it may be old.
    let Some(payment) = repo::lock_payment(tx, refund.payment_id).await? else { return Ok(Heard::Unknown) };
    let Some(refund) = refunds::find(tx, refund.id).await? else { return Ok(Heard::Unknown) };
    if payment.provider != provider || !sum(&payment, refund.amount).is_worth(&report.sum) {
        return Ok(Heard::Mismatch);
    }
    follow(tx, payment, refund, report).await
}

async fn follow(
    tx: &mut Tx,
    mut payment: PaymentRow,
    mut refund: RefundRow,
    report: RefundReport,
) -> QueryResult<Heard> {
    let (word, failure) = match report.word {
        RefundWord::Pending => (RefundStatus::Pending, None),
        RefundWord::Succeeded => (RefundStatus::Succeeded, None),
        RefundWord::Failed(reason) => (RefundStatus::Failed, Some(reason)),
    };
    let was = refund.status;
    let Some(status) = was.after(word) else { return Ok(Heard::NoNews) };
    refund.status = status;
    refund.failure = failure;
    if !report.reference.is_empty() {
        refund.provider_reference = Some(report.reference);
    }
    if matches!(status, RefundStatus::Succeeded | RefundStatus::Failed) {
        refund.settled_at = Some(tx.now());
    }
    match (was, status) {
        (RefundStatus::Succeeded, RefundStatus::Failed) => payment.refunded -= refund.amount,
        (_, RefundStatus::Failed) => payment.refund_pending -= refund.amount,
        (_, RefundStatus::Succeeded) => {
            payment.refund_pending -= refund.amount;
            payment.refunded += refund.amount;
        }
        _ => {}
    }
    if status == RefundStatus::Failed {
        payment.refunded_credits -= refund.credits;
        give_again(tx, &of_purchase(&payment, &refund)).await?;
        let (provider, reason) = (payment.provider, refund.failure.as_deref());
        tracing::warn!(refund.id = %refund.id, %provider, reason, "a refund failed");
    }
    refunds::settle(tx, &refund).await?;
    refunds::count(tx, &payment).await?;
    tell(tx, &payment, &refund);
    Ok(Heard::Followed)
}
