//! A dispute, as its two sides and the administrators see it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    super::{
        loaders::{DisputeById, EvidenceOf},
        model::{Command, DisputeRow, EvidenceRow, rules::SILENCE_RULE},
    },
    DisputeFact, DisputeOutcome, DisputeStatus, timeline,
};
use crate::{
    db::ids::{DisputeId, MemberId},
    domains::{
        access,
        accounts::{loaders::MemberById, model::Permission},
        profiles::types::Member,
        sessions::{loaders::BookingById, types::Booking},
    },
    graphql::{ApiError, ContextExt, Field, field, plain::PlainFields, scalars::Money},
};

/// A dispute about where a booking's price goes.
#[derive(Clone, Debug)]
pub struct Dispute(pub Arc<DisputeRow>);

/// A dispute about where a booking's price goes: for the booking's two sides, and for those with the permission
/// `RESOLVE_DISPUTES`. While it is `OPEN` or `ANSWERED` the whole price is frozen in escrow.
#[Object]
impl Dispute {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Where it stands.
    async fn status(&self) -> DisputeStatus {
        self.0.status.into()
    }

    /// The booking. `null` if it cannot be read.
    async fn booking(&self, ctx: &Context<'_>) -> Field<Booking> {
        field(async {
            let row = ctx.one(BookingById(self.0.booking_id)).await?;
            Ok(row.map(|row| Booking { row, session: None }))
        })
        .await
    }

    /// Who contests. `null` if the account was removed.
    async fn opened_by(&self, ctx: &Context<'_>) -> Field<Member> {
        field(member(ctx, self.0.opened_by)).await
    }

    /// The other side, who answers. `null` if the account was removed.
    async fn respondent(&self, ctx: &Context<'_>) -> Field<Member> {
        field(member(ctx, self.0.respondent())).await
    }

    /// Why, in the opener's words.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What is disputed: the booking's whole price.
    async fn held(&self) -> Money {
        self.money(self.0.held)
    }

    /// What of it shall go to the learner, as the opener asks. The mentor gets the rest, less the platform's usual fee.
    async fn asked(&self) -> Money {
        self.money(self.0.asked)
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.opened_at
    }

    /// Until when the other side can answer.
    async fn answer_by(&self) -> DateTime<Utc> {
        self.0.answer_by
    }

