//! Root mutations of disputes.

use async_graphql::{Context, Object};

use super::{
    model::rules::{EVIDENCE_LENGTH, MOST_EVIDENCE, STATEMENT_LENGTH},
    service::{self, Answer, Asked, Decision, DisputeError, OpenDispute},
    types::{
        AcceptDisputeOfferInput, AcceptDisputeOfferPayload, AddDisputeEvidenceInput,
        AddDisputeEvidencePayload, DisputeAsk, DisputeResponse, OpenDisputeInput, OpenDisputePayload,
        ResolveDisputeInput, ResolveDisputePayload, RespondDisputeInput, RespondDisputePayload,
        WithdrawDisputeInput, WithdrawDisputePayload,
    },
};
use crate::{
    db::ids::{BookingId, DisputeId},
    domains::{
        input::{attempt, id, not_found, number, text},
        second_factor::mutation::stepped_up,
        user_error::{ErrorCode, Refusal, UserError, answer},
        wallet::{model::Parts, types::credits},
    },
    graphql::{ContextExt, Field},
};

/// Mutations of disputes.
#[derive(Debug, Default)]
pub struct DisputesMutation;

/// Mutations of disputes.
#[Object]
impl DisputesMutation {
    /// Contests where the price of a booking goes: from the end of the session until the booking would complete by itself
    /// (`policies.disputes`), also if it was completed before. The whole price is frozen in escrow until the dispute ends.
    /// If the other side does not answer within 7 days, it is settled as asked. Each side can do it once for a booking.
    async fn open_dispute(&self, ctx: &Context<'_>, input: OpenDisputeInput) -> Field<OpenDisputePayload> {
        answer(async {
            let by = ctx.signed_in()?.member_id;
            let booking: BookingId = id(&input.booking_id, "bookingId")?;
            let reason = text(&input.reason, "reason", STATEMENT_LENGTH)?;
            let asked = match input.asked {
                DisputeAsk::AmountMinor(amount) => Asked::Amount(amount.0),
                DisputeAsk::Percent(percent) => {
                    let percent = number(i64::from(percent), "asked.percent", 0..=100)?;
                    Asked::Percent(u32::try_from(percent).unwrap_or_default())
                }
            };
            let key = (booking, &reason, format!("{asked:?}"));
            let attempt = attempt(by, "openDispute", &input.idempotency_key, &key)?;
            let command = OpenDispute { by, booking, reason, asked, attempt };
            let done = service::open(ctx.app(), command)
                .await
                .map_err(|error| refuse(error, "bookingId", "asked"))?;
            ctx.wrote();
            Ok(done.into())
        })
        .await
    }

    /// Answers a dispute within 7 days: accepts what was asked, which divides the price at once, or refuses with an offer
    /// and a statement. After that both sides can bring evidence for 3 days, and an administrator decides unless the offer
    /// is accepted.
    async fn respond_dispute(
        &self,
        ctx: &Context<'_>,
        input: RespondDisputeInput,
    ) -> Field<RespondDisputePayload> {
        answer(async {
            let by = ctx.signed_in()?.member_id;
            let dispute: DisputeId = id(&input.dispute_id, "disputeId")?;
            let given = match input.response {
                DisputeResponse::Accept(true) => Answer::Accept,
                DisputeResponse::Accept(false) => {
                    let message = "Give `accept: true`, or an `offer` to refuse; an offer may be nothing.";
                    return Err(UserError::validation("response.accept", "TRUE", message).into());
                }
                DisputeResponse::Offer(offer) => Answer::Refuse {
                    offered: offer.amount_minor.0,
                    statement: text(&offer.statement, "response.offer.statement", STATEMENT_LENGTH)?,
                },
            };
            let key = (dispute, format!("{given:?}"));
            let attempt = attempt(by, "respondDispute", &input.idempotency_key, &key)?;
            let done = Box::pin(service::respond(ctx.app(), by, dispute, given, attempt))
                .await
                .map_err(|error| refuse(error, "disputeId", "response.offer.amountMinor"))?;
            ctx.wrote();
            Ok(done.into())
        })
        .await
    }

    /// Accepts what the other side offered, which divides the price at once. For the opener.
    async fn accept_dispute_offer(
        &self,
        ctx: &Context<'_>,
        input: AcceptDisputeOfferInput,
    ) -> Field<AcceptDisputeOfferPayload> {
        answer(async {
            let by = ctx.signed_in()?.member_id;
            let dispute: DisputeId = id(&input.dispute_id, "disputeId")?;
            let attempt = attempt(by, "acceptDisputeOffer", &input.idempotency_key, &dispute)?;
            let done = service::accept_offer(ctx.app(), by, dispute, attempt).await.map_err(of_dispute)?;
            ctx.wrote();
            Ok(done.into())
        })
        .await
    }

