//! What happened to the safety of an account.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use super::{MemberStatus, Role, model};
use crate::{
    domains::{accounts::loaders::MemberById, event::Happened, profiles::types::Member},
    graphql::{ContextExt, Field, field},
};

/// What happened to the safety of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::SecurityEventKind")]
pub enum SecurityEventKind {
    /// A refresh token was used long after it was spent: somebody has a copy of it. The device was signed out.
    RefreshTokenReused,
    /// The password was changed by somebody who knew it; the other devices were signed out.
    PasswordChanged,
    /// A new password was set by a mailed link; all devices were signed out.
    PasswordReset,
    /// The address to sign in with was changed.
    EmailChanged,
}

/// Something happened to the safety of the caller's account.
#[derive(Clone, Debug)]
pub struct SecurityEvent(pub Happened, pub model::SecurityEvent);

/// Something happened to the safety of the caller's account. Show it: if it was not the caller, a new password is due.
#[Object]
impl SecurityEvent {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// What happened.
    async fn what(&self) -> SecurityEventKind {
        self.1.what.into()
    }

    /// Global id of the device that it happened to or on. `null` if it was none in particular.
    async fn auth_session_id(&self) -> Option<ID> {
        self.1.auth_session_id.map(|id| ID(id.to_string()))
    }
}

/// A member's roles or status changed.
#[derive(Clone, Debug)]
pub struct RightsChanged(pub Happened, pub model::RightsChanged);

/// A member's roles or status changed: told to the member and to the administrators.
#[Object]
impl RightsChanged {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// Whose. `null` if the account was removed.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.1.member_id)).await?.map(Member)) }).await
    }

    /// Roles held since.
    async fn roles(&self) -> Vec<Role> {
        self.1.roles.iter().copied().map(Role::from).collect()
    }

    /// The status since.
    async fn status(&self) -> MemberStatus {
        self.1.status.into()
    }

    /// When a suspension ends by itself. `null` if there is none, or not for a time only.
    async fn suspended_until(&self) -> Option<DateTime<Utc>> {
        self.1.suspended_until
    }
}
