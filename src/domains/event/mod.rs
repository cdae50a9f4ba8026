//! What happened, as GraphQL types: the events of every stream behind one interface.
//!
//! A domain defines an event twice: its payload in `model` ([`crate::events::EventPayload`]) and its GraphQL type in
//! `types`, a wrapper around [`Happened`] and the payload that resolves from them without SQL; here it gets one line.

pub mod subscription;
pub mod viewer;

use std::sync::Arc;

use async_graphql::{Interface, Object};
use chrono::{DateTime, Utc};

use crate::{
    db::ids::MemberId,
    domains::{
        accounts::{
            self,
            types::event::{RightsChanged, SecurityEvent},
        },
        chargebacks::{
            self,
            types::{ChargebackClosed, ChargebackOpened},
        },
        chat::{
            self,
            types::{ConversationUpdated, MessageSent},
        },
        disputes::{
            self,
            types::{
                DisputeAnswered, DisputeEvidenceAdded, DisputeOpened, DisputeResolved, DisputeWithdrawn,
            },
        },
        mentorship::{
            self,
            types::{MentorApplicationReceived, MentorApplicationReviewed},
        },
        notifications::{
            self,
            types::{NotificationReceived, NotificationsRead},
        },
        oversight::{self, types::ConversationOverseen},
        payments::{
            self,
            types::{PaymentExpired, PaymentFailed, PaymentRequiresAction, PaymentSucceeded, RefundChanged},
        },
        payouts::{
            self,
            types::{PayoutAccountChanged, PayoutChanged},
        },
        profiles::{self, types::ProfileUpdated},
        reviews::{self, types::ReviewAdded},
        rooms::{
            self,
            types::{ParticipantJoined, ParticipantLeft},
        },
        scheduling::{self, types::AvailabilityChanged},
        sessions::{
            self,
            types::{
                BookingCancelled, BookingCompleted, BookingConfirmed, SessionCancelled, SessionEnded,
                SessionStarted,
            },
        },
        uploads::{self, types::UploadFinalized},
        wallet::{
            self,
            types::{PromotionExpired, PromotionGranted, WalletAdjusted, WalletChanged},
        },
    },
    events::{self, EventPayload},
};

/// The place of an event: what every event type has in common.
#[derive(Clone, Debug)]
pub struct Happened(pub Arc<events::Event>);

impl Happened {
    /// Opaque place right after the event.
    #[must_use]
    pub fn cursor(&self) -> String {
        self.0.cursor().to_string()
    }

    /// When it happened.
    #[must_use]
    pub fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at
    }

    /// Who did it; `None` for the system.
    #[must_use]
    pub fn actor(&self) -> Option<MemberId> {
        self.0.actor
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($payload:path);)+) => {
        /// Something that happened, at its place in a stream. Keep the last `cursor`: given as `after` it continues the
        /// subscription without a gap.
        #[derive(Clone, Debug, Interface)]
        #[graphql(
            field(name = "cursor", ty = "String", desc = "Opaque place right after this event."),
            field(name = "occurred_at", ty = "DateTime<Utc>", desc = "When it happened."),
        )]
        pub enum Event {
            $($(#[$doc])* $name($name),)+
            /// The subscription cannot go on without a gap.
            ResyncRequired(ResyncRequired),
            /// An event of a newer server.
            OtherEvent(OtherEvent),
        }

        impl From<Arc<events::Event>> for Event {
            fn from(event: Arc<events::Event>) -> Self {
                $(
                    if event.kind == <$payload as EventPayload>::KIND
                        && let Some(payload) = event.payload::<$payload>()
                    {
                        return Self::$name($name(Happened(event), payload));
                    }
                )+
                if event.kind == events::RESYNC_REQUIRED {
                    return Self::ResyncRequired(ResyncRequired(Happened(event)));
                }
                Self::OtherEvent(OtherEvent(Happened(event)))
            }
        }
    };
}

