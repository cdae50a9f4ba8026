//! Jobs of invoices.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{
    app::App,
    db::ids::{PaymentId, RefundId},
    jobs::Job,
};

/// Makes the invoice of a payment, and its file, which goes to the buyer by mail.
#[derive(Debug, Serialize, Deserialize)]
pub struct IssueInvoice {
    /// Which payment.
    pub payment_id: PaymentId,
}

impl Job for IssueInvoice {
    const KIND: &'static str = "invoices.issue";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        if let Some(invoice) = service::issue(app, self.payment_id).await? {
            service::file_of(app, &invoice).await?;
        }
        Ok(())
    }
}

/// Makes the credit note of a refund, and its file, which goes to the buyer by mail.
#[derive(Debug, Serialize, Deserialize)]
pub struct IssueCreditNote {
    /// Which refund.
    pub refund_id: RefundId,
}

impl Job for IssueCreditNote {
    const KIND: &'static str = "invoices.issue_credit_note";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        if let Some(note) = service::credit(app, self.refund_id).await? {
            service::file_of(app, &note).await?;
        }
        Ok(())
    }
}
