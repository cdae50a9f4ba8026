//! Root mutations of the second factor, and the guard that sensitive mutations of any domain begin with.

use async_graphql::{Context, Object};

use super::{
    model::{self, Proof},
    service::{self, ConfirmError, DisableError, EnrollError, LogInFactorError, ProofError, StepUpError},
    types::{
        ConfirmTotpInput, ConfirmTotpPayload, DisableTotpInput, DisableTotpPayload, EnrollTotpInput,
        EnrollTotpPayload, ProofMethod, SecondFactor, StepUpInput, StepUpPayload,
    },
};
use crate::{
    domains::user_error::{ErrorCode, RateLimitedError, Refusal, UserError, answer, path},
    graphql::{ContextExt, Field, Viewer},
};

/// Who calls, if their device stepped up in the last ten minutes: the first line of a mutation that moves money out,
/// changes rights, or takes a way to sign in away.
///
/// # Errors
/// `UNAUTHENTICATED`; `TWO_FACTOR_REQUIRED` for mentors and administrators without a second factor; `STEP_UP_REQUIRED`.
pub async fn stepped_up(ctx: &Context<'_>) -> Result<Viewer, Refusal> {
    let viewer = ctx.signed_in()?;
    service::require_step_up(ctx.app(), viewer).await?;
    Ok(viewer)
}

/// Who calls, if they have a second factor and their device stepped up in the last ten minutes: the first line of a mutation
/// that pays money out. Nobody is excused, whatever their roles.
///
/// # Errors
/// `UNAUTHENTICATED`; `TWO_FACTOR_REQUIRED` without a second factor; `STEP_UP_REQUIRED`.
pub async fn stepped_up_by_factor(ctx: &Context<'_>) -> Result<Viewer, Refusal> {
    let viewer = ctx.signed_in()?;
    service::require_factor_and_step_up(ctx.app(), viewer).await?;
    Ok(viewer)
}

/// Mutations of the second factor.
#[derive(Debug, Default)]
pub struct SecondFactorMutation;

/// Mutations of the second factor.
#[Object]
impl SecondFactorMutation {
    /// Gives a new secret for an authenticator app; it counts once `confirmTotp` has seen a code of it. Needs a caller who
    /// signed in or stepped up in the last ten minutes.
    async fn enroll_totp(&self, ctx: &Context<'_>, input: EnrollTotpInput) -> Field<EnrollTotpPayload> {
        answer(async {
            let enrolled = service::enroll(ctx.app(), ctx.signed_in()?).await?;
            Ok(EnrollTotpPayload {
                secret: Some(enrolled.secret),
                otpauth_url: Some(enrolled.otpauth_url),
                client_mutation_id: input.client_mutation_id,
                ..Default::default()
            })
        })
        .await
    }

    /// Makes the second factor count, and gives the recovery codes. Needs a signed-in caller.
    async fn confirm_totp(&self, ctx: &Context<'_>, input: ConfirmTotpInput) -> Field<ConfirmTotpPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            let confirmed = service::confirm(ctx.app(), viewer, &input.code).await?;
            ctx.wrote();
            Ok(ConfirmTotpPayload {
                recovery_codes: Some(confirmed.recovery_codes),
                second_factor: SecondFactor::of(ctx, viewer).await?,
                ..Default::default()
            })
        })
        .await
    }

    /// Takes the second factor away, with its recovery codes. Needs a caller who stepped up in the last ten minutes.
    async fn disable_totp(&self, ctx: &Context<'_>, input: DisableTotpInput) -> Field<DisableTotpPayload> {
        answer(async {
            let viewer = stepped_up(ctx).await?;
            service::disable(ctx.app(), viewer).await?;
            ctx.wrote();
            Ok(DisableTotpPayload {
                second_factor: SecondFactor::of(ctx, viewer).await?,
                client_mutation_id: input.client_mutation_id,
                ..Default::default()
            })
        })
        .await
    }

    /// Proves again who the caller is: for ten minutes this device may do sensitive acts. Needs a signed-in caller.
    async fn step_up(&self, ctx: &Context<'_>, input: StepUpInput) -> Field<StepUpPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            let proof = match input {
                StepUpInput::Code(code) => Proof::Code(code),
                StepUpInput::RecoveryCode(code) => Proof::RecoveryCode(code),
                StepUpInput::Password(password) => Proof::Password(password),
            };
            service::step_up(ctx.app(), viewer, proof).await?;
            ctx.wrote();
            let second_factor = SecondFactor::of(ctx, viewer).await?;
            Ok(StepUpPayload { second_factor, ..Default::default() })
        })
        .await
    }
}

