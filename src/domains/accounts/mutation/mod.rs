//! Root mutations of accounts: signing in and out here; [`recovery`]: passwords and addresses.

mod recovery;

use async_graphql::{Context, Object};

use super::{
    model::{PASSWORD_LENGTH, Role, normal_email},
    service::{
        self, AccountError, LogInError, RefreshError, RenewError, RevokeError, connection, device::Device,
        password::is_common, sign_in,
    },
    types::{
        LogInInput, LogInPayload, LogOutInput, LogOutPayload, RefreshConnectionInput,
        RefreshConnectionPayload, RefreshSessionInput, RefreshSessionPayload, RegisterMemberInput,
        RegisterMemberPayload, RevokeAuthSessionInput, RevokeAuthSessionPayload, SessionTokens,
        forget_tokens,
    },
};
pub use recovery::RecoveryMutation;

use crate::{
    domains::{
        identities::service::viewer_of,
        input::{self, languages, not_found, text},
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Mutations of accounts.
#[derive(Debug, Default)]
pub struct AccountsMutation;

/// Mutations of accounts.
#[Object]
impl AccountsMutation {
    /// Makes an account, and mails a link that proves its address. Open to everybody.
    async fn register_member(
        &self,
        ctx: &Context<'_>,
        input: RegisterMemberInput,
    ) -> Field<RegisterMemberPayload> {
        answer(async {
            let command = registration(input)?;
            service::register(ctx.app(), command).await?;
            Ok(RegisterMemberPayload { accepted: true, ..Default::default() })
        })
        .await
    }

    /// Signs a device in. Open to everybody.
    async fn log_in(&self, ctx: &Context<'_>, input: LogInInput) -> Field<LogInPayload> {
        answer(async {
            let email = normal_email(&input.email).unwrap_or_default();
            let device = Device::of(ctx.client(), input.device_token);
            let password = shortened(input.password);
            let factor = input.second_factor.map(Into::into);
            let signed_in = sign_in::log_in(ctx.app(), &email, password, factor, &device).await?;
            let session = Some(SessionTokens::hand_out(ctx, signed_in));
            Ok(LogInPayload { session, ..Default::default() })
        })
        .await
    }

    /// Gives a device new tokens for its refresh token. For 30 seconds the same refresh token gives the same next one again,
    /// in case the answer was lost; after that its use signs the device out, because somebody else may have it. Open to
    /// everybody who has one.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        input: RefreshSessionInput,
    ) -> Field<RefreshSessionPayload> {
        answer(async {
            let cookies = ctx.client().cookies.as_ref();
            let kept = || cookies.and_then(|cookies| cookies.get("refresh").map(str::to_owned));
            let token = input.refresh_token.or_else(kept).unwrap_or_default();
            let device = Device::of(ctx.client(), None);
            let refreshed = sign_in::refresh(ctx.app(), &token, &device).await;
            if let (Err(RefreshError::TokenInvalid), Some(cookies)) = (&refreshed, cookies) {
                forget_tokens(cookies);
            }
            let session = Some(SessionTokens::hand_out(ctx, refreshed?));
            Ok(RefreshSessionPayload { session, ..Default::default() })
        })
        .await
    }

    /// Lets the WebSocket that it is sent over outlive the token that it was opened with: give it a new one before the old
    /// one ends, and no subscription has to begin again. What they may deliver is checked anew. Only over a WebSocket;
    /// without it, the socket closes with 4401 when its token ends. Needs a signed-in caller.
    async fn refresh_connection(
        &self,
        ctx: &Context<'_>,
        input: RefreshConnectionInput,
    ) -> Field<RefreshConnectionPayload> {
        answer(async {
            ctx.signed_in()?;
            let pass = ctx.client().pass.as_deref().ok_or_else(|| {
                let message = "Send this over the WebSocket that it is for. Over HTTP, send the new token with each request.";
                UserError::basic(ErrorCode::WebsocketRequired, "", message)
            })?;
            let next = match &input.access_token {
                Some(token) => {
                    let viewer = viewer_of(ctx.app(), token, ctx.client()).await;
                    Some(viewer.map_err(|_| RenewError::TokenInvalid)?)
                }
                None => None,
            };
            let expires_at = connection::renew(ctx.app(), pass, next).await?;
            Ok(RefreshConnectionPayload { expires_at: Some(expires_at), ..Default::default() })
        })
        .await
    }

    /// Signs the caller's device out: its tokens are dead at once. Needs a signed-in caller.
    async fn log_out(&self, ctx: &Context<'_>, input: LogOutInput) -> Field<LogOutPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            sign_in::log_out(ctx.app(), viewer).await?;
            if let Some(cookies) = &ctx.client().cookies {
                forget_tokens(cookies);
            }
            Ok(LogOutPayload { client_mutation_id: input.client_mutation_id, ..Default::default() })
        })
        .await
    }

    /// Signs one of the caller's devices out: its tokens are dead at once, its subscriptions within seconds. Needs a
    /// signed-in caller.
    async fn revoke_auth_session(
        &self,
        ctx: &Context<'_>,
        input: RevokeAuthSessionInput,
    ) -> Field<RevokeAuthSessionPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            sign_in::revoke(ctx.app(), viewer, input::id(&input.id, "id")?).await?;
            ctx.wrote();
            Ok(RevokeAuthSessionPayload { revoked_id: Some(input.id), ..Default::default() })
        })
        .await
    }
}