    /// Brings evidence: a statement that cannot be changed afterwards. For both sides, from the opening until 3 days after
    /// the answer, at most 20 each. Attendance, messages and payments are in `Dispute.timeline` without anybody's doing.
    async fn add_dispute_evidence(
        &self,
        ctx: &Context<'_>,
        input: AddDisputeEvidenceInput,
    ) -> Field<AddDisputeEvidencePayload> {
        answer(async {
            let by = ctx.signed_in()?.member_id;
            let dispute: DisputeId = id(&input.dispute_id, "disputeId")?;
            let body = text(&input.body, "body", EVIDENCE_LENGTH)?;
            let attempt = attempt(by, "addDisputeEvidence", &input.idempotency_key, &(dispute, &body))?;
            let done =
                service::add_evidence(ctx.app(), by, dispute, &body, attempt).await.map_err(of_dispute)?;
            ctx.wrote();
            Ok(done.into())
        })
        .await
    }

    /// Gives a dispute up: the booking is as it was before, and the time in between does not count for its deadlines. For
    /// the opener, who cannot open another one for this booking.
    async fn withdraw_dispute(
        &self,
        ctx: &Context<'_>,
        input: WithdrawDisputeInput,
    ) -> Field<WithdrawDisputePayload> {
        answer(async {
            let by = ctx.signed_in()?.member_id;
            let dispute: DisputeId = id(&input.dispute_id, "disputeId")?;
            let attempt = attempt(by, "withdrawDispute", &input.idempotency_key, &dispute)?;
            let done = service::withdraw(ctx.app(), by, dispute, attempt).await.map_err(of_dispute)?;
            ctx.wrote();
            Ok(done.into())
        })
        .await
    }

    /// Decides a dispute: divides the price for good, to the last minor unit. Needs a step-up in the last ten minutes; the
    /// caller must not be one of the sides.
    async fn resolve_dispute(
        &self,
        ctx: &Context<'_>,
        input: ResolveDisputeInput,
    ) -> Field<ResolveDisputePayload> {
        answer(async {
            let viewer = stepped_up(ctx).await?;
            let dispute: DisputeId = id(&input.dispute_id, "disputeId")?;
            let reason = text(&input.reason, "reason", STATEMENT_LENGTH)?;
            let part = |amount: i64, name: &str| number(amount, &format!("split.{name}"), 0..=i64::MAX);
            let parts = Parts {
                learner: part(input.split.learner_minor.0, "learnerMinor")?,
                mentor: part(input.split.mentor_minor.0, "mentorMinor")?,
                fee: part(input.split.fee_minor.0, "feeMinor")?,
            };
            let key = (dispute, &reason, parts.learner, parts.mentor, parts.fee);
            let attempt = attempt(viewer.member_id, "resolveDispute", &input.idempotency_key, &key)?;
            let decision = Decision { dispute, parts, reason };
            let done = service::resolve(ctx.app(), viewer, decision, attempt).await.map_err(of_dispute)?;
            ctx.wrote();
            Ok(done.into())
        })
        .await
    }
}

fn of_dispute(error: DisputeError) -> Refusal {
    refuse(error, "disputeId", "")
}

/// A refusal, with the arguments that named the thing and the amount.
fn refuse(error: DisputeError, thing: &str, amount: &str) -> Refusal {
    let basic = |code, message: &str| Refusal::from(UserError::basic(code, thing, message));
    match error {
        DisputeError::NotFound => {
            not_found(thing, if thing == "bookingId" { "booking" } else { "dispute" }).into()
        }
        DisputeError::Forbidden => basic(
            ErrorCode::Forbidden,
            "The other side does this: the opener accepts an offer and withdraws, the other one responds.",
        ),
        DisputeError::Own => {
            basic(ErrorCode::Forbidden, "You are a side of this dispute: another administrator decides it.")
        }
        DisputeError::Booking(illegal) => UserError::transition(illegal.from, illegal.allowed).into(),
        DisputeError::Dispute(illegal) => UserError::transition(illegal.from, illegal.allowed).into(),
        DisputeError::WindowClosed(at) => UserError::window_closed(thing, at).into(),
        DisputeError::NothingHeld => {
            basic(ErrorCode::NotEligible, "The booking was free: there is nothing to divide.")
        }
        DisputeError::Once => basic(
            ErrorCode::AlreadyDone,
            "This booking was contested before, and cannot be again. Read `Booking.dispute`.",
        ),
        DisputeError::Amount { least, most } => {
            let message = format!("The amount must be between {least} and {most} minor units.");
            UserError::validation(amount, "RANGE", message).into()
        }
        DisputeError::SameOffer => {
            let message = "This is what was asked. Give `accept: true`.";
            UserError::validation(amount, "SAME", message).into()
        }
        DisputeError::TooMuchEvidence => {
            let message = format!("You have brought {MOST_EVIDENCE} pieces of evidence, which is all.");
            basic(ErrorCode::TooMany, &message)
        }
        DisputeError::SplitMismatch { held } => UserError::split_mismatch("split", credits(held)).into(),
        DisputeError::Rights(error) => error.into(),
        DisputeError::KeyConflict(difference) => UserError::idempotency_conflict(difference).into(),
        DisputeError::Database(_) => Refusal::Api(error.into()),
    }
}