    /// What silence means.
    async fn silence_rule(&self) -> &'static str {
        SILENCE_RULE
    }

    /// When the other side answered. `null` if it did not (yet).
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.answered_at
    }

    /// What the other side answered, in its words. `null` if it did not, or accepted.
    async fn answer(&self) -> Option<&str> {
        self.0.answer.as_deref()
    }

    /// What the other side would have go to the learner instead. `null` if it made no offer.
    async fn offered(&self) -> Option<Money> {
        self.0.offered.map(|amount| self.money(amount))
    }

    /// Until when both sides can bring evidence. `null` until it was answered.
    async fn evidence_until(&self) -> Option<DateTime<Utc>> {
        self.0.evidence_until
    }

    /// When it was resolved or withdrawn. `null` while it goes on.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }

    /// How it was resolved. `null` while it goes on, and if it was withdrawn.
    async fn outcome(&self) -> Option<DisputeOutcome> {
        self.0.outcome.map(DisputeOutcome::from)
    }

    /// How the price was divided: the parts sum to `held`. `null` while it goes on, and if it was withdrawn.
    async fn split(&self) -> Option<DisputeSplit> {
        let row = &*self.0;
        let (Some(learner), Some(mentor), Some(fee)) = (row.to_learner, row.to_mentor, row.fee) else {
            return None;
        };
        Some(DisputeSplit { learner: self.money(learner), mentor: self.money(mentor), fee: self.money(fee) })
    }

    /// Why it was decided so, in the administrator's words. `null` unless an administrator decided.
    async fn decision(&self) -> Option<&str> {
        self.0.decision.as_deref()
    }

    /// What both sides brought, in order, at most 20 pieces from each. `null` if it cannot be read.
    async fn evidence(&self, ctx: &Context<'_>) -> Field<Vec<DisputeEvidence>> {
        field(async {
            let rows = ctx.one(EvidenceOf(self.0.id)).await?.unwrap_or_default();
            Ok(Some(rows.into_iter().map(DisputeEvidence).collect()))
        })
        .await
    }

    /// What the system knows, in the order in which it happened: the booking and its terms, the session, who was there,
    /// what was written, where the money went, what both sides said. `null` if it cannot be read.
    async fn timeline(&self, ctx: &Context<'_>) -> Field<Vec<DisputeFact>> {
        field(async { timeline::of(ctx, &self.0).await.map(Some) }).await
    }

    /// Whether the caller can answer it now: the other side, in time.
    async fn viewer_can_respond(&self, ctx: &Context<'_>) -> bool {
        self.viewer_can(ctx, Command::Respond)
    }

    /// Whether the caller can accept the offer now: the opener, once it was answered.
    async fn viewer_can_accept_offer(&self, ctx: &Context<'_>) -> bool {
        self.viewer_can(ctx, Command::AcceptOffer)
    }

    /// Whether the caller can bring evidence now: either side, until `evidenceUntil`.
    async fn viewer_can_add_evidence(&self, ctx: &Context<'_>) -> bool {
        self.viewer_can(ctx, Command::AddEvidence)
    }

    /// Whether the caller can withdraw it now: the opener, while it goes on.
    async fn viewer_can_withdraw(&self, ctx: &Context<'_>) -> bool {
        self.viewer_can(ctx, Command::Withdraw)
    }

    /// Whether the caller can decide it now: an administrator who is neither side, while it goes on. `null` if that cannot
    /// be found out.
    async fn viewer_can_resolve(&self, ctx: &Context<'_>) -> Field<bool> {
        field(async {
            let Some(viewer) = ctx.viewer() else { return Ok(Some(false)) };
            let possible = self.0.party(viewer.member_id).is_none()
                && self.0.permits(Command::Resolve, ctx.now()).is_ok();
            Ok(Some(possible && resolves(ctx).await?))
        })
        .await
    }
}

impl PlainFields for Dispute {}

impl Dispute {
    fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.0.currency.as_str())
    }

    fn viewer_can(&self, ctx: &Context<'_>, command: Command) -> bool {
        let party = ctx.viewer().and_then(|viewer| self.0.party(viewer.member_id));
        party.is_some_and(|party| command.is_for(party)) && self.0.permits(command, ctx.now()).is_ok()
    }
}

async fn member(ctx: &Context<'_>, id: MemberId) -> Result<Option<Member>, ApiError> {
    Ok(ctx.hot(MemberById(id)).await?.map(Member))
}

/// Whether the caller may decide disputes.
async fn resolves(ctx: &Context<'_>) -> Result<bool, ApiError> {
    match access::guard::privileged(ctx, Permission::ResolveDisputes).await {
        Ok(()) => Ok(true),
        Err(ApiError::Told { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A dispute as the caller may see it: as one of its sides, or any for those who decide.
///
/// # Errors
/// Only if the database fails.
pub async fn dispute_of_caller(ctx: &Context<'_>, id: DisputeId) -> Result<Option<Dispute>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let Some(row) = ctx.one(DisputeById(id)).await? else { return Ok(None) };
    let seen = row.party(viewer.member_id).is_some() || resolves(ctx).await?;
    Ok(seen.then_some(Dispute(row)))
}

/// How a disputed price was divided.
#[derive(Clone, Debug, SimpleObject)]
pub struct DisputeSplit {
    /// Back to the learner's wallet.
    pub learner: Money,
    /// To the mentor, who pays what they owe from it first.
    pub mentor: Money,
    /// To the platform.
    pub fee: Money,
}

/// A statement that one side brought.
#[derive(Clone, Debug)]
pub struct DisputeEvidence(pub EvidenceRow);

/// A statement that one side brought.
#[Object]
impl DisputeEvidence {
    /// Id of its row, as in the timeline.
    async fn row_id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Who brought it. `null` if the account was removed.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(member(ctx, self.0.member_id)).await
    }

    /// The statement.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// When it was brought.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
