//! GraphQL types of adjustments.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    db::ids::AdjustmentId,
    domains::{
        access::{self, Needs},
        accounts::{loaders::MemberById, model::Permission},
        profiles::types::Member,
        user_error::UserError,
        wallet::{
            loaders::AdjustmentById,
            model::{
                self,
                adjustment::{AdjustmentRow, AdjustmentStatus},
            },
        },
    },
    graphql::{
        ApiError, ContextExt, Field, field,
        plain::PlainFields,
        scalars::{BigInt, Money},
    },
    payloads,
};

/// Where an adjustment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::adjustment::AdjustmentStatus")]
pub enum CreditAdjustmentStatus {
    /// A second administrator must approve it.
    Waiting,
    /// The money has moved.
    Posted,
    /// It was rejected, or taken back.
    Rejected,
}

/// A correction of a wallet by an administrator.
#[derive(Clone, Debug)]
pub struct CreditAdjustment(pub Arc<AdjustmentRow>);

/// A correction of a wallet by an administrator. Needs the permission `MANAGE_MONEY`.
#[Object(guard = "Needs(\"CreditAdjustment\")")]
impl CreditAdjustment {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Whose wallet. `null` if the account was removed.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.0.member_id)).await?.map(Member)) }).await
    }

    /// Given if positive, taken if negative.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, self.0.asset.currency())
    }

    /// Whether it gives promotional credits, which end if they are not used.
    async fn promotional(&self) -> bool {
        self.0.promotional
    }

    /// Why, in the words of who asked for it.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Where it stands.
    async fn status(&self) -> CreditAdjustmentStatus {
        self.0.status.into()
    }

    /// Who asked for it. `null` if the account was removed.
    async fn requested_by(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.0.requested_by)).await?.map(Member)) }).await
    }

    /// Who approved or rejected it. `null` while it waits, and if nobody else was needed.
    async fn decided_by(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async {
            let Some(id) = self.0.decided_by else { return Ok(None) };
            Ok(ctx.hot(MemberById(id)).await?.map(Member))
        })
        .await
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was posted or rejected. `null` while it waits.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// Whether the caller may approve it now: it waits, and is neither the caller's own wish nor for the caller's wallet.
    async fn viewer_can_approve(&self, ctx: &Context<'_>) -> bool {
        let viewer = ctx.viewer().map(|viewer| viewer.member_id);
        self.0.status == AdjustmentStatus::Waiting
            && viewer.is_some_and(|viewer| viewer != self.0.requested_by && viewer != self.0.member_id)
    }
}

impl PlainFields for CreditAdjustment {}

/// An adjustment, for those with the permission `MANAGE_MONEY`.
///
/// # Errors
/// Only if the database fails.
pub async fn adjustment_of_caller(
    ctx: &Context<'_>,
    id: AdjustmentId,
) -> Result<Option<CreditAdjustment>, ApiError> {
    match access::guard::privileged(ctx, Permission::ManageMoney).await {
        Ok(()) => Ok(ctx.one(AdjustmentById(id)).await?.map(CreditAdjustment)),
        Err(ApiError::Told { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A wallet to correct.
#[derive(Clone, Debug, InputObject)]
pub struct AdminAdjustCreditsInput {
    /// Whose wallet.
    pub member_id: ID,
    /// In minor units, such as hundredths of a credit: given if positive, taken if negative. Only what was bought or
    /// earned can be taken.
    pub amount: BigInt,
    /// What is counted: code and number of decimals.
    #[graphql(default = "CREDIT/2")]
    pub asset: String,
    /// Whether to give promotional credits: used before bought ones, and ended if they are not used in time.
    #[graphql(default)]
    pub promotional: bool,
    /// Why, for the member and the audit log: 3 to 500 characters.
    pub reason: String,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// What `adminAdjustCredits` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct AdminAdjustCreditsPayload {
    /// The adjustment: posted, or, with the refusal `APPROVAL_REQUIRED`, waiting for another administrator.
    pub adjustment: Option<CreditAdjustment>,
    /// Whether this is the result of an earlier call with the same key.
    pub replayed: Option<bool>,
    /// Why no money moved.
    pub user_errors: Vec<UserError>,
}

/// An adjustment to approve.
#[derive(Clone, Debug, InputObject)]
pub struct AdminApproveAdjustmentInput {
    /// The adjustment.
    pub adjustment_id: ID,
}

/// What `adminApproveAdjustment` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct AdminApproveAdjustmentPayload {
    /// The adjustment, posted.
    pub adjustment: Option<CreditAdjustment>,
    /// Whether the caller had approved it before.
    pub replayed: Option<bool>,
    /// Why no money moved.
    pub user_errors: Vec<UserError>,
}

/// An adjustment to reject.
#[derive(Clone, Debug, InputObject)]
pub struct AdminRejectAdjustmentInput {
    /// The adjustment.
    pub adjustment_id: ID,
}

/// What `adminRejectAdjustment` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct AdminRejectAdjustmentPayload {
    /// The adjustment, rejected.
    pub adjustment: Option<CreditAdjustment>,
    /// Whether the caller had rejected it before.
    pub replayed: Option<bool>,
    /// Why it was not rejected.
    pub user_errors: Vec<UserError>,
}

payloads!(AdminAdjustCreditsPayload, AdminApproveAdjustmentPayload, AdminRejectAdjustmentPayload);
