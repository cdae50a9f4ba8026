//! Root mutations of administration.

use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    service,
    types::{
        AdminMember, AdminSetMemberStatusInput, AdminSetMemberStatusPayload, AdminSetRolesInput,
        AdminSetRolesPayload,
    },
};
use crate::{
    db::ids::MemberId,
    domains::{
        accounts::{
            loaders::MemberById,
            model::{MemberStatus, Role},
            service::rights::{Changed, NewStatus, RightsError},
        },
        input::{id, not_found, text},
        second_factor::mutation::stepped_up,
        sessions::types::Booking,
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ApiError, ContextExt, Field},
};

/// Characters of a reason.
const REASON: std::ops::RangeInclusive<usize> = 3..=500;
/// The longest suspension that ends by itself.
const LONGEST_SUSPENSION: TimeDelta = TimeDelta::days(3650);

/// Mutations of administration.
#[derive(Debug, Default)]
pub struct AdminMutation;

/// Mutations of administration.
#[Object]
impl AdminMutation {
    /// Sets the roles of a member, at once for everything that the member has open. Needs a step-up in the
    /// last ten minutes.
    async fn admin_set_roles(
        &self,
        ctx: &Context<'_>,
        input: AdminSetRolesInput,
    ) -> Field<AdminSetRolesPayload> {
        answer(async {
            let viewer = stepped_up(ctx).await?;
            let member = id(&input.member_id, "memberId")?;
            let reason = text(&input.reason, "reason", REASON)?;
            let roles: Vec<Role> = input.roles.into_iter().map(Role::from).collect();
            if roles.is_empty() {
                return Err(UserError::validation("roles", "SIZE", "Give at least one role.").into());
            }
            let changed = service::set_roles(ctx.app(), viewer, member, &roles, &reason).await?;
            ctx.wrote();
            Ok(AdminSetRolesPayload {
                member: changed_member(ctx, member).await?,
                changed: Some(changed == Changed::Yes),
                ..Default::default()
            })
        })
        .await
    }

    /// Suspends or bans a member, or makes the account active again. A suspended member can read, but not act; a banned
    /// one is signed out everywhere. Nothing is cancelled: `bookingsToResolve` lists what is left open. Needs a step-up in the
    /// last ten minutes.
    async fn admin_set_member_status(
        &self,
        ctx: &Context<'_>,
        input: AdminSetMemberStatusInput,
    ) -> Field<AdminSetMemberStatusPayload> {
        answer(async {
            let viewer = stepped_up(ctx).await?;
            let member = id(&input.member_id, "memberId")?;
            let new = NewStatus {
                reason: text(&input.reason, "reason", REASON)?,
                until: end_of(&input, ctx.now())?,
                status: input.status.into(),
            };
            let changed = service::set_status(ctx.app(), viewer, member, &new).await?;
            ctx.wrote();
            let left_open = if new.status == MemberStatus::Active {
                None
            } else {
                let rows = service::open_bookings(ctx.app(), member).await?;
                let bookings = rows.into_iter().map(|row| Booking { row: Arc::new(row), session: None });
                Some(bookings.collect())
            };
            Ok(AdminSetMemberStatusPayload {
                member: changed_member(ctx, member).await?,
                changed: Some(changed == Changed::Yes),
                bookings_to_resolve: left_open,
                ..Default::default()
            })
        })
        .await
    }
}

async fn changed_member(ctx: &Context<'_>, id: MemberId) -> Result<Option<AdminMember>, Refusal> {
    Ok(ctx.hot(MemberById(id)).await?.map(AdminMember))
}

/// The end of a suspension, in the precision that is kept.
fn end_of(input: &AdminSetMemberStatusInput, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, UserError> {
    let status = MemberStatus::from(input.status);
    if status == MemberStatus::Inactive {
        let message = "Give ACTIVE, SUSPENDED or BANNED: only the owner makes an account inactive.";
        return Err(UserError::validation("status", "STATUS", message));
    }
    let Some(until) = input.until else { return Ok(None) };
    if status != MemberStatus::Suspended {
        return Err(UserError::validation("until", "STATUS", "Only a suspension has an end."));
    }
    if until <= now || until > now + LONGEST_SUSPENSION {
        let message = "A suspension ends in the future, and within ten years.";
        return Err(UserError::validation("until", "RANGE", message));
    }
    Ok(DateTime::from_timestamp_micros(until.timestamp_micros()))
}

impl From<RightsError> for Refusal {
    fn from(error: RightsError) -> Self {
        match error {
            RightsError::NotFound => not_found("memberId", "member").into(),
            RightsError::NotAllowed => Self::Api(ApiError::forbidden()),
            RightsError::LastAdmin => {
                let message = "There must be an administrator. Give somebody else the role ADMIN first, with adminSetRoles.";
                UserError::basic(ErrorCode::LastAdmin, "memberId", message).into()
            }
            RightsError::Database(_) => Self::Api(error.into()),
        }
    }
}