fn step_up_required(methods: Vec<model::ProofMethod>) -> Refusal {
    let message = if methods.is_empty() {
        "This account has no password: sign in again through its provider, from this device, then repeat this."
    } else {
        "Prove again who you are with `stepUp`, by one of `methods`, then repeat this."
    };
    UserError::step_up_required(message, methods.into_iter().map(ProofMethod::from).collect()).into()
}

impl From<StepUpError> for Refusal {
    fn from(error: StepUpError) -> Self {
        match error {
            StepUpError::TwoFactorRequired => {
                let message = "This needs a second factor: set one up with `enrollTotp`.";
                UserError::two_factor_required("", message, vec![ProofMethod::Totp]).into()
            }
            StepUpError::StepUpRequired { methods } => step_up_required(methods),
            StepUpError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<EnrollError> for Refusal {
    fn from(error: EnrollError) -> Self {
        match error {
            EnrollError::AlreadyEnabled => already_enabled(),
            EnrollError::StepUpRequired { methods } => step_up_required(methods),
            EnrollError::Seal(_) | EnrollError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<ConfirmError> for Refusal {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::NotEnrolled => UserError::transition("NOT_ENROLLED", &["enrollTotp"]).into(),
            ConfirmError::AlreadyEnabled => already_enabled(),
            ConfirmError::Proof(error) => error.into(),
            ConfirmError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<DisableError> for Refusal {
    fn from(error: DisableError) -> Self {
        match error {
            DisableError::NotEnabled => UserError::transition("NOT_ENROLLED", &["enrollTotp"]).into(),
            DisableError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<LogInFactorError> for Refusal {
    fn from(error: LogInFactorError) -> Self {
        match error {
            LogInFactorError::Missing { methods } => {
                let message =
                    "This account has a second factor: send it in `secondFactor`, by one of `methods`.";
                let methods = methods.into_iter().map(ProofMethod::from).collect();
                UserError::two_factor_required("secondFactor", message, methods).into()
            }
            LogInFactorError::Proof(error) => error.into(),
        }
    }
}

impl From<ProofError> for Refusal {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::CodeInvalid => {
                let message = "This is not the code that the app shows now. Check the clock of its device, and send the next one.";
                UserError::basic(ErrorCode::CodeInvalid, "code", message).into()
            }
            ProofError::CodeReused => {
                let message = "This code was used before. Wait for the next one, at most 30 seconds.";
                UserError::basic(ErrorCode::CodeReused, "code", message).into()
            }
            ProofError::RecoveryCodeInvalid => {
                let message = "The recovery code is unknown or used. Send another one.";
                UserError::basic(ErrorCode::TokenInvalid, "recoveryCode", message).into()
            }
            ProofError::PasswordWrong => {
                UserError::basic(ErrorCode::InvalidCredentials, "password", "This is not the password.")
                    .into()
            }
            ProofError::OtherMethod { methods } => step_up_required(methods),
            ProofError::TooManyTries { retry_after } => {
                let message = format!("Too many tries. Wait {retry_after} seconds.");
                UserError::from(RateLimitedError {
                    code: ErrorCode::RateLimited,
                    message,
                    path: path(""),
                    retryable: true,
                    retry_after: i32::try_from(retry_after).unwrap_or(i32::MAX),
                })
                .into()
            }
            ProofError::Seal(_) | ProofError::Hashing(_) | ProofError::Database(_) => Self::Api(error.into()),
        }
    }
}

fn already_enabled() -> Refusal {
    let message = "There is a second factor already. To change it, first take it away with `disableTotp`.";
    UserError::basic(ErrorCode::AlreadyDone, "", message).into()
}
