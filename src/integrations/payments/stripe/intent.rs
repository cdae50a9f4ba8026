//! Payments in the client, and the payments behind Stripe's page.

use chrono::{DateTime, Utc};
use stripe::StripeRequest;
use stripe_core::payment_intent::{
    CreatePaymentIntent, CreatePaymentIntentAutomaticPaymentMethods, ListPaymentIntent, RetrievePaymentIntent,
};
use stripe_shared::{PaymentIntent, PaymentIntentStatus};
use stripe_types::RangeQueryTs;

use super::{
    super::{Checkout, Known, Order, PaymentReport, PaymentWord, ProviderError},
    IN_APP_PAYMENT, PAGE, PAGES, PAYMENT, SCALE,
    client::StripeClient,
    currency, fact, one_fact, units,
};

/// An intent for an order: the same one for the same payment. Its secret lets the client's library pay, with the bank's
/// questions if it has any.
pub(super) async fn create(client: &StripeClient, order: &Order) -> Result<Checkout, ProviderError> {
    let payment = order.payment_id.to_string();
    let request = CreatePaymentIntent::new(units(&order.sum)?, currency(&order.sum))
        .automatic_payment_methods(CreatePaymentIntentAutomaticPaymentMethods::new(true))
        .description(order.title.clone())
        .metadata(one_fact(IN_APP_PAYMENT, &payment));
    let intent = client
        .act(&payment, |client, strategy| request.customize().request_strategy(strategy).send(client))
        .await?;
    Ok(Checkout { reference: intent.id.to_string(), url: None, client_secret: intent.client_secret })
}

/// What became of an intent.
pub(super) async fn fetch(client: &StripeClient, payment: &Known) -> Result<PaymentReport, ProviderError> {
    let request = RetrievePaymentIntent::new(payment.reference.clone());
    let intent = client.read(|client| request.customize().send(client)).await?;
    Ok(report(&intent))
}

/// Every intent of ours since an instant.
pub(super) async fn list(
    client: &StripeClient,
    since: DateTime<Utc>,
) -> Result<Vec<PaymentReport>, ProviderError> {
    let mut reports = Vec::new();
    let mut request = ListPaymentIntent::new().created(RangeQueryTs::gte(since.timestamp())).limit(PAGE);
    for _ in 0..PAGES {
        let page = client.read(|client| request.customize().send(client)).await?;
        reports.extend(page.data.iter().map(report).filter(|report| report.payment_id.is_some()));
        match page.data.last() {
            Some(last) if page.has_more => request = request.starting_after(last.id.to_string()),
            _ => return Ok(reports),
        }
    }
    Err(ProviderError::Refused(format!("more than {PAGES} pages of payments")))
}

/// What an intent says.
pub(super) fn report(intent: &PaymentIntent) -> PaymentReport {
    let word = match intent.status {
        PaymentIntentStatus::Succeeded => PaymentWord::Paid,
        PaymentIntentStatus::Canceled => PaymentWord::Abandoned,
        PaymentIntentStatus::RequiresAction => PaymentWord::RequiresAction,
        PaymentIntentStatus::RequiresPaymentMethod if intent.last_payment_error.is_some() => {
            PaymentWord::Failed
        }
        _ => PaymentWord::Waiting,
    };
    let id = intent.id.to_string();
    let in_app = fact(Some(&intent.metadata), IN_APP_PAYMENT);
    PaymentReport {
        payment_id: in_app.or_else(|| fact(Some(&intent.metadata), PAYMENT)),
        reference: in_app.map(|_| id.clone()),
        capture: Some(id),
        word,
        sum: SCALE.sum(intent.amount, &intent.currency.to_string()),
        client_secret: intent.client_secret.clone().filter(|_| word == PaymentWord::RequiresAction),
    }
}