events! {
    /// A member's roles or status changed.
    RightsChanged(accounts::model::RightsChanged);
    /// A member applied to become a mentor.
    MentorApplicationReceived(mentorship::model::MentorApplicationReceived);
    /// An application to become a mentor was decided.
    MentorApplicationReviewed(mentorship::model::MentorApplicationReviewed);
    /// A profile changed.
    ProfileUpdated(profiles::model::ProfileUpdated);
    /// A seat was booked.
    BookingConfirmed(sessions::model::BookingConfirmed);
    /// A booking was cancelled.
    BookingCancelled(sessions::model::BookingCancelled);
    /// A booking was completed.
    BookingCompleted(sessions::model::BookingCompleted);
    /// A booking's price is contested.
    DisputeOpened(disputes::model::events::DisputeOpened);
    /// A dispute was answered with an offer.
    DisputeAnswered(disputes::model::events::DisputeAnswered);
    /// Evidence was brought to a dispute.
    DisputeEvidenceAdded(disputes::model::events::DisputeEvidenceAdded);
    /// A dispute was resolved.
    DisputeResolved(disputes::model::events::DisputeResolved);
    /// A dispute was withdrawn.
    DisputeWithdrawn(disputes::model::events::DisputeWithdrawn);
    /// A session went live.
    SessionStarted(sessions::model::SessionStarted);
    /// A session is over.
    SessionEnded(sessions::model::SessionEnded);
    /// A session will not take place.
    SessionCancelled(sessions::model::SessionCancelled);
    /// A member came into the room.
    ParticipantJoined(rooms::model::ParticipantJoined);
    /// A member left the room.
    ParticipantLeft(rooms::model::ParticipantLeft);
    /// A mentor got a review.
    ReviewAdded(reviews::model::ReviewAdded);
    /// A mentor's free time changed.
    AvailabilityChanged(scheduling::model::AvailabilityChanged);
    /// A message was sent.
    MessageSent(chat::model::MessageSent);
    /// One of the caller's conversations was opened, has a new message or was read.
    ConversationUpdated(chat::model::ConversationUpdated);
    /// An administrator was given leave to read a conversation.
    ConversationOverseen(oversight::model::ConversationOverseen);
    /// The caller got a notification.
    NotificationReceived(notifications::model::NotificationReceived);
    /// The caller has read notifications.
    NotificationsRead(notifications::model::NotificationsRead);
    /// The caller's credits moved.
    WalletChanged(wallet::model::WalletChanged);
    /// An administrator corrected the caller's wallet.
    WalletAdjusted(wallet::model::adjustment::WalletAdjusted);
    /// The caller got promotional credits.
    PromotionGranted(wallet::model::promotion::PromotionGranted);
    /// Promotional credits of the caller were not used in time.
    PromotionExpired(wallet::model::promotion::PromotionExpired);
    /// A payment arrived.
    PaymentSucceeded(payments::model::PaymentSucceeded);
    /// A payment waits for its payer.
    PaymentRequiresAction(payments::model::PaymentRequiresAction);
    /// A payment was refused.
    PaymentFailed(payments::model::PaymentFailed);
    /// A payment was left or ran out of time.
    PaymentExpired(payments::model::PaymentExpired);
    /// The payer's bank takes a payment back.
    ChargebackOpened(chargebacks::model::ChargebackOpened);
    /// A chargeback was decided.
    ChargebackClosed(chargebacks::model::ChargebackClosed);
    /// A payout was asked for, or got further.
    PayoutChanged(payouts::model::PayoutChanged);
    /// What the provider thinks of a payout account changed.
    PayoutAccountChanged(payouts::model::PayoutAccountChanged);
    /// A payment of the caller goes back, or a part of it.
    RefundChanged(payments::model::RefundChanged);
    /// A file of the caller was finalised.
    UploadFinalized(uploads::model::UploadFinalized);
    /// Something happened to the safety of the caller's account.
    SecurityEvent(accounts::model::SecurityEvent);
}

/// The subscription cannot go on without a gap: the cursor is older than what is kept, or the client was too slow. Read
/// the snapshot again, then subscribe with `after: snapshotCursor`. It is the last event of the subscription.
#[derive(Clone, Debug)]
pub struct ResyncRequired(pub Happened);

/// The subscription cannot go on without a gap: read the snapshot again, then subscribe with `after: snapshotCursor`.
#[Object]
impl ResyncRequired {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it was found out.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// Subscribe again after this, once the snapshot is read.
    async fn snapshot_cursor(&self) -> String {
        self.0.cursor()
    }
}

/// An event of a kind that this server does not know (yet, or any more).
#[derive(Clone, Debug)]
pub struct OtherEvent(pub Happened);

/// An event of a kind that this server does not know (yet, or any more).
#[Object]
impl OtherEvent {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The kind, as it is kept.
    async fn kind(&self) -> &str {
        &self.0.0.kind
    }
}
