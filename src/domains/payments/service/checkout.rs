//! Beginning a payment.

use super::super::{
    model::{PaymentRow, PaymentStatus},
    repo,
};
use crate::{
    app::App,
    db::{
        Tx,
        idempotency::{Attempt, Claimed, Difference},
        ids::{CreditPackageId, EntityId, MemberId, PaymentId},
        transact,
    },
    domains::wallet::model::{Amount, Asset},
    integrations::payments::{Order, PaymentProvider, ProviderFailed},
};

/// What a member wants to buy.
#[derive(Clone, Debug)]
pub struct CreateCheckout {
    /// Who.
    pub member_id: MemberId,
    /// Which package.
    pub package_id: CreditPackageId,
    /// Where to go afterwards; checked.
    pub return_url: Option<String>,
    /// The request, to know it again.
    pub attempt: Attempt,
}

/// A payment with a page to pay on.
#[derive(Clone, Debug)]
pub struct Started {
    /// The payment.
    pub payment: PaymentRow,
    /// Whether an earlier request made it.
    pub replayed: bool,
}

/// Why there is no page to pay on.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// No such package is on sale.
    #[error("no such package")]
    UnknownPackage,
    /// The key was used with another input.
    #[error("the key was used with another input")]
    Conflict(Difference),
    /// This installation has no provider.
    #[error("no provider")]
    NoProvider,
    /// The provider gave no page; asking again with the same key goes on where it stopped.
    #[error("the provider failed")]
    Provider(#[from] ProviderFailed),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Begins a payment: writes it, then asks the provider for a page, then stores what it answered. A repeat gives the same
/// payment, and asks again if the first request came to no answer.
///
/// # Errors
/// See [`CheckoutError`].
pub async fn create_checkout(app: &App, command: CreateCheckout) -> Result<Started, CheckoutError> {
    let preferred = app.integrations.payments.preferred().ok_or(CheckoutError::NoProvider)?;
    let started = transact(app, async |tx| begin(tx, &command, preferred.name()).await).await?;
    if started.payment.checkout_url.is_some() || started.payment.status != PaymentStatus::Pending {
        return Ok(started);
    }
    let provider =
        app.integrations.payments.named(&started.payment.provider).ok_or(CheckoutError::NoProvider)?;
    let payment = ask(app, provider, started.payment).await?;
    Ok(Started { payment, ..started })
}

async fn begin(tx: &mut Tx, command: &CreateCheckout, provider: &str) -> Result<Started, CheckoutError> {
    tx.acting(command.member_id);
    let (id, now) = (PaymentId::new(), tx.now());
    match command.attempt.claim(tx, id.uuid(), now).await? {
        Claimed::New => {}
        Claimed::Conflict(difference) => return Err(CheckoutError::Conflict(difference)),
        Claimed::Replayed(id) => {
            let made = repo::payments_by_ids(tx, &[PaymentId::from_uuid(id)]).await?;
            let payment = made.into_iter().next().ok_or(diesel::result::Error::NotFound)?;
            return Ok(Started { payment, replayed: true });
        }
    }
    let package =
        repo::package_on_sale(tx, command.package_id).await?.ok_or(CheckoutError::UnknownPackage)?;
    let payment = PaymentRow {
        id,
        member_id: command.member_id,
        package_id: package.id,
        provider: provider.to_owned(),
        provider_reference: None,
        status: PaymentStatus::Pending,
        amount: package.price,
        currency: package.currency,
        credits: package.credits,
        return_url: command.return_url.clone(),
        checkout_url: None,
        created_at: now,
        settled_at: None,
    };
    repo::insert_payment(tx, &payment).await?;
    Ok(Started { payment, replayed: false })
}

/// Asks the provider, outside any transaction.
async fn ask(
    app: &App,
    provider: &dyn PaymentProvider,
    payment: PaymentRow,
) -> Result<PaymentRow, CheckoutError> {
    let credits = Amount { minor: payment.credits, asset: Asset::credit() };
    let price = Amount { minor: payment.amount, asset: Asset::of(&payment.currency) };
    let order = Order {
        payment_id: payment.id,
        amount: payment.amount,
        currency: payment.currency,
        price: price.to_string(),
        title: format!("{} credits", credits.number()),
        return_url: payment.return_url,
    };
    let checkout = provider.create_checkout(app, &order).await?;
    let stored =
        repo::attach_checkout(&mut *app.conn().await?, payment.id, &checkout.reference, &checkout.url)
            .await?;
    Ok(stored)
}
