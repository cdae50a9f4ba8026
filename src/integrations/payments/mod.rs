//! The port to payment providers.
//!
//! A provider is asked for a checkout and tells by webhook what became of it; it can also be asked. It hears the
//! payment's id first, so that its webhook can be understood even before its answer was stored. A refund is asked for
//! under our refund's id. Asking twice for either does it once.

mod calls;
pub mod paypal;
pub mod razorpay;
pub mod return_url;
pub mod sandbox;
pub mod signature;
pub mod stripe;
mod sum;

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::Value;

pub use self::sum::{Scale, Sum};
use crate::{
    app::App,
    config::{Config, Mode},
    db::ids::{PaymentId, RefundId},
    text_enum,
};

text_enum! {
    /// Who moves the money.
    pub enum ProviderName {
        Sandbox = "sandbox", Stripe = "stripe", Razorpay = "razorpay", Paypal = "paypal",
    }
}

text_enum! {
    /// How a member pays: on the provider's page, or in the client by the provider's library.
    pub enum Flow { Hosted = "HOSTED", InApp = "IN_APP" }
}

/// What shall be paid.
#[derive(Clone, Debug)]
pub struct Order {
    /// Our id: travels with the checkout, and makes asking twice give the same checkout.
    pub payment_id: PaymentId,
    /// How the member pays.
    pub flow: Flow,
    /// How much.
    pub sum: Sum,
    /// The amount for people, such as `12.50 USD`.
    pub price: String,
    /// What is bought, for people.
    pub title: String,
    /// Where the member goes afterwards; checked.
    pub return_url: Option<String>,
}

/// What a member pays on or with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The provider's name for it.
    pub reference: String,
    /// The page where the member pays.
    pub url: Option<String>,
    /// What the provider's library in the client needs to pay.
    pub client_secret: Option<String>,
}

/// A payment that a provider knows already.
#[derive(Clone, Debug)]
pub struct Known {
    /// Our id.
    pub payment_id: PaymentId,
    /// How the member pays.
    pub flow: Flow,
    /// The provider's name for the checkout.
    pub reference: String,
    /// The provider's name for the money that arrived.
    pub capture: Option<String>,
    /// How much.
    pub sum: Sum,
}

/// Where a chargeback stands, as the provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargebackWord {
    /// The bank took the money back.
    Opened,
    /// It came again.
    Won,
    /// It is gone.
    Lost,
}

/// What a provider says about a chargeback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargebackReport {
    /// The provider's name for it.
    pub chargeback: String,
    /// Our id of the payment, as we told the provider.
    pub payment_id: Option<PaymentId>,
    /// The provider's name for the checkout.
    pub reference: Option<String>,
    /// The provider's name for the money that is taken back.
    pub capture: Option<String>,
    /// Where it stands.
    pub word: ChargebackWord,
    /// What is taken back: the whole payment or a part.
    pub sum: Sum,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentWord {
    /// Nothing yet.
    Waiting,
    /// The member's bank wants to hear from the member.
    RequiresAction,
    /// The money arrived.
    Paid,
    /// The means of payment was refused.
    Failed,
    /// It was left or ran out.
    Abandoned,
}

/// What a provider says about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentReport {
    /// Our id, as we told the provider.
    pub payment_id: Option<PaymentId>,
    /// The provider's name for the checkout.
    pub reference: Option<String>,
    /// The provider's name for the money that arrived, or for the try.
    pub capture: Option<String>,
    /// What became of it.
    pub word: PaymentWord,
    /// What was paid or asked for.
    pub sum: Sum,
    /// What the client needs to go on, if the member has to act.
    pub client_secret: Option<String>,
}

/// Money that shall go back.
#[derive(Clone, Debug)]
pub struct RefundOrder {
    /// Our id: travels with the refund, and makes asking twice refund once.
    pub refund_id: RefundId,
    /// The payment it goes back from.
    pub payment: Known,
    /// How much: the whole payment or a part.
    pub sum: Sum,
}

/// What became of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundWord {
    /// The provider has taken it on.
    Pending,
    /// The money went back.
    Succeeded,
    /// It did not, and will not; with the provider's reason.
    Failed(String),
}

/// What a provider says about a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundReport {
    /// Our id, as we told the provider.
    pub refund_id: Option<RefundId>,
    /// The provider's name for it.
    pub reference: String,
    /// The provider's name for the money it goes back from.
    pub capture: Option<String>,
    /// What became of it.
    pub word: RefundWord,
    /// How much.
    pub sum: Sum,
}

/// A webhook that the provider signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The provider's name for the event: the same when it is sent again.
    pub id: String,
    /// The provider's word for what happened.
    pub kind: String,
    /// All of it.
    pub payload: Value,
}

