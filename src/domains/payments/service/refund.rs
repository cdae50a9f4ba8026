//! Asking for a refund: it is counted and its credits are taken at once, the provider is asked after the commit.

use diesel_async::AsyncPgConnection;

use super::{
    super::{
        jobs::SendRefund,
        model::{PaymentRow, PaymentStatus, Quote, RefundChanged, RefundRow, RefundStatus},
        repo::{self, refunds},
    },
    amount,
    quote::affordable,
};
use crate::{
    app::App,
    db::{
        Tx,
        idempotency::{Attempt, Claimed, Difference},
        ids::{EntityId, RefundId},
        transact,
    },
    domains::{
        audit::{
            self,
            model::{Act, Action},
        },
        chargebacks,
        wallet::service::refunds::{PurchaseRefund, TakeBackError, take_back},
    },
    events::StreamName,
    graphql::Viewer,
    jobs::queue,
};

/// A refund that somebody asks for.
#[derive(Clone, Debug)]
pub struct AskForRefund {
    /// Who.
    pub by: Viewer,
    /// What was agreed to.
    pub quote: Quote,
    /// Why.
    pub reason: String,
    /// The request, to know it again.
    pub attempt: Attempt,
}

/// A refund that was asked for.
#[derive(Clone, Debug)]
pub struct AskedForRefund {
    /// Its payment.
    pub payment: PaymentRow,
    /// The refund.
    pub refund: RefundRow,
    /// Whether an earlier request asked for it.
    pub replayed: bool,
}

/// Why nothing goes back.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// No such payment.
    #[error("no such payment")]
    NotFound,
    /// The payment did not arrive.
    #[error("the payment is {0}")]
    NotPaid(PaymentStatus),
    /// More than can go back.
    #[error("{refundable} can go back")]
    TooHigh {
        /// What can, in minor units of the currency.
        refundable: i64,
        /// The payment's.
        currency: String,
        /// Whether more was paid, but the credits are spent.
        spent: bool,
    },
    /// The quote is too old.
    #[error("the quote is too old")]
    QuoteExpired,
    /// The quote was used.
    #[error("the quote was used")]
    QuoteUsed,
    /// The key was used with another input.
    #[error("the key was used with another input")]
    Conflict(Difference),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

impl RefundError {
    /// Nothing can go back of what the payer's bank takes back.
    fn taken_back(payment: &PaymentRow) -> Self {
        Self::TooHigh { refundable: 0, currency: payment.currency.clone(), spent: false }
    }

    pub(super) fn too_high(payment: &PaymentRow, refundable: i64) -> Self {
        let spent = refundable < payment.refundable();
        Self::TooHigh { refundable, currency: payment.currency.clone(), spent }
    }
}

/// Asks for a refund, exactly as quoted.
///
/// # Errors
/// See [`RefundError`].
pub async fn ask_for_refund(app: &App, command: AskForRefund) -> Result<AskedForRefund, RefundError> {
    transact(app, async |tx| ask(tx, &command).await).await
}

async fn ask(tx: &mut Tx, command: &AskForRefund) -> Result<AskedForRefund, RefundError> {
    let AskForRefund { by, quote, reason, attempt } = command;
    tx.acting(by.member_id);
    let (id, now) = (RefundId::new(), tx.now());
    match attempt.claim(tx, id.uuid(), now).await? {
        Claimed::New => {}
        Claimed::Conflict(difference) => return Err(RefundError::Conflict(difference)),
        Claimed::Replayed(id) => {
            let made = refunds::find(tx, RefundId::from_uuid(id)).await?;
            let refund = made.ok_or(diesel::result::Error::NotFound)?;
            let payments = repo::payments_by_ids(tx, &[refund.payment_id]).await?;
            let payment = payments.into_iter().next().ok_or(diesel::result::Error::NotFound)?;
            return Ok(AskedForRefund { payment, refund, replayed: true });
        }
    }
    let mut payment = repo::lock_payment(tx, quote.payment_id).await?.ok_or(RefundError::NotFound)?;
    is_here(tx, &payment).await?;
    if quote.expires_at <= now {
        return Err(RefundError::QuoteExpired);
    }
    let refund = RefundRow {
        id,
        payment_id: payment.id,
        quote_id: quote.id,
        status: RefundStatus::Requested,
        amount: quote.amount,
        credits: quote.credits,
        reason: reason.clone(),
        requested_by: Some(by.member_id),
        provider_reference: None,
        failure: None,
        created_at: now,
        settled_at: None,
    };
    if refunds::by_quote(tx, quote.id).await? {
        return Err(RefundError::QuoteUsed);
    }
    if quote.amount > payment.refundable() || quote.credits > payment.credits - payment.refunded_credits {
        return Err(RefundError::too_high(&payment, payment.refundable()));
    }
    refunds::insert(tx, &refund).await?;
    match take_back(tx, &of_purchase(&payment, &refund)).await {
        Ok(()) => {}
        Err(TakeBackError::Spent { left }) => {
            return Err(RefundError::too_high(&payment, affordable(&payment, left)));
        }
        Err(TakeBackError::Database(error)) => return Err(error.into()),
    }
    payment.refund_pending += refund.amount;
    payment.refunded_credits += refund.credits;
    refunds::count(tx, &payment).await?;
    let act = Act::by(by.member_id, Action::RefundRequested).on(by.auth_session_id).about(payment.id);
    let act = act.because(reason).with("amount", &amount(&payment, refund.amount)).with("refund", &id);
    audit::service::record(tx, act).await?;
    tell(tx, &payment, &refund);
    queue::enqueue(tx, &SendRefund { refund_id: id }).await?;
    Ok(AskedForRefund { payment, refund, replayed: false })
}

/// Whether a payment's money arrived and is not taken back by the payer's bank.
pub(super) async fn is_here(conn: &mut AsyncPgConnection, payment: &PaymentRow) -> Result<(), RefundError> {
    if payment.status != PaymentStatus::Succeeded {
        return Err(RefundError::NotPaid(payment.status));
    }
    if chargebacks::service::is_taken_back(conn, payment.id).await? {
        return Err(RefundError::taken_back(payment));
    }
    Ok(())
}

/// A refund as the ledger sees it.
pub(super) fn of_purchase(payment: &PaymentRow, refund: &RefundRow) -> PurchaseRefund {
    PurchaseRefund {
        member: payment.member_id,
        payment: payment.id,
        refund: refund.id,
        paid: amount(payment, refund.amount),
        credits: refund.credits,
    }
}

/// Tells the member what became of a refund.
pub(super) fn tell(tx: &mut Tx, payment: &PaymentRow, refund: &RefundRow) {
    let change = RefundChanged { payment: payment.clone(), refund: refund.clone() };
    tx.tell(StreamName::User(payment.member_id), &change);
}
