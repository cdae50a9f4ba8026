//! Root mutations of accounts.

use async_graphql::{Context, Object};

use super::{
    model::{PASSWORD_LENGTH, Role, normal_email},
    service::{self, AccountError, LogInError, RefreshError},
    types::{
        LogInInput, LogInPayload, LogOutInput, LogOutPayload, RefreshSessionInput, RefreshSessionPayload,
        RegisterMemberInput, RegisterMemberPayload, SessionTokens,
    },
};
use crate::{
    domains::{
        input::text,
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
    /// Makes an account. Open to everybody.
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
            // Longer than any password: not worth hashing.
            let password = if input.password.chars().count() <= *PASSWORD_LENGTH.end() {
                input.password
            } else {
                String::new()
            };
            let signed_in = service::log_in(ctx.app(), &email, password, ctx.user_agent()).await?;
            Ok(LogInPayload { session: Some(SessionTokens(signed_in)), ..Default::default() })
        })
        .await
    }

    /// Gives a device new tokens for its refresh token. Open to everybody who has one.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        input: RefreshSessionInput,
    ) -> Field<RefreshSessionPayload> {
        answer(async {
            let signed_in = service::refresh(ctx.app(), &input.refresh_token).await?;
            Ok(RefreshSessionPayload { session: Some(SessionTokens(signed_in)), ..Default::default() })
        })
        .await
    }

    /// Signs the caller's device out: its tokens are dead at once. Needs a signed-in caller.
    async fn log_out(&self, ctx: &Context<'_>, input: LogOutInput) -> Field<LogOutPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            service::log_out(ctx.app(), viewer).await?;
            Ok(LogOutPayload { client_mutation_id: input.client_mutation_id, ..Default::default() })
        })
        .await
    }
}

fn registration(input: RegisterMemberInput) -> Result<service::Register, Refusal> {
    let invalid = |path: &str, rule: &str, message: &str| UserError::validation(path, rule, message);
    let mut errors = Vec::new();
    let email = normal_email(&input.email);
    if email.is_none() {
        errors.push(invalid("email", "EMAIL", "Give an e-mail address such as ada@example.org."));
    }
    if !PASSWORD_LENGTH.contains(&input.password.chars().count()) {
        errors.push(invalid("password", "LENGTH", "The password must have 8 to 128 characters."));
    }
    let name = text(&input.name, "name", 1..=80).map_err(|error| errors.push(error)).unwrap_or_default();
    let roles: Vec<Role> = input.roles.into_iter().map(Role::from).collect();
    if roles.is_empty() || roles.iter().any(|role| !matches!(role, Role::Learner | Role::Exchanger)) {
        errors.push(invalid(
            "roles",
            "ROLE",
            "Choose LEARNER, EXCHANGER or both; the other roles are granted.",
        ));
    }
    match email {
        Some(email) if errors.is_empty() => {
            let time_zone = input.time_zone.0;
            Ok(service::Register { email, password: input.password, name, time_zone, roles })
        }
        _ => Err(Refusal::User(errors)),
    }
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
            LogInError::Suspended(suspension) => UserError::suspended(suspension.until).into(),
            LogInError::Database(_) | LogInError::Token(_) => Self::Api(error.into()),
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
