//! GraphQL types of administration.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    domains::{
        access::Needs,
        accounts::{
            loaders::EmailOf,
            model::MemberRow,
            types::{MemberStatus, Role},
        },
        profiles::types::Member,
        sessions::types::Booking,
        user_error::UserError,
    },
    graphql::{ContextExt, Field, field, plain::PlainFields},
    payloads,
};

/// A member, as administrators see them.
#[derive(Clone, Debug)]
pub struct AdminMember(pub Arc<MemberRow>);

/// A member, as administrators see them. Needs the permission `MANAGE_MEMBERS`.
#[Object(guard = "Needs(\"AdminMember\")")]
impl AdminMember {
    /// What everybody sees.
    async fn member(&self) -> Member {
        Member(Arc::clone(&self.0))
    }

    /// The address to sign in with. `null` if the account has none.
    async fn email(&self, ctx: &Context<'_>) -> Field<String> {
        field(async { Ok(ctx.one(EmailOf(self.0.id)).await?.map(|own| own.email)) }).await
    }

    /// Roles held.
    async fn roles(&self) -> Vec<Role> {
        self.0.roles.iter().copied().map(Role::from).collect()
    }

    /// Whether the account may be used now.
    async fn status(&self, ctx: &Context<'_>) -> MemberStatus {
        self.0.status_at(ctx.now()).into()
    }

    /// When the suspension ends by itself. `null` if there is none, or not for a time only.
    async fn suspended_until(&self, ctx: &Context<'_>) -> Option<DateTime<Utc>> {
        self.0.suspension_at(ctx.now()).and_then(|suspension| suspension.until)
    }
}

impl PlainFields for AdminMember {}

/// Which members.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AdminMemberFilter {
    /// Part of the name, the handle or the address; up to 200 characters.
    pub text: Option<String>,
    /// Only holders of this role.
    pub role: Option<Role>,
    /// Only with this status.
    pub status: Option<MemberStatus>,
}

/// Which roles a member gets.
#[derive(Clone, Debug, InputObject)]
pub struct AdminSetRolesInput {
    /// The member.
    pub member_id: ID,
    /// All roles that the member holds from now on; at least one.
    pub roles: Vec<Role>,
    /// Why, for the audit log: 3 to 500 characters.
    pub reason: String,
}

/// What `adminSetRoles` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct AdminSetRolesPayload {
    /// The member, changed.
    pub member: Option<AdminMember>,
    /// Whether something changed; the same roles again are no change.
    pub changed: Option<bool>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

/// Which status a member gets.
#[derive(Clone, Debug, InputObject)]
pub struct AdminSetMemberStatusInput {
    /// The member.
    pub member_id: ID,
    /// `ACTIVE`, `SUSPENDED` or `BANNED`.
    pub status: MemberStatus,
    /// Why, for the audit log: 3 to 500 characters.
    pub reason: String,
    /// When a suspension ends by itself, in the next ten years; absent = when somebody lifts it.
    pub until: Option<DateTime<Utc>>,
}

/// What `adminSetMemberStatus` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct AdminSetMemberStatusPayload {
    /// The member, changed.
    pub member: Option<AdminMember>,
    /// Whether something changed; the same status again is no change.
    pub changed: Option<bool>,
    /// Confirmed bookings of a member who can no longer act, as learner or mentor, soonest first, at most 50. Nothing was
    /// cancelled: somebody must resolve them. `null` if the member can act.
    pub bookings_to_resolve: Option<Vec<Booking>>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

payloads!(AdminSetRolesPayload, AdminSetMemberStatusPayload);
