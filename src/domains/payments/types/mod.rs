//! GraphQL types of payments.

mod refund;
mod webhook;

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

pub use self::{
    refund::{
        AdminRefundInput, AdminRefundPayload, PaymentRefund, RefundChanged, RefundQuote, RefundQuotePayload,
        RefundStatus,
    },
    webhook::{AdminReplayWebhookInput, AdminReplayWebhookPayload, Webhook, WebhookOutcome},
};
use super::{
    loaders::{PackageById, RefundsOf},
    model::{self, CreditPackageRow, PaymentRow},
};
use crate::{
    domains::{
        chargebacks::{loaders::ChargebackOf, types::Chargeback},
        event::Happened,
        invoices::{loaders::InvoiceOf, types::Invoice},
        user_error::UserError,
        wallet::types::credits,
    },
    graphql::{
        ContextExt, Field, field,
        plain::PlainFields,
        scalars::{Money, Url},
    },
    integrations::payments::{Flow, ProviderName},
    payloads,
};

/// A package of credits on sale.
#[derive(Clone, Debug)]
pub struct CreditPackage(pub Arc<CreditPackageRow>);

/// A package of credits.
#[Object]
impl CreditPackage {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The name shown.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the buyer gets.
    async fn credits(&self) -> Money {
        credits(self.0.credits)
    }

    /// What the buyer pays.
    async fn price(&self) -> Money {
        Money::new(self.0.price, self.0.currency.as_str())
    }
}

/// One attempt of the caller to buy credits.
#[derive(Clone, Debug)]
pub struct Payment(pub Arc<PaymentRow>);

/// One attempt of the caller to buy credits.
#[Object]
impl Payment {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What became of it.
    async fn status(&self) -> PaymentStatus {
        self.0.status.into()
    }

    /// The invoice, which is also the receipt. `null` unless the payment succeeded, and for the moment until it is made.
    async fn invoice(&self, ctx: &Context<'_>) -> Field<Invoice> {
        field(async { Ok(ctx.one(InvoiceOf(self.0.id)).await?.map(Invoice)) }).await
    }

    /// What is paid.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, self.0.currency.as_str())
    }

    /// What is bought.
    async fn credits(&self) -> Money {
        credits(self.0.credits)
    }

    /// Through whom.
    async fn provider(&self) -> PaymentProviderName {
        self.0.provider.into()
    }

    /// How.
    async fn flow(&self) -> CheckoutFlow {
        self.0.flow.into()
    }

    /// The page to pay on. `null` once the payment is settled, if it is paid in the client, or while the provider has not
    /// given one: `createCheckout` with the same key asks again.
    async fn checkout_url(&self) -> Option<Url> {
        self.0.checkout_url.clone().filter(|_| self.0.status.is_open()).map(Url)
    }

    /// What the provider's library in the client needs, to pay (`IN_APP`) or to let the payer answer the bank
    /// (`REQUIRES_ACTION`): for Stripe the client secret of the payment intent, for Razorpay the id of the order. `null`
    /// once the payment is settled, and on events, which do not carry it: read the payment.
    async fn client_secret(&self) -> Option<&str> {
        self.0.client_secret.as_deref().filter(|_| self.0.status.is_open())
    }

    /// What went back to the payer.
    async fn refunded(&self) -> Money {
        Money::new(self.0.refunded, self.0.currency.as_str())
    }

    /// What is on its way back.
    async fn refund_pending(&self) -> Money {
        Money::new(self.0.refund_pending, self.0.currency.as_str())
    }

    /// Everything that went back or was to go back, oldest first. `null` if it cannot be read.
    async fn refunds(&self, ctx: &Context<'_>) -> Field<Vec<PaymentRefund>> {
        field(async {
            let rows = ctx.one(RefundsOf(self.0.id)).await?.unwrap_or_default();
            let refund = |row| PaymentRefund { row, payment: Arc::clone(&self.0) };
            Ok(Some(rows.into_iter().map(refund).collect()))
        })
        .await
    }

    /// The last time that the payer's bank took it back. `null` if it never did.
    async fn chargeback(&self, ctx: &Context<'_>) -> Field<Chargeback> {
        field(async { Ok(ctx.one(ChargebackOf(self.0.id)).await?.map(Chargeback)) }).await
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its status was decided. `null` while it is `PENDING` or `REQUIRES_ACTION`.
    async fn settled_at(&self) -> Option<DateTime<Utc>> {
        self.0.settled_at
    }

    /// The package bought. `null` if it cannot be read.
    async fn package(&self, ctx: &Context<'_>) -> Field<CreditPackage> {
        field(async { Ok(ctx.hot(PackageById(self.0.package_id)).await?.map(CreditPackage)) }).await
    }
}

