//! From the input of `bookSession` to its command, and from its refusals to theirs.

use std::sync::Arc;

use async_graphql::{Context, ID};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{
    db::{
        idempotency::Attempt,
        ids::{EntityId, MemberId, MentorId, PriceQuoteId, SkillId},
    },
    domains::{
        accounts::{loaders::MemberById, model::MemberStatus},
        input::{attempt, id, not_found, number},
        payments::mutation::insufficient_funds,
        profiles::{
            loaders::{MentorById, SkillsOf},
            model::{MentorRow, SkillIntent},
        },
        scheduling::{model::Slot, mutation::refuse_claim},
        sessions::{
            model::{quote::PriceQuoteRow, rules::BOOKABLE_MINUTES},
            service::{BookError, BookSession, quote_price},
            types::{BookSessionInput, PriceQuote, Quote, quote::price_quote_of_caller},
        },
        user_error::{ErrorCode, Refusal, UserError},
    },
    graphql::{ApiError, ContextExt, scalars::Money},
};

/// What is to be booked, as far as the input says it.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    mentor: MentorId,
    skill: Option<SkillId>,
    slot: Slot,
}

/// A wish that can be booked, if the slot is free and the wallet has enough.
#[derive(Clone, Debug)]
pub struct Bookable {
    /// Who teaches.
    pub mentor: Arc<MentorRow>,
    /// What it is about.
    pub skill: Option<SkillId>,
    /// When.
    pub slot: Slot,
}

/// What `bookSession` hashes to tell a repeat from another request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BookSessionKey {
    mentor_id: MentorId,
    skill_id: Option<SkillId>,
    starts_at: DateTime<Utc>,
    duration_minutes: i64,
    expected_price: Option<i64>,
    quote_id: Option<PriceQuoteId>,
}

impl Wish {
    /// Checks the form of what is to be booked.
    ///
    /// # Errors
    /// `VALIDATION`.
    pub fn new(
        mentor: &ID,
        skill: Option<&ID>,
        starts_at: DateTime<Utc>,
        duration_minutes: i32,
    ) -> Result<Self, UserError> {
        let mentor: MentorId = id(mentor, "mentorId")?;
        let skill = skill.map(|skill| id(skill, "skillId")).transpose()?;
        let minutes = number(i64::from(duration_minutes), "durationMinutes", BOOKABLE_MINUTES)?;
        let ends_at = starts_at.checked_add_signed(TimeDelta::minutes(minutes));
        let ends_at = ends_at
            .ok_or_else(|| UserError::validation("startsAt", "RANGE", "`startsAt` is too far away."))?;
        let slot = Slot { mentor_id: MemberId::from_uuid(mentor.uuid()), starts_at, ends_at };
        Ok(Self { mentor, skill, slot })
    }

    /// Looks whether a learner may book the mentor, and whether the mentor offers the skill.
    ///
    /// # Errors
    /// `VALIDATION` or `NOT_FOUND`.
    pub async fn bookable(self, ctx: &Context<'_>, learner: MemberId) -> Result<Bookable, Refusal> {
        let mentor = bookable_mentor(ctx, learner, self.mentor).await?;
        if let Some(skill) = self.skill {
            check_offer(ctx, &mentor, skill).await?;
        }
        Ok(Bookable { mentor, skill: self.skill, slot: self.slot })
    }
}

/// The request behind an input, to know it again.
///
/// # Errors
/// `VALIDATION`.
pub(super) fn attempt_of(
    learner: MemberId,
    wish: &Wish,
    input: &BookSessionInput,
) -> Result<Attempt, UserError> {
    let key = BookSessionKey {
        mentor_id: wish.mentor,
        skill_id: wish.skill,
        starts_at: wish.slot.starts_at,
        duration_minutes: input.duration_minutes.into(),
        expected_price: input.expected_price.map(|price| price.0),
        quote_id: input.quote_id.as_ref().map(|quote| id(quote, "quoteId")).transpose()?,
    };
    attempt(learner, "bookSession", &input.idempotency_key, &key)
}

