//! The accounts part of `Query.viewer`.

use async_graphql::{Context, Object};

use super::{
    loaders::{EmailOf, MemberById},
    types::Role,
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
        field(ctx.one(EmailOf(self.0))).await
    }

    /// Roles held. `null` if they cannot be read.
    async fn roles(&self, ctx: &Context<'_>) -> Field<Vec<Role>> {
        field(async {
            let member = ctx.hot(MemberById(self.0)).await?;
            Ok(member.map(|member| member.roles.iter().copied().map(Role::from).collect()))
        })
        .await
    }
}