impl PlainFields for Payment {}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::PaymentStatus")]
pub enum PaymentStatus {
    /// The provider has not told yet.
    Pending,
    /// The payer's bank wants to hear from the payer: on the provider's page, or in the client by `clientSecret`.
    RequiresAction,
    /// The money arrived; the credits are in the wallet.
    Succeeded,
    /// The provider refused it. Should the money arrive later all the same, it becomes `SUCCEEDED`.
    Failed,
    /// It was left, or took longer than a day. Should the money arrive later all the same, it becomes `SUCCEEDED`.
    Expired,
}

/// Who moves the money of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ProviderName")]
pub enum PaymentProviderName {
    /// A provider inside the server that moves no real money; not in production.
    Sandbox,
    /// Stripe.
    Stripe,
    /// Razorpay.
    Razorpay,
    /// PayPal.
    Paypal,
}

/// How a member pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Flow")]
pub enum CheckoutFlow {
    /// On the provider's page.
    Hosted,
    /// In the client, by the provider's library.
    InApp,
}

/// A provider that can be paid through here.
#[derive(Clone, Debug, SimpleObject)]
pub struct PaymentProvider {
    /// Which.
    pub name: PaymentProviderName,
    /// How.
    pub flows: Vec<CheckoutFlow>,
}

/// What the caller wants to buy.
#[derive(Clone, Debug, InputObject)]
pub struct CreateCheckoutInput {
    /// Which package; its price is the server's.
    pub package_id: ID,
    /// Through whom, of `paymentProviders`; by default through the first of them that can.
    pub provider: Option<PaymentProviderName>,
    /// How.
    #[graphql(default_with = "CheckoutFlow::Hosted")]
    pub flow: CheckoutFlow,
    /// Where the provider's page leads afterwards: this server or one of its allowed web origins. Coming back proves
    /// nothing: the payment's status does, which `verifyPayment` asks for.
    pub return_url: Option<Url>,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// A form that will end in `createCheckout`.
#[derive(Clone, Debug, InputObject)]
pub struct PrepareCheckoutInput {
    /// A package on sale.
    pub package_id: ID,
}

/// What `prepareCheckout` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct PrepareCheckoutPayload {
    /// The `idempotencyKey` for `createCheckout`.
    pub intent_id: Option<ID>,
    /// From when on it is good for nothing.
    pub expires_at: Option<DateTime<Utc>>,
    /// What would be bought.
    pub package: Option<CreditPackage>,
    /// Why there is no key.
    pub user_errors: Vec<UserError>,
}

/// What `createCheckout` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct CreateCheckoutPayload {
    /// The payment, with the page to pay on.
    pub payment: Option<Payment>,
    /// Why there is none.
    pub user_errors: Vec<UserError>,
    /// Whether an earlier request with the same key made it.
    pub replayed: Option<bool>,
}

/// Which payment to ask about.
#[derive(Clone, Debug, InputObject)]
pub struct VerifyPaymentInput {
    /// A payment of the caller.
    pub payment_id: ID,
}

/// What `verifyPayment` found.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct VerifyPaymentPayload {
    /// The payment, as its provider says now.
    pub payment: Option<Payment>,
    /// Why that is not known.
    pub user_errors: Vec<UserError>,
}

payloads!(
    PrepareCheckoutPayload,
    CreateCheckoutPayload,
    VerifyPaymentPayload,
    RefundQuotePayload,
    AdminRefundPayload,
    AdminReplayWebhookPayload
);

macro_rules! payment_events {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Happened, pub model::$name);

        $(#[$doc])*
        #[Object]
        impl $name {
            /// Opaque place right after this event.
            pub async fn cursor(&self) -> String {
                self.0.cursor()
            }

            /// When it happened.
            pub async fn occurred_at(&self) -> DateTime<Utc> {
                self.0.occurred_at()
            }

            /// The payment, as of then.
            async fn payment(&self) -> Payment {
                Payment(Arc::new(self.1.payment.clone()))
            }
        }
    )+};
}

payment_events! {
    /// A payment of the caller arrived; its credits are in the wallet.
    PaymentSucceeded;
    /// The bank of the caller wants to hear from the caller before a payment arrives.
    PaymentRequiresAction;
    /// A payment of the caller was refused by the provider.
    PaymentFailed;
    /// A payment of the caller was left, or took longer than a day.
    PaymentExpired;
}