/// What a webhook means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something about a payment.
    Payment(PaymentReport),
    /// Something about a refund.
    Refund(RefundReport),
    /// The payer's bank takes back what had arrived.
    Chargeback(ChargebackReport),
    /// The payment with this checkout should be looked at: the provider waits for us.
    Look {
        /// The provider's name for the checkout.
        reference: String,
    },
}

/// A webhook that must not be believed: bad signature, too old, or no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the webhook is not signed by the provider, too old, or no event")]
pub struct BadWebhook;

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It must not be believed.
    #[error(transparent)]
    Bad(#[from] BadWebhook),
    /// The provider, who has to be asked whether it is genuine, does not answer.
    #[error(transparent)]
    Unavailable(#[from] ProviderError),
}

/// Why a provider did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It cannot be reached, or nobody knows whether it did: ask again, under the same id.
    #[error("the payment provider cannot be reached: {0}")]
    Unavailable(anyhow::Error),
    /// It said no: asking again changes nothing.
    #[error("the payment provider refused: {0}")]
    Refused(String),
}

/// The headers of a webhook.
#[derive(Clone, Debug, Default)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// A header's value, whatever the case of its name. `None` if it is absent or sent more than once.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values =
            self.0.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }
}

/// What a call to a provider comes to.
pub type Call<'a, T> = BoxFuture<'a, Result<T, ProviderError>>;

/// A provider of payments.
pub trait PaymentProvider: fmt::Debug + Send + Sync {
    /// Names it in rows and in the address of its webhooks.
    fn name(&self) -> ProviderName;

    /// How members can pay here.
    fn flows(&self) -> &'static [Flow];

    /// Makes a checkout. Asked again for the same payment, it gives the same checkout.
    fn create_checkout<'a>(&'a self, app: &'a App, order: &'a Order) -> Call<'a, Checkout>;

    /// Asks what became of a payment, and does what the provider waits for from us.
    fn fetch_payment<'a>(&'a self, app: &'a App, payment: &'a Known) -> Call<'a, PaymentReport>;

    /// Sends money back. Asked again for the same refund, it sends it once and tells what became of it.
    fn refund<'a>(&'a self, app: &'a App, order: &'a RefundOrder) -> Call<'a, RefundReport>;

    /// Every payment of ours that was begun since an instant, to be compared with our books.
    fn list_payments<'a>(&'a self, app: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<PaymentReport>>;

    /// Every refund since an instant, whoever made it.
    fn list_refunds<'a>(&'a self, app: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<RefundReport>>;

    /// Checks that a webhook comes from the provider, over its raw body.
    fn verify_webhook<'a>(
        &'a self,
        app: &'a App,
        headers: &'a Headers,
        body: &'a [u8],
    ) -> BoxFuture<'a, Result<Delivery, WebhookError>>;

    /// Reads a verified payload; `None` = it means nothing that we know.
    fn read_webhook(&self, payload: &Value) -> Option<Notice>;
}

/// The providers of this installation.
#[derive(Clone, Debug)]
pub struct Payments {
    providers: Vec<Arc<dyn PaymentProvider>>,
}

impl Payments {
    /// The providers that have their settings, and the sandbox unless this is production.
    ///
    /// # Errors
    /// If a setting cannot be used.
    pub fn new(config: &Config, secret: &str) -> anyhow::Result<Self> {
        let mut providers: Vec<Arc<dyn PaymentProvider>> = Vec::new();
        if config.mode != Mode::Production {
            providers.push(Arc::new(sandbox::Sandbox::new(secret)));
        }
        if let Some(stripe) = stripe::Stripe::new(&config.payments)? {
            providers.push(Arc::new(stripe));
        }
        if let Some(razorpay) = razorpay::Razorpay::new(&config.payments) {
            providers.push(Arc::new(razorpay));
        }
        if let Some(paypal) = paypal::Paypal::new(&config.payments) {
            providers.push(Arc::new(paypal));
        }
        Ok(Self { providers })
    }

    /// The provider of new payments for which none was named, if payments can be made at all.
    #[must_use]
    pub fn preferred(&self) -> Option<&dyn PaymentProvider> {
        self.providers.first().map(AsRef::as_ref)
    }

    /// A provider, if it is set up here.
    #[must_use]
    pub fn get(&self, name: ProviderName) -> Option<&dyn PaymentProvider> {
        self.all().find(|provider| provider.name() == name)
    }

    /// A provider by the name in its webhooks' address, if it is set up here.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&dyn PaymentProvider> {
        self.all().find(|provider| provider.name().as_str() == name)
    }

    /// Every provider that is set up here, the preferred one first.
    pub fn all(&self) -> impl Iterator<Item = &dyn PaymentProvider> {
        self.providers.iter().map(AsRef::as_ref)
    }

    /// Whether the sandbox's hosted page exists.
    #[must_use]
    pub fn has_sandbox(&self) -> bool {
        self.get(ProviderName::Sandbox).is_some()
    }
}
