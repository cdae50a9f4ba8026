//! Jobs of payments.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{
    app::App,
    db::ids::{PaymentId, RefundId},
    jobs::Job,
};

/// Applies a stored webhook.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyWebhook {
    /// Who sent it.
    pub provider: String,
    /// The sender's name for it.
    pub event_id: String,
}

impl Job for ApplyWebhook {
    const KIND: &'static str = "payments.apply_webhook";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::apply_webhook(app, &self.provider, &self.event_id).await?)
    }
}

/// Asks the provider what became of a payment.
#[derive(Debug, Serialize, Deserialize)]
pub struct LookAtPayment {
    /// The payment.
    pub payment_id: PaymentId,
}

impl Job for LookAtPayment {
    const KIND: &'static str = "payments.look";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        service::look(app, self.payment_id).await?;
        Ok(())
    }
}

/// Has the providers asked about payments that have been silent for long.
#[derive(Debug, Serialize, Deserialize)]
pub struct AskSilent {}

impl Job for AskSilent {
    const KIND: &'static str = "payments.ask_silent";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::ask_silent(app).await?)
    }
}

/// Expires payments that nobody has paid.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpirePayments {}

impl Job for ExpirePayments {
    const KIND: &'static str = "payments.expire";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::expire_overdue(app).await?)
    }
}

/// Asks the provider to pay a refund back.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendRefund {
    /// The refund.
    pub refund_id: RefundId,
}

impl Job for SendRefund {
    const KIND: &'static str = "payments.send_refund";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        service::send_refund(app, self.refund_id).await
    }
}

/// Has the providers asked about refunds that have been open for long.
#[derive(Debug, Serialize, Deserialize)]
pub struct FollowRefunds {}

impl Job for FollowRefunds {
    const KIND: &'static str = "payments.follow_refunds";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::follow_refunds(app).await?)
    }
}

/// Removes webhooks that were kept long enough.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetWebhooks {}

impl Job for ForgetWebhooks {
    const KIND: &'static str = "payments.forget_webhooks";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::forget_webhooks(app).await?)
    }
}
