//! Root mutations of payouts.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::PayoutAccountRow,
    service::{self, AccountError, RequestError, RequestPayout},
    types::{
        ConnectPayoutAccountInput, ConnectPayoutAccountPayload, Payout, PayoutAccount, RequestPayoutInput,
        RequestPayoutPayload,
    },
};
use crate::{
    domains::{
        input::attempt,
        payments::mutation::checked_return_url,
        second_factor::mutation::stepped_up_by_factor,
        user_error::{
            AmountTooSmallError, BasicError, ErrorCode, InsufficientEarningsError,
            PayoutAccountNotReadyError, Refusal, UserError, answer, path,
        },
        wallet::{types::credits, viewer::earnings_of},
    },
    graphql::{ContextExt, Field, scalars::Url},
    integrations::payouts::PayoutFault,
};

/// Mutations of payouts.
#[derive(Debug, Default)]
pub struct PayoutsMutation;

/// Mutations of payouts.
#[Object]
impl PayoutsMutation {
    /// Opens the caller's account at the provider of payouts, or asks how it stands, and gives the page on which the caller
    /// proves who they are. Needs a second factor, and a step-up in the last ten minutes.
    async fn connect_payout_account(
        &self,
        ctx: &Context<'_>,
        input: ConnectPayoutAccountInput,
    ) -> Field<ConnectPayoutAccountPayload> {
        answer(async {
            let viewer = stepped_up_by_factor(ctx).await?;
            let return_url = input.return_url.map(|url| checked_return_url(ctx.app(), &url.0)).transpose()?;
            let connected = service::connect(ctx.app(), viewer, return_url.as_deref()).await?;
            ctx.wrote();
            Ok(ConnectPayoutAccountPayload {
                account: Some(PayoutAccount(Arc::new(connected.account))),
                onboarding_url: Some(Url(connected.onboarding_url)),
                ..Default::default()
            })
        })
        .await
    }

    /// Takes credits from the caller's earnings and pays them out to the caller's payout account; `viewerEvents` tells how
    /// far it is. Needs a second factor, and a step-up in the last ten minutes.
    async fn request_payout(
        &self,
        ctx: &Context<'_>,
        input: RequestPayoutInput,
    ) -> Field<RequestPayoutPayload> {
        answer(async {
            let viewer = stepped_up_by_factor(ctx).await?;
            let amount = input.amount.0;
            let attempt = attempt(viewer.member_id, "requestPayout", &input.idempotency_key, &amount)?;
            let command = RequestPayout { viewer, credits: amount, attempt };
            let requested = match service::request(ctx.app(), command).await {
                Ok(requested) => requested,
                Err(RequestError::AccountNotReady(account)) => {
                    return Err(account_not_ready(ctx, account).await.into());
                }
                Err(error) => return Err(error.into()),
            };
            ctx.wrote();
            Ok(RequestPayoutPayload {
                payout: Some(Payout(Arc::new(requested.payout))),
                earnings: Some(earnings_of(ctx, viewer.member_id).await?),
                replayed: Some(requested.replayed),
                ..Default::default()
            })
        })
        .await
    }
}

/// The refusal of a payout that has nowhere to go, with the page that helps.
async fn account_not_ready(ctx: &Context<'_>, account: Option<PayoutAccountRow>) -> UserError {
    let onboarding_url = match &account {
        Some(account) => service::onboarding_url(ctx.app(), account).await.map(Url),
        None => None,
    };
    let message = match &account {
        None => "You have no account that payouts can go to. Open one with `connectPayoutAccount`.",
        Some(_) => {
            "The provider pays nothing out to your account yet. Complete it at `onboardingUrl`, then try again."
        }
    };
    PayoutAccountNotReadyError {
        code: ErrorCode::PayoutAccountNotReady,
        message: message.to_owned(),
        path: Vec::new(),
        retryable: false,
        status: account.map(|account| account.status.into()),
        onboarding_url,
    }
    .into()
}

fn unavailable(message: &str, retryable: bool) -> Refusal {
    let code = ErrorCode::ProviderUnavailable;
    let (message, path) = (message.to_owned(), Vec::new());
    UserError::from(BasicError { code, message, path, retryable }).into()
}

fn not_set_up() -> Refusal {
    unavailable("Payouts are not set up on this server. Ask its operator.", false)
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NoProvider => not_set_up(),
            AccountError::Provider(PayoutFault::Refused(why)) => {
                tracing::warn!(why, "a provider of payouts refused an account");
                unavailable(
                    "The provider of payouts does not open an account for you. Write to support.",
                    false,
                )
            }
            AccountError::Provider(PayoutFault::Unknown(error)) => {
                tracing::warn!(%error, "no payout account could be opened");
                unavailable("The provider of payouts cannot be reached. Try again.", true)
            }
            AccountError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Conflict(difference) => UserError::idempotency_conflict(difference).into(),
            RequestError::NoProvider => not_set_up(),
            RequestError::AccountNotReady(_) => {
                let message = "Open an account for payouts with `connectPayoutAccount`.";
                UserError::basic(ErrorCode::PayoutAccountNotReady, "", message).into()
            }
            RequestError::TooSmall { least } => UserError::from(AmountTooSmallError {
                code: ErrorCode::AmountTooSmall,
                message: "This is less than the least that is paid out, which `minimum` says.".to_owned(),
                path: path("amount"),
                retryable: false,
                minimum: credits(least),
            })
            .into(),
            RequestError::Insufficient { available } => UserError::from(InsufficientEarningsError {
                code: ErrorCode::InsufficientEarnings,
                message: "Your earnings have less. Ask for `available` at most.".to_owned(),
                path: path("amount"),
                retryable: false,
                available: credits(available),
            })
            .into(),
            RequestError::Database(_) => Self::Api(error.into()),
        }
    }
}
