//! Payments on Stripe's page.

use stripe::StripeRequest;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionPaymentIntentData, ProductData, RetrieveCheckoutSession,
};
use stripe_shared::{
    CheckoutSession, CheckoutSessionMode, CheckoutSessionPaymentStatus, CheckoutSessionStatus,
};

use super::{
    super::{Checkout, Known, Order, PaymentReport, PaymentWord, ProviderError},
    PAYMENT, SCALE,
    client::StripeClient,
    currency, fact, intent, one_fact, units,
};
use crate::app::App;

/// A session for an order: the same one for the same payment.
pub(super) async fn create(
    client: &StripeClient,
    app: &App,
    order: &Order,
) -> Result<Checkout, ProviderError> {
    let payment = order.payment_id.to_string();
    let back = order.return_url.clone().unwrap_or_else(|| app.public_url.clone());
    let told = one_fact(PAYMENT, &payment);
    let price = CreateCheckoutSessionLineItemsPriceData {
        unit_amount: Some(units(&order.sum)?),
        product_data: Some(ProductData::new(order.title.clone())),
        ..CreateCheckoutSessionLineItemsPriceData::new(currency(&order.sum))
    };
    let item = CreateCheckoutSessionLineItems {
        quantity: Some(1),
        price_data: Some(price),
        ..CreateCheckoutSessionLineItems::new()
    };
    // What Stripe then tells of the payment itself names ours too.
    let intent = CreateCheckoutSessionPaymentIntentData {
        metadata: Some(told.clone()),
        ..CreateCheckoutSessionPaymentIntentData::new()
    };
    let request = CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Payment)
        .client_reference_id(payment.clone())
        .metadata(told)
        .line_items(vec![item])
        .payment_intent_data(intent)
        .success_url(back.clone())
        .cancel_url(back);
    let session = client
        .act(&payment, |client, strategy| request.customize().request_strategy(strategy).send(client))
        .await?;
    Ok(Checkout { reference: session.id.to_string(), url: session.url, client_secret: None })
}

/// What became of a session.
pub(super) async fn fetch(client: &StripeClient, payment: &Known) -> Result<PaymentReport, ProviderError> {
    let request =
        RetrieveCheckoutSession::new(payment.reference.clone()).expand(vec!["payment_intent".to_owned()]);
    let session = client.read(|client| request.customize().send(client)).await?;
    report(&session)
        .ok_or_else(|| ProviderError::Unavailable(anyhow::anyhow!("a session without amount or currency")))
}

fn report(session: &CheckoutSession) -> Option<PaymentReport> {
    let intent = session.payment_intent.as_ref();
    let about_intent = intent.and_then(|intent| intent.as_object()).map(intent::report);
    let word = match (&session.status, &session.payment_status) {
        (_, CheckoutSessionPaymentStatus::Paid) => PaymentWord::Paid,
        (Some(CheckoutSessionStatus::Expired), _) => PaymentWord::Abandoned,
        // An open session can be paid by another card after one was refused.
        _ => about_intent.as_ref().map_or(PaymentWord::Waiting, |about| about.word),
    };
    Some(PaymentReport {
        payment_id: fact(session.metadata.as_ref(), PAYMENT),
        reference: Some(session.id.to_string()),
        capture: intent.map(|intent| intent.id().to_string()),
        word,
        sum: SCALE.sum(session.amount_total?, &session.currency.as_ref()?.to_string()),
        client_secret: about_intent.and_then(|about| about.client_secret),
    })
}
