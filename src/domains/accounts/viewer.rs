//! The accounts part of `Query.viewer`.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::{
    loaders::{EmailOf, MemberById},
    model,
    types::{AuthSession, MemberStatus, Permission, Role, own_auth_sessions},
};
use crate::{
    db::ids::MemberId,
    domains::profiles::types::Member,
    graphql::{ContextExt, Field, field},
};

/// The caller's own account.
#[derive(Clone, Copy, Debug)]
pub struct AccountViewer(pub MemberId);

/// The caller's own account.
#[Object]
impl AccountViewer {
    /// The public profile. `null` if it cannot be read.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.0)).await?.map(Member)) }).await
    }

    /// The address to sign in with. `null` if it cannot be read.
    async fn email(&self, ctx: &Context<'_>) -> Field<String> {
        field(async { Ok(ctx.one(EmailOf(self.0)).await?.map(|own| own.email)) }).await
    }

    /// Whether that address was proven by `verifyEmail`. `null` if it cannot be read.
    async fn email_verified(&self, ctx: &Context<'_>) -> Field<bool> {
        field(async { Ok(ctx.one(EmailOf(self.0)).await?.map(|own| own.verified)) }).await
    }

    /// The signed-in devices, last used first, at most 50. `null` if they cannot be read.
    async fn auth_sessions(&self, ctx: &Context<'_>) -> Field<Vec<AuthSession>> {
        field(async { own_auth_sessions(ctx).await.map(Some) }).await
    }

    /// Roles held. `null` if they cannot be read.
    async fn roles(&self, ctx: &Context<'_>) -> Field<Vec<Role>> {
        field(async {
            let member = ctx.hot(MemberById(self.0)).await?;
            Ok(member.map(|member| member.roles.iter().copied().map(Role::from).collect()))
        })
        .await
    }

    /// What the caller's roles allow beyond what every member may do. `null` if it cannot be read.
    async fn permissions(&self, ctx: &Context<'_>) -> Field<Vec<Permission>> {
        field(async {
            let Some(member) = ctx.hot(MemberById(self.0)).await? else { return Ok(None) };
            let all = model::Permission::ALL.iter().copied();
            Ok(Some(all.filter(|permission| member.may(*permission)).map(Permission::from).collect()))
        })
        .await
    }

    /// Whether the account may be used. `null` if it cannot be read.
    async fn status(&self, ctx: &Context<'_>) -> Field<MemberStatus> {
        field(async {
            let now = ctx.now();
            Ok(ctx.hot(MemberById(self.0)).await?.map(|member| member.status_at(now).into()))
        })
        .await
    }

    /// When the account's suspension ends by itself. `null` if it is not suspended, or not for a time only.
    async fn suspended_until(&self, ctx: &Context<'_>) -> Field<DateTime<Utc>> {
        field(async {
            let now = ctx.now();
            let member = ctx.hot(MemberById(self.0)).await?;
            Ok(member.and_then(|member| member.suspension_at(now)).and_then(|suspension| suspension.until))
        })
        .await
    }
}
