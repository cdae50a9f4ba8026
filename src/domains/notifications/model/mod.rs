//! Rows, events and texts of notifications.

pub mod text;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{MemberId, NotificationId},
        tables::notifications,
    },
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// What a member is told.
    pub enum NotificationKind {
        BookingConfirmed = "BOOKING_CONFIRMED",
        BookingCancelled = "BOOKING_CANCELLED",
        BookingCompleted = "BOOKING_COMPLETED",
        SessionStarted = "SESSION_STARTED",
        SessionEnded = "SESSION_ENDED",
        PaymentSucceeded = "PAYMENT_SUCCEEDED",
        PaymentFailed = "PAYMENT_FAILED",
        PayoutPaid = "PAYOUT_PAID",
        PayoutFailed = "PAYOUT_FAILED",
        PaymentRequiresAction = "PAYMENT_REQUIRES_ACTION",
        PaymentRefunded = "PAYMENT_REFUNDED",
        ReviewReceived = "REVIEW_RECEIVED",
        MentorApplicationReviewed = "MENTOR_APPLICATION_REVIEWED",
        ConversationOverseen = "CONVERSATION_OVERSEEN",
        PaymentChargedBack = "PAYMENT_CHARGED_BACK",
        ChargebackClosed = "CHARGEBACK_CLOSED",
        DisputeOpened = "DISPUTE_OPENED",
        DisputeAnswered = "DISPUTE_ANSWERED",
        DisputeEvidenceAdded = "DISPUTE_EVIDENCE_ADDED",
        DisputeResolved = "DISPUTE_RESOLVED",
        DisputeWithdrawn = "DISPUTE_WITHDRAWN",
        WalletAdjusted = "WALLET_ADJUSTED",
        PromotionGranted = "PROMOTION_GRANTED",
        PromotionExpired = "PROMOTION_EXPIRED",
    }
}

/// Ids in one `markNotificationsRead`.
pub const MOST_IDS: usize = 100;

/// An entry of a member's inbox.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = notifications, check_for_backend(diesel::pg::Pg))]
pub struct NotificationRow {
    /// Its id.
    pub id: NotificationId,
    /// Whose inbox.
    pub member_id: MemberId,
    /// What it tells.
    pub kind: NotificationKind,
    /// The text, in English.
    pub body: String,
    /// Global id of what it is about.
    pub subject: Option<String>,
    /// Who did it; `None` for the system.
    pub actor_id: Option<MemberId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was read; `None` = not yet.
    pub read_at: Option<DateTime<Utc>>,
}

/// A notification to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whose inbox.
    pub member_id: MemberId,
    /// What it tells.
    pub kind: NotificationKind,
    /// The text.
    pub body: String,
    /// Global id of what it is about.
    pub subject: String,
    /// Who did it.
    pub actor_id: Option<MemberId>,
    /// Tells apart what can happen to the same subject again.
    pub occasion: Option<String>,
}

impl Draft {
    /// Names the event and the member: two drafts with the same source make one notification.
    #[must_use]
    pub fn source(&self) -> String {
        let occasion = self.occasion.as_deref().map(|occasion| format!(":{occasion}")).unwrap_or_default();
        format!("{}:{}:{}{occasion}", self.kind, self.subject, self.member_id)
    }
}

/// A member got a notification. On the member's stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotificationReceived {
    /// The notification.
    pub notification: NotificationRow,
    /// How many are unread, this one included.
    pub unread: i64,
}

impl EventPayload for NotificationReceived {
    const KIND: &'static str = "NOTIFICATION_RECEIVED";
}

/// A member has read notifications. On the member's stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotificationsRead {
    /// The ones that were named; empty if they were given by time.
    pub ids: Vec<NotificationId>,
    /// Every one made up to this instant, if they were given by time.
    pub up_to: Option<DateTime<Utc>>,
    /// When they were read.
    pub read_at: DateTime<Utc>,
    /// How many are unread after it.
    pub unread: i64,
}

impl EventPayload for NotificationsRead {
    const KIND: &'static str = "NOTIFICATIONS_READ";
}
