//! Makes notifications in the transaction of what they tell of. An event is told on the stream of each member whom it
//! concerns, and that member is the one who is notified.

use diesel::QueryResult;
use futures_util::future::{BoxFuture, FutureExt};

use super::{
    model::{
        Draft, NotificationKind as Kind,
        text::{Amount, Contest, Part, Story, body},
    },
    service,
};
use crate::{
    db::{Tx, ids::MemberId},
    domains::{
        chargebacks::model::{ChargebackClosed, ChargebackOpened, ChargebackStatus},
        disputes::model::{
            DisputeRow,
            events::{
                DisputeAnswered, DisputeEvidenceAdded, DisputeOpened, DisputeResolved, DisputeWithdrawn,
            },
        },
        mentorship::model::MentorApplicationReviewed,
        oversight::model::ConversationOverseen,
        payments::model::{
            PaymentFailed, PaymentRequiresAction, PaymentSucceeded, RefundChanged, RefundStatus,
        },
        payouts::model::{PayoutChanged, PayoutStatus},
        reviews::model::ReviewAdded,
        sessions::model::{
            BookingCancelled, BookingCompleted, BookingConfirmed, BookingRow, SessionEnded, SessionRow,
            SessionStarted,
        },
        wallet::model::{
            adjustment::WalletAdjusted,
            promotion::{PromotionExpired, PromotionGranted},
        },
    },
    events::{EventPayload, Listener, StreamName, log::Pending},
};

/// Makes notifications.
#[derive(Clone, Copy, Debug)]
pub struct Notifier;

impl Listener for Notifier {
    fn on_events<'a>(&'a self, tx: &'a mut Tx, events: &'a [Pending]) -> BoxFuture<'a, QueryResult<()>> {
        async move { service::notify(tx, events.iter().filter_map(draft).collect()).await }.boxed()
    }
}

/// The notification that an event makes, if any.
fn draft(event: &Pending) -> Option<Draft> {
    let StreamName::User(member) = event.stream else { return None };
    let mut occasion = None;
    let (kind, subject, body) = match event.kind {
        BookingConfirmed::KIND => {
            let BookingConfirmed { booking, .. } = event.payload()?;
            let story = Story::Booked(part(&booking, member), booking.starts_at, price(&booking));
            (Kind::BookingConfirmed, booking.id.to_string(), body(story))
        }
        BookingCancelled::KIND => {
            let BookingCancelled { booking, refunded, earnings, .. } = event.payload()?;
            let part = part(&booking, member);
            let minor = if part == Part::Learner { refunded } else { earnings };
            let story = Story::Cancelled(part, booking.starts_at, Amount { minor, ..price(&booking) });
            (Kind::BookingCancelled, booking.id.to_string(), body(story))
        }
        BookingCompleted::KIND => {
            let BookingCompleted { booking, earnings, fee, .. } = event.payload()?;
            let (part, starts_at, price) = (part(&booking, member), booking.starts_at, price(&booking));
            let story = Story::Completed { part, starts_at, price, earnings, fee };
            (Kind::BookingCompleted, booking.id.to_string(), body(story))
        }
        SessionStarted::KIND => {
            let SessionStarted { session } = event.payload()?;
            (Kind::SessionStarted, session.id.to_string(), body(Story::Started(part_in(&session, member))))
        }
        SessionEnded::KIND => {
            let SessionEnded { session } = event.payload()?;
            (Kind::SessionEnded, session.id.to_string(), body(Story::Ended(part_in(&session, member))))
        }
        ReviewAdded::KIND => {
            let ReviewAdded { review } = event.payload()?;
            (Kind::ReviewReceived, review.id.to_string(), body(Story::Reviewed(review.rating)))
        }
        MentorApplicationReviewed::KIND => {
            let MentorApplicationReviewed { application } = event.payload()?;
            let story = application
                .reapply_after
                .map_or(Story::MentorNow, |after| Story::NotMentor(&application.reason, after));
            (Kind::MentorApplicationReviewed, application.id.to_string(), body(story))
        }
        ConversationOverseen::KIND => {
            let overseen: ConversationOverseen = event.payload()?;
            occasion = Some(overseen.access_id.to_string());
            let body = body(Story::Overseen(overseen.opened_at, overseen.ends_at));
            (Kind::ConversationOverseen, overseen.conversation_id.to_string(), body)
        }
        _ => return of_money(event, member),
    };
    Some(Draft { member_id: member, kind, body, subject, actor_id: event.actor, occasion })
}

