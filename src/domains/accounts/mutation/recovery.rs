//! Root mutations about passwords and addresses.

use async_graphql::{Context, Object};

use super::{check_password, email, limited, shortened};
use crate::{
    domains::{
        accounts::{
            service::{
                self,
                device::Device,
                recovery::{self, RecoveryError},
            },
            types::recovery::{
                ChangePasswordInput, ChangePasswordPayload, ConfirmEmailChangeInput,
                ConfirmEmailChangePayload, RequestEmailChangeInput, RequestEmailChangePayload,
                RequestEmailVerificationInput, RequestEmailVerificationPayload, RequestPasswordResetInput,
                RequestPasswordResetPayload, ResetPasswordInput, ResetPasswordPayload, VerifyEmailInput,
                VerifyEmailPayload,
            },
        },
        second_factor,
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Mutations about passwords and addresses.
#[derive(Debug, Default)]
pub struct RecoveryMutation;

/// Mutations about passwords and addresses.
#[Object]
impl RecoveryMutation {
    /// Proves an address by the token that was mailed to it: once, within an hour. Open to everybody who has one.
    async fn verify_email(&self, ctx: &Context<'_>, input: VerifyEmailInput) -> Field<VerifyEmailPayload> {
        answer(async {
            recovery::verify_email(ctx.app(), &input.token).await?;
            ctx.wrote();
            Ok(VerifyEmailPayload { email_verified: true, ..Default::default() })
        })
        .await
    }

    /// Mails the link of `verifyEmail` again, if the address is not proven yet. Needs a signed-in caller.
    async fn request_email_verification(
        &self,
        ctx: &Context<'_>,
        input: RequestEmailVerificationInput,
    ) -> Field<RequestEmailVerificationPayload> {
        answer(async {
            recovery::request_verification(ctx.app(), ctx.signed_in()?).await?;
            let client_mutation_id = input.client_mutation_id;
            Ok(RequestEmailVerificationPayload { client_mutation_id, accepted: true, ..Default::default() })
        })
        .await
    }

    /// Mails a link to a new password, if the address has an account. The answer is the same if it has none. Open to
    /// everybody.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        input: RequestPasswordResetInput,
    ) -> Field<RequestPasswordResetPayload> {
        answer(async {
            let email = email(&input.email, "email")?;
            recovery::request_reset(ctx.app(), &email, &Device::of(ctx.client(), None)).await?;
            Ok(RequestPasswordResetPayload { accepted: true, ..Default::default() })
        })
        .await
    }

    /// Sets a new password by a mailed token: once, within an hour. Signs all devices out. Open to everybody who has one.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        input: ResetPasswordInput,
    ) -> Field<ResetPasswordPayload> {
        answer(async {
            check_password(&input.new_password, "newPassword")?;
            let device = Device::of(ctx.client(), None);
            let token = recovery::reset(ctx.app(), &input.token, input.new_password, &device).await?;
            let device_token = match &ctx.client().cookies {
                Some(cookies) => {
                    crate::domains::accounts::types::keep_device(cookies, &token);
                    None
                }
                None => Some(token),
            };
            Ok(ResetPasswordPayload { accepted: true, device_token, ..Default::default() })
        })
        .await
    }

    /// Changes the caller's password and signs the other devices out. Needs a signed-in caller who knows the present one.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        input: ChangePasswordInput,
    ) -> Field<ChangePasswordPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            check_password(&input.new_password, "newPassword")?;
            let current = shortened(input.current_password);
            recovery::change(ctx.app(), viewer, current, input.new_password)
                .await
                .map_err(|error| refusal(error, "currentPassword"))?;
            ctx.wrote();
            Ok(ChangePasswordPayload { accepted: true, ..Default::default() })
        })
        .await
    }

    /// Mails a link to a new address for the caller's account, and a notice to the present one. Needs a signed-in caller who
    /// knows the password, and stepped up in the last ten minutes if there is a second factor.
    async fn request_email_change(
        &self,
        ctx: &Context<'_>,
        input: RequestEmailChangeInput,
    ) -> Field<RequestEmailChangePayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            second_factor::service::require_step_up_if_enrolled(ctx.app(), viewer).await?;
            let email = email(&input.new_email, "newEmail")?;
            service::email::request_change(ctx.app(), viewer, shortened(input.password), &email)
                .await
                .map_err(|error| refusal(error, "password"))?;
            Ok(RequestEmailChangePayload { accepted: true, ..Default::default() })
        })
        .await
    }

    /// Makes the address that the token was mailed to the account's own: once, within an hour. Both addresses are told. Open
    /// to everybody who has one.
    async fn confirm_email_change(
        &self,
        ctx: &Context<'_>,
        input: ConfirmEmailChangeInput,
    ) -> Field<ConfirmEmailChangePayload> {
        answer(async {
            service::email::confirm_change(ctx.app(), &input.token).await?;
            ctx.wrote();
            Ok(ConfirmEmailChangePayload { accepted: true, ..Default::default() })
        })
        .await
    }
}

impl From<RecoveryError> for Refusal {
    fn from(error: RecoveryError) -> Self {
        refusal(error, "password")
    }
}

/// `password` = where the input has the present password.
fn refusal(error: RecoveryError, password: &str) -> Refusal {
    match error {
        RecoveryError::TokenInvalid => {
            let message = "The token is unknown, used or older than an hour. Ask for a new mail.";
            UserError::basic(ErrorCode::TokenInvalid, "token", message).into()
        }
        RecoveryError::InvalidCredentials => {
            let message = "This is not the present password. Ask for a new one with requestPasswordReset if it is lost.";
            UserError::basic(ErrorCode::InvalidCredentials, password, message).into()
        }
        RecoveryError::SameEmail => {
            let message = "This is the account's address already. Give another one.";
            UserError::validation("newEmail", "SAME", message).into()
        }
        RecoveryError::EmailTaken => {
            let message =
                "Another account has this address now. Sign in to that one, or ask for another address.";
            UserError::basic(ErrorCode::NameTaken, "token", message).into()
        }
        RecoveryError::Limited(retry_after) => limited(retry_after).into(),
        RecoveryError::Hashing(_) | RecoveryError::Database(_) => Refusal::Api(error.into()),
    }
}
