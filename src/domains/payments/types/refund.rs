//! GraphQL types of refunds.

use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    super::model::{self, PaymentRow, Quote, RefundRow},
    Payment,
};
use crate::{
    domains::{event::Happened, user_error::UserError, wallet::types::credits},
    graphql::{plain::PlainFields, scalars::Money},
};

/// Money that goes back to its payer: a payment, or a part of it.
#[derive(Clone, Debug)]
pub struct PaymentRefund {
    /// The refund.
    pub row: Arc<RefundRow>,
    /// Its payment.
    pub payment: Arc<PaymentRow>,
}

/// Money that goes back to its payer: a payment, or a part of it.
#[Object]
impl PaymentRefund {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// What became of it.
    async fn status(&self) -> RefundStatus {
        self.row.status.into()
    }

    /// What goes back.
    async fn amount(&self) -> Money {
        Money::new(self.row.amount, self.payment.currency.as_str())
    }

    /// What left the wallet for it; it comes back if the refund fails.
    async fn credits(&self) -> Money {
        credits(self.row.credits)
    }

    /// The payment.
    async fn payment(&self) -> Payment {
        Payment(Arc::clone(&self.payment))
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When its status was decided. `null` while it is `REQUESTED` or `PENDING`.
    async fn settled_at(&self) -> Option<DateTime<Utc>> {
        self.row.settled_at
    }
}

impl PlainFields for PaymentRefund {}

/// What became of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::RefundStatus")]
pub enum RefundStatus {
    /// The provider has not taken it on yet.
    Requested,
    /// The provider has taken it on; the payer's bank may take days.
    Pending,
    /// The money went back.
    Succeeded,
    /// It did not: payment and wallet are as they were.
    Failed,
}

/// What a refund would move, to the last unit.
#[derive(Clone, Debug, SimpleObject)]
pub struct RefundQuote {
    /// For `adminRefund`; good once.
    pub quote_id: ID,
    /// The payment.
    pub payment: Payment,
    /// What would go back to the payer.
    pub amount: Money,
    /// What would leave the payer's wallet.
    pub credits: Money,
    /// Until when the quote is good.
    pub expires_at: DateTime<Utc>,
}

impl RefundQuote {
    /// A quote, sealed so that it can be believed when it comes back.
    #[must_use]
    pub fn new(quote: &Quote, payment: PaymentRow, secret: &str) -> Self {
        Self {
            quote_id: ID(quote.seal(secret)),
            amount: Money::new(quote.amount, payment.currency.as_str()),
            credits: credits(quote.credits),
            expires_at: quote.expires_at,
            payment: Payment(Arc::new(payment)),
        }
    }
}

/// What `refundQuote` answers.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RefundQuotePayload {
    /// What would move.
    pub quote: Option<RefundQuote>,
    /// Why nothing can.
    pub user_errors: Vec<UserError>,
}

/// What shall go back.
#[derive(Clone, Debug, InputObject)]
pub struct AdminRefundInput {
    /// A quote of `refundQuote`: exactly what it says is moved.
    pub quote_id: ID,
    /// Why, for the audit log: 3 to 500 characters.
    pub reason: String,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// What `adminRefund` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct AdminRefundPayload {
    /// The refund; `Payment.refunds` tells how it goes on.
    pub refund: Option<PaymentRefund>,
    /// Why there is none.
    pub user_errors: Vec<UserError>,
    /// Whether an earlier request with the same key asked for it.
    pub replayed: Option<bool>,
}

/// A refund of a payment of the caller was asked for, or the provider told what became of it.
#[derive(Clone, Debug)]
pub struct RefundChanged(pub Happened, pub model::RefundChanged);

/// A refund of a payment of the caller was asked for, or the provider told what became of it.
#[Object]
impl RefundChanged {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The refund, as of then.
    async fn refund(&self) -> PaymentRefund {
        PaymentRefund { row: Arc::new(self.1.refund.clone()), payment: Arc::new(self.1.payment.clone()) }
    }
}