/// The notification of an event about a payment or the wallet.
fn of_money(event: &Pending, member: MemberId) -> Option<Draft> {
    let mut occasion = None;
    let (kind, subject, body) = match event.kind {
        WalletAdjusted::KIND => {
            let WalletAdjusted { adjustment_id, asset, amount, reason } = event.payload()?;
            let amount = Amount { minor: amount, currency: asset.currency() };
            (Kind::WalletAdjusted, adjustment_id.to_string(), body(Story::Adjusted(amount, &reason)))
        }
        PromotionGranted::KIND => {
            let PromotionGranted { promotion_id, asset, amount, reason, expires_at } = event.payload()?;
            let amount = Amount { minor: amount, currency: asset.currency() };
            let body = body(Story::Granted(amount, &reason, expires_at));
            (Kind::PromotionGranted, promotion_id.to_string(), body)
        }
        PromotionExpired::KIND => {
            let PromotionExpired { promotion_id, asset, amount, transaction_id } = event.payload()?;
            let amount = Amount { minor: amount, currency: asset.currency() };
            occasion = Some(transaction_id.to_string());
            (Kind::PromotionExpired, promotion_id.to_string(), body(Story::NotUsed(amount)))
        }
        PaymentSucceeded::KIND => {
            let PaymentSucceeded { payment } = event.payload()?;
            let amount = Amount { minor: payment.amount, currency: &payment.currency };
            (Kind::PaymentSucceeded, payment.id.to_string(), body(Story::Paid(amount, payment.credits)))
        }
        PaymentFailed::KIND => {
            let PaymentFailed { payment } = event.payload()?;
            let amount = Amount { minor: payment.amount, currency: &payment.currency };
            (Kind::PaymentFailed, payment.id.to_string(), body(Story::PaymentFailed(amount)))
        }
        PaymentRequiresAction::KIND => {
            let PaymentRequiresAction { payment } = event.payload()?;
            let amount = Amount { minor: payment.amount, currency: &payment.currency };
            let body = body(Story::PaymentRequiresAction(amount));
            (Kind::PaymentRequiresAction, payment.id.to_string(), body)
        }
        RefundChanged::KIND => {
            let RefundChanged { payment, refund } = event.payload()?;
            if refund.status != RefundStatus::Succeeded {
                return None;
            }
            let amount = Amount { minor: refund.amount, currency: &payment.currency };
            occasion = Some(refund.id.to_string());
            let body = body(Story::PaymentRefunded(amount, refund.credits));
            (Kind::PaymentRefunded, payment.id.to_string(), body)
        }
        PayoutChanged::KIND => of_payout(&event.payload()?)?,
        _ => return contest(event, member),
    };
    Some(Draft { member_id: member, kind, body, subject, actor_id: event.actor, occasion })
}

