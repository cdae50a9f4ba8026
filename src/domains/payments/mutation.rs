//! Root mutations of payments.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    query::packages_on_sale,
    service::{self, CheckoutError, CreateCheckout},
    types::{CreateCheckoutInput, CreateCheckoutPayload, Payment},
};
use crate::{
    app::App,
    db::ids::CreditPackageId,
    domains::{
        input::{attempt, id, not_found},
        user_error::{BasicError, ErrorCode, InsufficientFundsError, Refusal, UserError, answer, path},
        wallet::types::credits,
    },
    graphql::{ApiError, ContextExt, Field},
    integrations::payments::return_url,
};

/// Mutations of payments.
#[derive(Debug, Default)]
pub struct PaymentsMutation;

/// Mutations of payments.
#[Object]
impl PaymentsMutation {
    /// Begins to buy a package of credits: gives a payment with the page to pay on. The credits come with the provider's
    /// word; `viewerEvents` tells. Needs a signed-in caller.
    async fn create_checkout(
        &self,
        ctx: &Context<'_>,
        input: CreateCheckoutInput,
    ) -> Field<CreateCheckoutPayload> {
        answer(async {
            let member_id = ctx.signed_in()?.member_id;
            let package_id: CreditPackageId = id(&input.package_id, "packageId")?;
            let return_url = input.return_url.map(|url| checked_return_url(ctx.app(), &url.0)).transpose()?;
            let attempt =
                attempt(member_id, "createCheckout", &input.idempotency_key, &(package_id, &return_url))?;
            let command = CreateCheckout { member_id, package_id, return_url, attempt };
            let started = service::create_checkout(ctx.app(), command).await?;
            let payment = Some(Payment(Arc::new(started.payment)));
            Ok(CreateCheckoutPayload { payment, replayed: Some(started.replayed), ..Default::default() })
        })
        .await
    }
}

/// An address that a provider may send a member back to.
///
/// # Errors
/// `VALIDATION` with the rule `ORIGIN`.
pub fn checked_return_url(app: &App, url: &str) -> Result<String, UserError> {
    return_url::allowed(&app.config, &app.public_url, url).map(String::from).ok_or_else(|| {
        let message = "Members can be sent back to this server and to its allowed web origins only. Leave `returnUrl` out, \
                       or have the operator add the origin.";
        UserError::validation("returnUrl", "ORIGIN", message)
    })
}

/// The refusal of anything that costs more than the wallet has, with the packages that help.
///
/// # Errors
/// Only if the database fails.
pub async fn insufficient_funds(ctx: &Context<'_>, missing: i64, at: &str) -> Result<UserError, ApiError> {
    let packages = packages_on_sale(ctx).await?;
    let code = ErrorCode::InsufficientFunds;
    let message =
        "Your wallet has too little for this. Buy a package of credits with createCheckout, then try again."
            .to_owned();
    Ok(InsufficientFundsError {
        code,
        message,
        path: path(at),
        retryable: false,
        missing: credits(missing),
        packages,
    }
    .into())
}

impl From<CheckoutError> for Refusal {
    fn from(error: CheckoutError) -> Self {
        let unavailable = |message: &str, retryable| {
            let code = ErrorCode::ProviderUnavailable;
            Self::from(UserError::from(BasicError {
                code,
                message: message.to_owned(),
                path: Vec::new(),
                retryable,
            }))
        };
        match error {
            CheckoutError::UnknownPackage => not_found("packageId", "package on sale").into(),
            CheckoutError::Conflict => UserError::idempotency_conflict().into(),
            CheckoutError::NoProvider => {
                unavailable("Payments are not set up on this server. Ask its operator.", false)
            }
            CheckoutError::Provider(error) => {
                tracing::warn!(%error, "no checkout could be made");
                unavailable(
                    "The payment provider cannot be reached. Try again with the same idempotencyKey.",
                    true,
                )
            }
            CheckoutError::Database(_) => Self::Api(error.into()),
        }
    }
}
