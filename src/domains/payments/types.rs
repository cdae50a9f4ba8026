//! GraphQL types of payments.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    loaders::PackageById,
    model::{self, CreditPackageRow, PaymentRow},
};
use crate::{
    domains::{event::Happened, user_error::UserError, wallet::types::credits},
    graphql::{
        ContextExt, Field, field,
        plain::PlainFields,
        scalars::{Money, Url},
    },
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

    /// What is paid.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, self.0.currency.as_str())
    }

    /// What is bought.
    async fn credits(&self) -> Money {
        credits(self.0.credits)
    }

    /// The page to pay on. `null` once the payment is settled, or while the provider has not given one: `createCheckout`
    /// with the same key asks again.
    async fn checkout_url(&self) -> Option<Url> {
        self.0.checkout_url.clone().filter(|_| self.0.status == model::PaymentStatus::Pending).map(Url)
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its status was decided. `null` while it is pending.
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
    /// The money arrived; the credits are in the wallet.
    Succeeded,
    /// The provider refused it. Should the money arrive later all the same, it becomes `SUCCEEDED`.
    Failed,
    /// It was left, or took longer than a day. Should the money arrive later all the same, it becomes `SUCCEEDED`.
    Expired,
}

/// What the caller wants to buy.
#[derive(Clone, Debug, InputObject)]
pub struct CreateCheckoutInput {
    /// Which package; its price is the server's.
    pub package_id: ID,
    /// Where the provider's page leads afterwards: this server or one of its allowed web origins. Coming back proves
    /// nothing: the payment's status does.
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

payloads!(PrepareCheckoutPayload, CreateCheckoutPayload);

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
    /// A payment of the caller was refused by the provider.
    PaymentFailed;
    /// A payment of the caller was left, or took longer than a day.
    PaymentExpired;
}
