//! Wants an invoice in the transaction in which a payment succeeds, and a credit note in the one in which a refund does.

use diesel::QueryResult;
use futures_util::future::{BoxFuture, FutureExt};

use super::jobs::{IssueCreditNote, IssueInvoice};
use crate::{
    db::Tx,
    domains::payments::model::{PaymentSucceeded, RefundChanged, RefundStatus},
    events::{Listener, log::Pending},
    jobs::queue,
};

/// Has invoices made. The number is taken by a job of its own, so that payments do not wait for each other.
#[derive(Clone, Copy, Debug)]
pub struct Invoicing;

impl Listener for Invoicing {
    fn on_events<'a>(&'a self, tx: &'a mut Tx, events: &'a [Pending]) -> BoxFuture<'a, QueryResult<()>> {
        async move {
            for event in events {
                if let Some(PaymentSucceeded { payment }) = event.payload() {
                    queue::enqueue(tx, &IssueInvoice { payment_id: payment.id }).await?;
                }
                if let Some(RefundChanged { refund, .. }) = event.payload()
                    && refund.status == RefundStatus::Succeeded
                {
                    queue::enqueue(tx, &IssueCreditNote { refund_id: refund.id }).await?;
                }
            }
            Ok(())
        }
        .boxed()
    }
}
