//! GraphQL types of webhooks, for operators.

use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    super::model::{self, WebhookRow},
    PaymentProviderName,
};
use crate::{
    domains::{access::Needs, user_error::UserError},
    graphql::plain::PlainFields,
};

/// Something that a payment provider told.
#[derive(Clone, Debug)]
pub struct Webhook(pub Arc<WebhookRow>);

/// Something that a payment provider told. Needs the permission `MANAGE_MONEY`.
#[Object(guard = "Needs(\"Webhook\")")]
impl Webhook {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Who told it.
    async fn provider(&self) -> PaymentProviderName {
        self.0.provider.into()
    }

    /// The provider's name for it.
    async fn event_id(&self) -> &str {
        &self.0.event_id
    }

    /// The provider's word for what happened.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// When it came.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.received_at
    }

    /// When it was applied last. `null` if it was not yet.
    async fn applied_at(&self) -> Option<DateTime<Utc>> {
        self.0.applied_at
    }

    /// What it did then. `null` if it was not applied yet.
    async fn outcome(&self) -> Option<WebhookOutcome> {
        self.0.outcome.map(WebhookOutcome::from)
    }
}

impl PlainFields for Webhook {}

/// What a webhook did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::WebhookOutcome")]
pub enum WebhookOutcome {
    /// A payment or refund followed it.
    Applied,
    /// It was known before, or came too late to matter.
    NoChange,
    /// It means nothing to us.
    UnknownKind,
    /// It names no payment of ours.
    UnknownPayment,
    /// It names no refund of ours: somebody may have refunded at the provider.
    UnknownRefund,
    /// It names a payment or refund of ours, but not as it is: another checkout or amount, or money for a second time.
    Mismatch,
    /// The provider waits for us: it was asked what to do.
    AskedFor,
}

/// Which webhook to apply again.
#[derive(Clone, Debug, InputObject)]
pub struct AdminReplayWebhookInput {
    /// A webhook of `adminWebhooks`.
    pub webhook_id: ID,
    /// Why, for the audit log: 3 to 500 characters.
    pub reason: String,
}

/// What `adminReplayWebhook` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct AdminReplayWebhookPayload {
    /// The webhook, with what it did this time.
    pub webhook: Option<Webhook>,
    /// Why it was not applied.
    pub user_errors: Vec<UserError>,
}
