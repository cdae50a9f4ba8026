//! GraphQL types of accounts.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{model, service::SignedIn};
use crate::{
    domains::{event::Happened, profiles::types::Member, user_error::UserError},
    graphql::{ContextExt, Field, field, scalars::TimeZone},
    payloads,
};

/// What a member may be; roles can be held together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Role")]
pub enum Role {
    /// Learns: student, client.
    Learner,
    /// Teaches: teacher, educator, tutor, consultant, expert.
    Mentor,
    /// Barters skills.
    Exchanger,
    /// Looks after the platform.
    Admin,
}

/// What the privileged may do; granted by roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Permission")]
pub enum Permission {
    /// See every account, set roles, suspend and ban.
    ManageMembers,
    /// Decide who becomes a mentor.
    ReviewMentors,
    /// Read and check the audit log.
    ReadAudit,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::MemberStatus")]
pub enum MemberStatus {
    /// It may be used.
    Active,
    /// Its owner left it for a time.
    Inactive,
    /// It may look, but not act, until the suspension ends.
    Suspended,
    /// It may not be used.
    Banned,
}

/// A signed-in device with its tokens.
#[derive(Clone, Debug)]
pub struct SessionTokens(pub SignedIn);

/// A signed-in device with its tokens. Keep the refresh token secret: it is good once.
#[Object]
impl SessionTokens {
    /// Send it as `Authorization: Bearer …`, or in the payload of `connection_init`.
    async fn access_token(&self) -> &str {
        &self.0.access_token
    }

    /// Give it to `refreshSession` before the access token ends; good once.
    async fn refresh_token(&self) -> &str {
        &self.0.refresh_token
    }

    /// When the access token ends.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// Who is signed in. `null` only if the account was removed meanwhile.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(super::loaders::MemberById(self.0.member_id)).await?.map(Member)) }).await
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
        field(async { Ok(ctx.hot(super::loaders::MemberById(self.1.member_id)).await?.map(Member)) }).await
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

/// A new account.
#[derive(Clone, Debug, InputObject)]
pub struct RegisterMemberInput {
    /// The address to sign in with.
    pub email: String,
    /// 8 to 128 characters, any.
    pub password: String,
    /// The name others see, 1 to 80 characters.
    pub name: String,
    /// Where the member lives, for times in mails.
    #[graphql(default_with = "TimeZone(\"UTC\".to_owned())")]
    pub time_zone: TimeZone,
    /// `LEARNER`, `EXCHANGER` or both. The other roles are granted.
    #[graphql(default_with = "vec![Role::Learner]")]
    pub roles: Vec<Role>,
}

/// What `registerMember` did. It is the same for a new and for a registered address, so that nobody can find out who has
/// an account: sign in with `logIn` to see.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RegisterMemberPayload {
    /// Whether the registration was accepted.
    pub accepted: bool,
    /// Why it was not.
    pub user_errors: Vec<UserError>,
}

/// Who signs in.
#[derive(Clone, Debug, InputObject)]
pub struct LogInInput {
    /// The address of the account.
    pub email: String,
    /// Its password.
    pub password: String,
}

/// What `logIn` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct LogInPayload {
    /// The new device's tokens.
    pub session: Option<SessionTokens>,
    /// Why there are none.
    pub user_errors: Vec<UserError>,
}

/// Which device goes on.
#[derive(Clone, Debug, InputObject)]
pub struct RefreshSessionInput {
    /// The last refresh token.
    pub refresh_token: String,
}

/// What `refreshSession` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RefreshSessionPayload {
    /// The device's new tokens.
    pub session: Option<SessionTokens>,
    /// Why there are none.
    pub user_errors: Vec<UserError>,
}

/// Signs the caller's device out.
#[derive(Clone, Debug, InputObject)]
pub struct LogOutInput {
    /// Returned as it is, for clients that match answers to requests.
    pub client_mutation_id: Option<String>,
}

/// What `logOut` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct LogOutPayload {
    /// As in the input.
    pub client_mutation_id: Option<String>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

payloads!(RegisterMemberPayload, LogInPayload, RefreshSessionPayload, LogOutPayload);