/// The notification that a dispute or chargeback makes, if any.
fn contest(event: &Pending, member: MemberId) -> Option<Draft> {
    let mut occasion = None;
    let (kind, subject, body) = match event.kind {
        ChargebackOpened::KIND => {
            let ChargebackOpened { chargeback } = event.payload()?;
            let amount = Amount { minor: chargeback.amount, currency: &chargeback.currency };
            let story = Contest::ChargedBack(amount, chargeback.credits, chargeback.owed);
            occasion = Some(chargeback.id.to_string());
            (Kind::PaymentChargedBack, chargeback.payment_id.to_string(), body(Story::Contest(story)))
        }
        ChargebackClosed::KIND => {
            let ChargebackClosed { chargeback } = event.payload()?;
            let amount = Amount { minor: chargeback.amount, currency: &chargeback.currency };
            let story = Contest::ChargebackClosed(amount, chargeback.status == ChargebackStatus::Won);
            occasion = Some(chargeback.id.to_string());
            (Kind::ChargebackClosed, chargeback.payment_id.to_string(), body(Story::Contest(story)))
        }
        DisputeOpened::KIND => {
            let DisputeOpened { dispute } = event.payload()?;
            let story = Contest::Disputed(held(&dispute), dispute.asked, dispute.answer_by);
            let draft = (Kind::DisputeOpened, dispute.id.to_string(), body(Story::Contest(story)));
            (member != dispute.opened_by).then_some(draft)?
        }
        DisputeAnswered::KIND => {
            let DisputeAnswered { dispute } = event.payload()?;
            let (offered, until) = (dispute.offered?, dispute.evidence_until?);
            let story = Contest::DisputeAnswered(held(&dispute), offered, until);
            let draft = (Kind::DisputeAnswered, dispute.id.to_string(), body(Story::Contest(story)));
            (member == dispute.opened_by).then_some(draft)?
        }
        DisputeEvidenceAdded::KIND => {
            let DisputeEvidenceAdded { dispute, evidence } = event.payload()?;
            occasion = Some(evidence.id.to_string());
            let draft = (
                Kind::DisputeEvidenceAdded,
                dispute.id.to_string(),
                body(Story::Contest(Contest::EvidenceAdded)),
            );
            (member != evidence.member_id).then_some(draft)?
        }
        DisputeResolved::KIND => {
            let DisputeResolved { dispute } = event.payload()?;
            let story = Contest::DisputeResolved(held(&dispute), dispute.to_learner?, dispute.to_mentor?);
            (Kind::DisputeResolved, dispute.id.to_string(), body(Story::Contest(story)))
        }
        DisputeWithdrawn::KIND => {
            let DisputeWithdrawn { dispute } = event.payload()?;
            let draft = (
                Kind::DisputeWithdrawn,
                dispute.id.to_string(),
                body(Story::Contest(Contest::DisputeWithdrawn)),
            );
            (member != dispute.opened_by).then_some(draft)?
        }
        _ => return None,
    };
    Some(Draft { member_id: member, kind, body, subject, actor_id: event.actor, occasion })
}

fn held(dispute: &DisputeRow) -> Amount<'_> {
    Amount { minor: dispute.held, currency: &dispute.currency }
}

/// What a payout's owner is told: how it ended.
fn of_payout(PayoutChanged { payout }: &PayoutChanged) -> Option<(Kind, String, String)> {
    let (kind, story) = match payout.status {
        PayoutStatus::Requested | PayoutStatus::InTransit => return None,
        PayoutStatus::Paid => {
            let amount = Amount { minor: payout.amount, currency: &payout.currency };
            (Kind::PayoutPaid, Story::PaidOut(amount))
        }
        PayoutStatus::Failed => {
            let why = payout.failure.as_deref().unwrap_or_default();
            (Kind::PayoutFailed, Story::PayoutFailed(payout.credits, why))
        }
    };
    Some((kind, payout.id.to_string(), body(story)))
}

fn part(booking: &BookingRow, member: MemberId) -> Part {
    if member == booking.mentor_id { Part::Mentor } else { Part::Learner }
}

fn part_in(session: &SessionRow, member: MemberId) -> Part {
    if member == session.host_id { Part::Mentor } else { Part::Learner }
}

fn price(booking: &BookingRow) -> Amount<'_> {
    Amount { minor: booking.price, currency: &booking.currency }
}