fn registration(input: RegisterMemberInput) -> Result<service::Register, Refusal> {
    let mut errors = Vec::new();
    let email = email(&input.email, "email").map_err(|error| errors.push(error)).ok();
    check_password(&input.password, "password").map_err(|error| errors.push(error)).ok();
    let name = text(&input.name, "name", 1..=80).map_err(|error| errors.push(error)).unwrap_or_default();
    let languages =
        languages(input.languages, "languages").map_err(|error| errors.push(error)).unwrap_or_default();
    let roles: Vec<Role> = input.roles.into_iter().map(Role::from).collect();
    if roles.is_empty() || roles.iter().any(|role| !matches!(role, Role::Learner | Role::Exchanger)) {
        let message = "Choose LEARNER, EXCHANGER or both; the other roles are granted.";
        errors.push(UserError::validation("roles", "ROLE", message));
    }
    match email {
        Some(email) if errors.is_empty() => {
            let time_zone = input.time_zone.0;
            Ok(service::Register { email, password: input.password, name, time_zone, languages, roles })
        }
        _ => Err(Refusal::User(errors)),
    }
}

fn email(value: &str, path: &str) -> Result<String, UserError> {
    let message = "Give an e-mail address such as ada@example.org.";
    normal_email(value).ok_or_else(|| UserError::validation(path, "EMAIL", message))
}

fn check_password(value: &str, path: &str) -> Result<(), UserError> {
    if !PASSWORD_LENGTH.contains(&value.chars().count()) {
        let message = "The password must have 8 to 128 characters.";
        return Err(UserError::validation(path, "LENGTH", message));
    }
    if is_common(value) {
        let message = "This password is among the first that anybody tries. Choose another one.";
        return Err(UserError::validation(path, "COMMON", message));
    }
    Ok(())
}

/// A password to compare. One that is longer than any is not worth hashing.
fn shortened(password: String) -> String {
    if password.chars().count() <= *PASSWORD_LENGTH.end() { password } else { String::new() }
}

fn limited(retry_after: i32) -> UserError {
    UserError::rate_limited("", "Too many tries. Wait `retryAfter` seconds.", retry_after)
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        Self::Api(error.into())
    }
}

impl From<LogInError> for Refusal {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::InvalidCredentials => {
                let message = "The e-mail address and the password do not belong together.";
                UserError::basic(ErrorCode::InvalidCredentials, "", message).into()
            }
            LogInError::Limited(retry_after) => limited(retry_after).into(),
            LogInError::Suspended(suspension) => UserError::suspended(suspension.until).into(),
            LogInError::Factor(error) => error.into(),
            LogInError::Hashing(_) | LogInError::Database(_) | LogInError::Token(_) => {
                Self::Api(error.into())
            }
        }
    }
}

impl From<RefreshError> for Refusal {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::TokenInvalid => {
                let message = "The refresh token is unknown, spent or expired. Sign in again with logIn.";
                UserError::basic(ErrorCode::TokenInvalid, "refreshToken", message).into()
            }
            RefreshError::LogIn(error) => error.into(),
            RefreshError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<RenewError> for Refusal {
    fn from(error: RenewError) -> Self {
        let (code, message) = match error {
            RenewError::TokenInvalid => (
                ErrorCode::TokenInvalid,
                "The access token is broken, expired or signed out. Get one from refreshSession.",
            ),
            RenewError::OtherMember => (
                ErrorCode::Forbidden,
                "The access token is another member's. Open another connection with it.",
            ),
            RenewError::Database(_) => return Self::Api(error.into()),
        };
        UserError::basic(code, "accessToken", message).into()
    }
}

impl From<RevokeError> for Refusal {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotFound => not_found("id", "device").into(),
            RevokeError::Database(_) => Self::Api(error.into()),
        }
    }
}
