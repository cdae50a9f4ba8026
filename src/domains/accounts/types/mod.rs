//! GraphQL types of accounts: signing in and devices here; [`recovery`]: passwords and addresses; [`event`].

pub mod event;
pub mod recovery;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    loaders::DevicesOf,
    model::{self, ACCESS_TOKEN_LIFE, AUTH_SESSION_LIFE, AuthSessionRow},
    service::SignedIn,
};
use crate::{
    db::ids::AuthSessionId,
    domains::{profiles::types::Member, second_factor::types::SecondFactorInput, user_error::UserError},
    graphql::{ApiError, ContextExt, Field, cookies::Cookies, field, scalars::TimeZone},
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

/// How long a browser keeps what its device is known by.
const DEVICE_COOKIE_LIFE: TimeDelta = TimeDelta::days(365);

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
    /// See which apps use what of the API.
    ReadUsage,
    /// Open a conversation of others, for a reason and a time.
    OverseeConversations,
    /// See every dispute, and decide it.
    ResolveDisputes,
    /// Correct wallets, pay payments back, and see and replay what payment providers told.
    ManageMoney,
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
pub struct SessionTokens {
    signed_in: SignedIn,
    /// The page's browser keeps the tokens; no script shall see them.
    in_cookies: bool,
}

impl SessionTokens {
    /// Gives the tokens to the caller: in cookies to a web page that asked for them, otherwise in the answer.
    #[must_use]
    pub fn hand_out(ctx: &Context<'_>, signed_in: SignedIn) -> Self {
        let cookies = ctx.client().cookies.as_ref();
        if let Some(cookies) = cookies {
            cookies.set("access", &signed_in.access_token, ACCESS_TOKEN_LIFE);
            cookies.set("refresh", &signed_in.refresh_token, AUTH_SESSION_LIFE);
            keep_device(cookies, &signed_in.device_token);
        }
        Self { in_cookies: cookies.is_some(), signed_in }
    }
}

/// Makes a web page's browser a known device.
pub fn keep_device(cookies: &Cookies, device_token: &str) {
    cookies.set("device", device_token, DEVICE_COOKIE_LIFE);
}

/// Takes the tokens of a web page away. It stays a known device.
pub fn forget_tokens(cookies: &Cookies) {
    cookies.forget("access");
    cookies.forget("refresh");
}

/// A signed-in device with its tokens. Keep the refresh token secret: it is good once.
#[Object]
impl SessionTokens {
    /// Send it as `Authorization: Bearer …`, or in the payload of `connection_init`. `null` for a web page whose tokens
    /// travel in cookies.
    async fn access_token(&self) -> Option<&str> {
        (!self.in_cookies).then_some(&self.signed_in.access_token)
    }

    /// Give it to `refreshSession` before the access token ends; good once. `null` for a web page whose tokens travel in
    /// cookies.
    async fn refresh_token(&self) -> Option<&str> {
        (!self.in_cookies).then_some(&self.signed_in.refresh_token)
    }

    /// Keep it when signing out, and give it to the next `logIn`: others' wrong tries cannot lock a known device out. It
    /// signs nobody in. `null` for a web page whose tokens travel in cookies.
    async fn device_token(&self) -> Option<&str> {
        (!self.in_cookies).then_some(&self.signed_in.device_token)
    }

    /// The device's global id: one of `viewer.authSessions`.
    async fn auth_session_id(&self) -> ID {
        ID(self.signed_in.auth_session_id.to_string())
    }

    /// When the access token ends.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.signed_in.expires_at
    }

    /// Who is signed in. `null` only if the account was removed meanwhile.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(super::loaders::MemberById(self.signed_in.member_id)).await?.map(Member)) })
            .await
    }
}

/// A signed-in device of the caller, and whether it is the calling one.
#[derive(Clone, Debug)]
pub struct AuthSession {
    row: AuthSessionRow,
    current: bool,
}

/// A signed-in device of the caller.
#[Object]
impl AuthSession {
    /// Global id: give it to `revokeAuthSession`.
    pub async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// The program, in its own words. `null` if it said nothing.
    async fn user_agent(&self) -> Option<&str> {
        self.row.user_agent.as_deref()
    }

