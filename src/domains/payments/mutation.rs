//! Root mutations of payments.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use serde_json::json;

use super::{
    query::packages_on_sale,
    service::{self, CheckoutError, CreateCheckout},
    types::{
        CreateCheckoutInput, CreateCheckoutPayload, Payment, PrepareCheckoutInput, PrepareCheckoutPayload,
    },
};
use crate::{
    app::App,
    db::ids::CreditPackageId,
    domains::{
        input::{attempt, id, not_found},
        intents::{self, model::Operation, mutation::check_key},
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
    /// Makes the key for a purchase when its form opens: `createCheckout` takes it as its `idempotencyKey`, as often as it
    /// takes. Needs a signed-in caller.
    async fn prepare_checkout(
        &self,
        ctx: &Context<'_>,
        input: PrepareCheckoutInput,
    ) -> Field<PrepareCheckoutPayload> {
        answer(async {
            let member = ctx.signed_in()?.member_id;
            let id: CreditPackageId = id(&input.package_id, "packageId")?;
            let on_sale = packages_on_sale(ctx).await?;
            let package = on_sale.into_iter().find(|package| package.0.id == id);
            let package = package.ok_or_else(|| not_found("packageId", "package on sale"))?;
            let intent = intents::service::mint(ctx.app(), member, Operation::CreateCheckout).await?;
            Ok(PrepareCheckoutPayload {
                intent_id: Some(ID(intent.id.to_string())),
                expires_at: Some(intent.expires_at),
                package: Some(package),
                user_errors: Vec::new(),
            })
        })
        .await
    }

    /// Begins to buy a package of credits: gives a payment with the page to pay on. The credits come with the provider's
    /// word; `viewerEvents` tells. Needs a signed-in caller.
    pub(crate) async fn create_checkout(
        &self,
        ctx: &Context<'_>,
        input: CreateCheckoutInput,
    ) -> Field<CreateCheckoutPayload> {
        answer(async {
            let member_id = ctx.signed_in()?.member_id;
            let package_id: CreditPackageId = id(&input.package_id, "packageId")?;
            let return_url = input.return_url.map(|url| checked_return_url(ctx.app(), &url.0)).transpose()?;
            let key = json!({ "packageId": package_id, "returnUrl": return_url });
            let attempt = attempt(member_id, "createCheckout", &input.idempotency_key, &key)?;
            check_key(ctx, &attempt).await?;
            let command = CreateCheckout { member_id, package_id, return_url, attempt };
            let started = service::create_checkout(ctx.app(), command).await?;
            let payment = Some(Payment(Arc::new(started.payment)));
            Ok(CreateCheckoutPayload { payment, replayed: Some(started.replayed), ..Default::default() })
        })
        .await
    }
}

fn checked_return_url(app: &App, url: &str) -> Result<String, UserError> {
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
            CheckoutError::Conflict(difference) => UserError::idempotency_conflict(difference).into(),
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