/// The command, if the price is the one that the learner was shown.
///
/// # Errors
/// `VALIDATION`, `NOT_FOUND`, `PRICE_CHANGED` or `QUOTE_STALE`.
pub(super) async fn command(
    ctx: &Context<'_>,
    learner_id: MemberId,
    wish: Wish,
    input: &BookSessionInput,
    attempt: Attempt,
) -> Result<BookSession, Refusal> {
    let bookable = wish.bookable(ctx, learner_id).await?;
    if let Some(quote) = &input.quote_id {
        check_quote(ctx, learner_id, &bookable, id(quote, "quoteId")?).await?;
    }
    let Bookable { mentor, skill: skill_id, slot } = bookable;
    let price = mentor.price_for(i64::from(input.duration_minutes));
    if input.expected_price.is_some_and(|expected| expected.0 != price) {
        return Err(
            UserError::price_changed("expectedPrice", Money::new(price, mentor.currency.as_str())).into()
        );
    }
    Ok(BookSession { learner_id, mentor, skill_id, slot, attempt })
}

async fn check_quote(
    ctx: &Context<'_>,
    learner: MemberId,
    wanted: &Bookable,
    id: PriceQuoteId,
) -> Result<(), Refusal> {
    let quote = price_quote_of_caller(ctx, id).await?.ok_or_else(|| not_found("quoteId", "quote"))?.0;
    if !wanted.is_quoted(&quote) {
        let message =
            "This quote is for another mentor, skill, start or length. Ask `priceQuote` for this one.";
        return Err(UserError::validation("quoteId", "OTHER_BOOKING", message).into());
    }
    if ctx.now() < quote.expires_at && wanted.costs(&quote) {
        return Ok(());
    }
    let fresh = quote_price(ctx.app(), learner, &wanted.mentor, wanted.skill, &wanted.slot).await?;
    Err(UserError::quote(ErrorCode::QuoteStale, Quote::Price(PriceQuote(fresh.into()))).into())
}

impl Bookable {
    /// Whether a quote is about this.
    fn is_quoted(&self, quote: &PriceQuoteRow) -> bool {
        quote.mentor_id == self.mentor.member_id
            && quote.skill_id == self.skill
            && (quote.starts_at, quote.ends_at) == (self.slot.starts_at, self.slot.ends_at)
    }

    /// Whether it still costs what a quote of it says, under the same policy.
    fn costs(&self, quote: &PriceQuoteRow) -> bool {
        let policy = self.mentor.cancellation_policy();
        quote.price == self.mentor.price_for((quote.ends_at - quote.starts_at).num_minutes())
            && quote.currency == self.mentor.currency
            && (quote.free_cancellation_hours, quote.late_fee_percent)
                == (policy.free_hours, policy.late_fee_percent)
    }
}

/// The mentor, if the learner may book them.
async fn bookable_mentor(
    ctx: &Context<'_>,
    learner: MemberId,
    mentor: MentorId,
) -> Result<Arc<MentorRow>, Refusal> {
    let member = MemberId::from_uuid(mentor.uuid());
    if member == learner {
        return Err(UserError::validation(
            "mentorId",
            "OWN_PROFILE",
            "You cannot book yourself. Choose another mentor.",
        )
        .into());
    }
    let (row, card) = futures_util::try_join!(ctx.hot(MentorById(member)), ctx.hot(MemberById(member)))?;
    let active = card.is_some_and(|card| card.status == MemberStatus::Active);
    row.filter(|_| active).ok_or_else(|| not_found("mentorId", "mentor").into())
}

async fn check_offer(ctx: &Context<'_>, mentor: &MentorRow, skill: SkillId) -> Result<(), Refusal> {
    let skills = ctx.hot(SkillsOf(mentor.member_id)).await?.unwrap_or_default();
    if skills.iter().any(|row| row.skill_id == skill && row.intent == SkillIntent::Offered) {
        return Ok(());
    }
    let message = "The mentor does not offer this skill. Choose one of `Mentor.skills`, or none.";
    Err(UserError::basic(ErrorCode::NotFound, "skillId", message).into())
}

/// Why nothing was booked, with the next step.
pub(super) async fn refuse(ctx: &Context<'_>, error: BookError) -> Result<Refusal, ApiError> {
    Ok(match error {
        BookError::Slot(error) => refuse_claim(error, "startsAt"),
        BookError::Insufficient { missing } => insufficient_funds(ctx, missing, "").await?.into(),
        BookError::KeyConflict(difference) => UserError::idempotency_conflict(difference).into(),
        BookError::Database(_) => Refusal::Api(error.into()),
    })
}