    /// The address it signed in from; the network for IPv6. `null` if unknown.
    async fn ip_address(&self) -> Option<&str> {
        self.row.ip_address.as_deref()
    }

    /// When it signed in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it last got new tokens.
    async fn last_used_at(&self) -> DateTime<Utc> {
        self.row.last_used_at
    }

    /// When it is signed out unless it gets new tokens before.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.row.expires_at
    }

    /// Whether it is the device that asks.
    async fn is_current(&self) -> bool {
        self.current
    }
}

/// The caller's signed-in devices; none for anonymous callers.
///
/// # Errors
/// If the database fails.
pub async fn own_auth_sessions(ctx: &Context<'_>) -> Result<Vec<AuthSession>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(Vec::new()) };
    let rows = ctx.one(DevicesOf(viewer.member_id, ctx.now())).await?.unwrap_or_default();
    let own =
        |row: &AuthSessionRow| AuthSession { row: row.clone(), current: row.id == viewer.auth_session_id };
    Ok(rows.iter().map(own).collect())
}

/// One of the caller's signed-in devices.
///
/// # Errors
/// If the database fails.
pub async fn own_auth_session(ctx: &Context<'_>, id: AuthSessionId) -> Result<Option<AuthSession>, ApiError> {
    Ok(own_auth_sessions(ctx).await?.into_iter().find(|device| device.row.id == id))
}

/// A new account.
#[derive(Clone, Debug, InputObject)]
pub struct RegisterMemberInput {
    /// The address to sign in with.
    pub email: String,
    /// 8 to 128 characters, any; not one of those that everybody tries first.
    pub password: String,
    /// The name others see, 1 to 80 characters.
    pub name: String,
    /// Where the member lives, for times in mails.
    #[graphql(default_with = "TimeZone(\"UTC\".to_owned())")]
    pub time_zone: TimeZone,
    /// BCP 47 tags of the languages spoken, best first, at most 10; the first that we write is the language of our mails.
    #[graphql(default)]
    pub languages: Vec<String>,
    /// `LEARNER`, `EXCHANGER` or both. The other roles are granted.
    #[graphql(default_with = "vec![Role::Learner]")]
    pub roles: Vec<Role>,
}

/// What `registerMember` did. It is the same for a new and for a registered address, so that nobody can find out who has
/// an account; the address gets a mail that says which. A new account can sign in with `logIn` at once.
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
    /// The second factor, if the account has one: without it, the right password is answered with `TWO_FACTOR_REQUIRED`.
    pub second_factor: Option<SecondFactorInput>,
    /// The `deviceToken` of an earlier sign-in on this device, so that others' wrong tries cannot lock it out.
    pub device_token: Option<String>,
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
    /// The last refresh token. Leave it out on a web page whose tokens travel in cookies.
    pub refresh_token: Option<String>,
}

/// What `refreshSession` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RefreshSessionPayload {
    /// The device's new tokens.
    pub session: Option<SessionTokens>,
    /// Why there are none.
    pub user_errors: Vec<UserError>,
}

/// Under which token the connection goes on.
#[derive(Clone, Debug, InputObject)]
pub struct RefreshConnectionInput {
    /// A new access token of the same member, from `refreshSession`. Leave it out on a web page whose tokens travel in
    /// cookies: then the connection lasts as long as the token that the page's last `refreshSession` gave.
    pub access_token: Option<String>,
}

/// What `refreshConnection` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RefreshConnectionPayload {
    /// Until when the connection stays open now: refresh it again before.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why nothing changed; the connection goes on until its own token ends.
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

/// Which device is signed out.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeAuthSessionInput {
    /// One of `viewer.authSessions`.
    pub id: ID,
}

/// What `revokeAuthSession` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RevokeAuthSessionPayload {
    /// The device that was signed out, by its global id: remove it from what you keep.
    pub revoked_id: Option<ID>,
    /// Why none was.
    pub user_errors: Vec<UserError>,
}

payloads!(
    RegisterMemberPayload,
    LogInPayload,
    RefreshSessionPayload,
    RefreshConnectionPayload,
    LogOutPayload,
    RevokeAuthSessionPayload
);
