//! GraphQL types of notifications.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, OneofObject, SimpleObject, Value};
use chrono::{DateTime, Utc};

use super::model::{self, NotificationRow};
use crate::{
    domains::{
        accounts::loaders::MemberById, event::Happened, profiles::types::Member, user_error::UserError,
    },
    graphql::{
        ContextExt, Field, field,
        plain::{PlainFields, Wanted, choice, id, nullable, scalar, text},
    },
    node::{self, Node},
    payloads,
};

/// What a notification tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::NotificationKind")]
pub enum NotificationKind {
    /// A seat was booked: to the learner and to the mentor.
    BookingConfirmed,
    /// A booking was cancelled: to both.
    BookingCancelled,
    /// A booking was completed: the receipt to the learner, the earnings to the mentor.
    BookingCompleted,
    /// A session went live: to its host and learners.
    SessionStarted,
    /// A session is over: to its host and learners.
    SessionEnded,
    /// A payment succeeded: the credits are in the wallet.
    PaymentSucceeded,
    /// A payment failed: the wallet is unchanged.
    PaymentFailed,
    /// A payout arrived at the bank.
    PayoutPaid,
    /// A payout failed: it is back in the earnings.
    PayoutFailed,
    /// A payment waits for its payer to answer the bank.
    PaymentRequiresAction,
    /// A payment went back, or a part of it.
    PaymentRefunded,
    /// A review of the mentor was written.
    ReviewReceived,
    /// The application to become a mentor was decided.
    MentorApplicationReviewed,
    /// An administrator was given leave to read a conversation: to its members.
    ConversationOverseen,
    /// The payer's bank takes a payment back: to the payer.
    PaymentChargedBack,
    /// A chargeback was won or lost: to the payer.
    ChargebackClosed,
    /// The price of a booking is contested: to the other side, who has to answer.
    DisputeOpened,
    /// A dispute was answered with an offer: to who opened it.
    DisputeAnswered,
    /// Evidence was brought: to the other side.
    DisputeEvidenceAdded,
    /// A dispute was resolved: to both sides.
    DisputeResolved,
    /// A dispute was withdrawn: to the other side.
    DisputeWithdrawn,
    /// An administrator corrected the wallet.
    WalletAdjusted,
    /// Promotional credits were given.
    PromotionGranted,
    /// Promotional credits were not used in time.
    PromotionExpired,
}

/// An entry of the caller's inbox.
#[derive(Clone, Debug)]
pub struct Notification(pub Arc<NotificationRow>);

/// An entry of the caller's inbox.
#[Object]
impl Notification {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What it tells.
    async fn kind(&self) -> NotificationKind {
        self.0.kind.into()
    }

    /// The text, in English, with times in UTC.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// What it is about, such as a booking or a session. `null` if the caller may not see it any more.
    async fn subject(&self, ctx: &Context<'_>) -> Field<Node> {
        field(async {
            let Some(id) = self.0.subject.clone() else { return Ok(None) };
            node::find(ctx, &ID(id)).await
        })
        .await
    }

    /// Who did it. `null` for the system.
    async fn actor(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async {
            let Some(id) = self.0.actor_id else { return Ok(None) };
            Ok(ctx.hot(MemberById(id)).await?.map(Member))
        })
        .await
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the caller read it. `null` if not yet.
    async fn read_at(&self) -> Option<DateTime<Utc>> {
        self.0.read_at
    }
}

impl PlainFields for Notification {
    const PLAIN: &'static [&'static str] = &["id", "kind", "body", "createdAt", "readAt"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        let row = &*self.0;
        match field.name() {
            "id" => id(row.id),
            "kind" => choice(NotificationKind::from(row.kind)),
            "body" => text(&*row.body),
            "createdAt" => scalar(&row.created_at),
            "readAt" => nullable(row.read_at.as_ref()),
            _ => None,
        }
    }
}

/// The caller got a notification.
#[derive(Clone, Debug)]
pub struct NotificationReceived(pub Happened, pub model::NotificationReceived);

/// The caller got a notification.
#[Object]
impl NotificationReceived {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The notification, as it was made.
    async fn notification(&self) -> Notification {
        Notification(Arc::new(self.1.notification.clone()))
    }

    /// How many are unread, right after this event.
    async fn unread_notifications(&self) -> i32 {
        int(self.1.unread)
    }
}

/// The caller has read notifications, on this or another device.
#[derive(Clone, Debug)]
pub struct NotificationsRead(pub Happened, pub model::NotificationsRead);

/// The caller has read notifications, on this or another device.
#[Object]
impl NotificationsRead {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// Global ids of those that were named, at most 100; empty if they were given by time.
    async fn ids(&self) -> Vec<ID> {
        self.1.ids.iter().map(|id| ID(id.to_string())).collect()
    }

    /// All that were made up to this instant. `null` if they were named.
    async fn up_to(&self) -> Option<DateTime<Utc>> {
        self.1.up_to
    }

    /// When they were read; those read before keep their time.
    async fn read_at(&self) -> DateTime<Utc> {
        self.1.read_at
    }

    /// How many are unread, right after this event.
    async fn unread_notifications(&self) -> i32 {
        int(self.1.unread)
    }
}

/// Which notifications were read.
#[derive(Clone, Debug, OneofObject)]
pub enum MarkNotificationsReadInput {
    /// These, at most 100; if one is not the caller's, none is marked.
    Ids(Vec<ID>),
    /// All that were made up to this instant.
    UpTo(DateTime<Utc>),
    /// All; give `true`.
    All(bool),
}

/// What `markNotificationsRead` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct MarkNotificationsReadPayload {
    /// How many are unread now.
    pub unread_notifications: Option<i32>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

payloads!(MarkNotificationsReadPayload);

fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
