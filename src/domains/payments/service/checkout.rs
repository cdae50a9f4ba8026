//! Beginning a payment.

use super::{
    super::{
        model::{PaymentRow, PaymentStatus},
        repo,
    },
    amount, sum,
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
    integrations::payments::{Flow, Order, PaymentProvider, ProviderError, ProviderName},
};

/// What a member wants to buy.
#[derive(Clone, Debug)]
pub struct CreateCheckout {
    /// Who.
    pub member_id: MemberId,
    /// Which package.
    pub package_id: CreditPackageId,
    /// Through whom; `None` = whoever is preferred here.
    pub provider: Option<ProviderName>,
    /// How.
    pub flow: Flow,
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
    /// This installation has no such provider, or none that can be paid through in this way.
    #[error("no provider")]
    NoProvider(Flow),
    /// The provider gave no page; asking again with the same key goes on where it stopped.
    #[error("the provider failed")]
    Provider(#[from] ProviderError),
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
    let provider = choose(app, &command)?.name();
    let started = transact(app, async |tx| begin(tx, &command, provider).await).await?;
    if started.payment.provider_reference.is_some() || !started.payment.status.is_open() {
        return Ok(started);
    }
    let payment = ask(app, &started.payment).await?;
    Ok(Started { payment, ..started })
}

fn choose<'a>(app: &'a App, command: &CreateCheckout) -> Result<&'a dyn PaymentProvider, CheckoutError> {
    let mut able = app.integrations.payments.all().filter(|own| own.flows().contains(&command.flow));
    let chosen = able.find(|own| command.provider.is_none_or(|wanted| own.name() == wanted));
    chosen.ok_or(CheckoutError::NoProvider(command.flow))
}

async fn begin(
    tx: &mut Tx,
    command: &CreateCheckout,
    provider: ProviderName,
) -> Result<Started, CheckoutError> {
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
        provider,
        provider_reference: None,
        status: PaymentStatus::Pending,
        amount: package.price,
        currency: package.currency,
        credits: package.credits,
        return_url: command.return_url.clone(),
        checkout_url: None,
        created_at: now,
        settled_at: None,
        flow: command.flow,
        client_secret: None,
        provider_capture: None,
        captured: 0,
        refunded: 0,
        refund_pending: 0,
        refunded_credits: 0,
        asked_at: None,
    };
    repo::insert_payment(tx, &payment).await?;
    Ok(Started { payment, replayed: false })
}

/// Asks the provider, outside any transaction, and stores what it answered.
///
/// # Errors
/// See [`CheckoutError`].
pub(super) async fn ask(app: &App, payment: &PaymentRow) -> Result<PaymentRow, CheckoutError> {
    let provider = app.integrations.payments.get(payment.provider);
    let provider = provider.ok_or(CheckoutError::NoProvider(payment.flow))?;
    let credits = Amount { minor: payment.credits, asset: Asset::credit() };
    let order = Order {
        payment_id: payment.id,
        flow: payment.flow,
        sum: sum(payment, payment.amount),
        price: amount(payment, payment.amount).to_string(),
        title: format!("{} credits", credits.number()),
        return_url: payment.return_url.clone(),
    };
    let checkout = provider.create_checkout(app, &order).await?;
    Ok(repo::attach_checkout(&mut *app.conn().await?, payment.id, &checkout).await?)
}
