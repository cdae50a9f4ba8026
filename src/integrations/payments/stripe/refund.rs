//! Refunds.

use chrono::{DateTime, Utc};
use stripe::StripeRequest;
use stripe_core::refund::{CreateRefund, ListRefund};
use stripe_shared::Refund;
use stripe_types::RangeQueryTs;

use super::{
    super::{ProviderError, RefundOrder, RefundReport, RefundWord},
    PAGE, PAGES, REFUND, SCALE,
    client::StripeClient,
    fact, one_fact, units,
};

/// Refunds, unless it was done before: a key is forgotten after a day, so what is there already is looked at first.
pub(super) async fn refund(
    client: &StripeClient,
    order: &RefundOrder,
) -> Result<RefundReport, ProviderError> {
    let Some(intent) = order.payment.capture.clone() else {
        return Err(ProviderError::Refused("the payment has no payment intent".to_owned()));
    };
    let known = ListRefund::new().payment_intent(intent.clone()).limit(PAGE);
    let made = all(client, known).await?;
    if let Some(report) = made.into_iter().find(|report| report.refund_id == Some(order.refund_id)) {
        return Ok(report);
    }
    let refund = order.refund_id.to_string();
    let request = CreateRefund::new()
        .payment_intent(intent)
        .amount(units(&order.sum)?)
        .metadata(one_fact(REFUND, &refund));
    let made = client
        .act(&refund, |client, strategy| request.customize().request_strategy(strategy).send(client))
        .await?;
    Ok(report(&made))
}

/// Every refund since an instant.
pub(super) async fn list(
    client: &StripeClient,
    since: DateTime<Utc>,
) -> Result<Vec<RefundReport>, ProviderError> {
    all(client, ListRefund::new().created(RangeQueryTs::gte(since.timestamp())).limit(PAGE)).await
}

async fn all(client: &StripeClient, mut request: ListRefund) -> Result<Vec<RefundReport>, ProviderError> {
    let mut reports = Vec::new();
    for _ in 0..PAGES {
        let page = client.read(|client| request.customize().send(client)).await?;
        reports.extend(page.data.iter().map(report));
        match page.data.last() {
            Some(last) if page.has_more => request = request.starting_after(last.id.to_string()),
            _ => return Ok(reports),
        }
    }
    Err(ProviderError::Refused(format!("more than {PAGES} pages of refunds")))
}

fn report(refund: &Refund) -> RefundReport {
    RefundReport {
        refund_id: fact(refund.metadata.as_ref(), REFUND),
        reference: refund.id.to_string(),
        capture: refund.payment_intent.as_ref().map(|intent| intent.id().to_string()),
        word: word(refund.status.as_deref(), refund.failure_reason.as_deref()),
        sum: SCALE.sum(refund.amount, &refund.currency.to_string()),
    }
}

/// What a status means. Refunds take days with some banks, and can fail after all.
pub(super) fn word(status: Option<&str>, failure: Option<&str>) -> RefundWord {
    match status {
        Some("succeeded") => RefundWord::Succeeded,
        Some(status @ ("failed" | "canceled")) => RefundWord::Failed(failure.unwrap_or(status).to_owned()),
        _ => RefundWord::Pending,
    }
}
