//! Root mutations of payments.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use serde_json::json;

use super::{
    model::Quote,
    query::packages_on_sale,
    service::{self, AskForRefund, CheckoutError, CreateCheckout, LookError, ReceiveError, RefundError},
    types::{
        AdminRefundInput, AdminRefundPayload, AdminReplayWebhookInput, AdminReplayWebhookPayload,
        CreateCheckoutInput, CreateCheckoutPayload, Payment, PaymentRefund, PrepareCheckoutInput,
        PrepareCheckoutPayload, VerifyPaymentInput, VerifyPaymentPayload, Webhook,
    },
};
use crate::{
    app::App,
    db::ids::CreditPackageId,
    domains::{
        input::{attempt, id, not_found, text},
        intents::{self, model::Operation, mutation::check_key},
        second_factor::mutation::stepped_up,
        user_error::{
            AmountTooHighError, ErrorCode, InsufficientFundsError, ProviderUnavailableError, Refusal,
            UserError, answer, path,
        },
        wallet::types::credits,
    },
    graphql::{ApiError, ContextExt, Field, scalars::Money},
    integrations::payments::{Flow, ProviderError, ProviderName, return_url},
};

/// Characters of a reason.
const REASON: std::ops::RangeInclusive<usize> = 3..=500;

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
            let provider = input.provider.map(ProviderName::from);
            let flow = Flow::from(input.flow);
            let asked = json!({ "packageId": package_id, "returnUrl": return_url, "provider": provider, "flow": flow });
            let attempt = attempt(member_id, "createCheckout", &input.idempotency_key, &asked)?;
            check_key(ctx, &attempt).await?;
            let command = CreateCheckout { member_id, package_id, provider, flow, return_url, attempt };
            let started = service::create_checkout(ctx.app(), command).await;
            let started = started.map_err(|error| checkout_refusal(ctx.app(), flow, error))?;
            let payment = Some(Payment(Arc::new(started.payment)));
            Ok(CreateCheckoutPayload { payment, replayed: Some(started.replayed), ..Default::default() })
        })
        .await
    }

    /// Asks the provider what became of a payment: for a client that came back from the provider's page, which proves
    /// nothing. Whether this or the provider's own word is first makes no difference. Needs no idempotency key: asking
    /// twice changes nothing.
    async fn verify_payment(
        &self,
        ctx: &Context<'_>,
        input: VerifyPaymentInput,
    ) -> Field<VerifyPaymentPayload> {
        answer(async {
            let member_id = ctx.signed_in()?.member_id;
            let payment = id(&input.payment_id, "paymentId")?;
            let verified = service::verify_payment(ctx.app(), member_id, payment).await;
            let payment = verified.map_err(|error| look_refusal(ctx.app(), error))?;
            Ok(VerifyPaymentPayload { payment: Some(Payment(Arc::new(payment))), ..Default::default() })
        })
        .await
    }

    /// Pays a payment back, or a part of it, exactly as quoted: the credits leave the payer's wallet at once, and the
    /// provider is asked right after. Should it fail, payment and wallet are as they were. Needs a step-up in the last ten
    /// minutes.
    async fn admin_refund(&self, ctx: &Context<'_>, input: AdminRefundInput) -> Field<AdminRefundPayload> {
        answer(async {
            let by = stepped_up(ctx).await?;
            let quote = Quote::open(&ctx.app().secret, &input.quote_id).ok_or_else(|| {
                UserError::validation("quoteId", "ID", "Give the id of a quote of refundQuote.")
            })?;
            let reason = text(&input.reason, "reason", REASON)?;
            let asked = (quote.id, &reason);
            let attempt = attempt(by.member_id, "adminRefund", &input.idempotency_key, &asked)?;
            let command = AskForRefund { by, quote, reason, attempt };
            let asked = service::ask_for_refund(ctx.app(), command).await?;
            let refund = PaymentRefund { row: Arc::new(asked.refund), payment: Arc::new(asked.payment) };
            Ok(AdminRefundPayload {
                refund: Some(refund),
                replayed: Some(asked.replayed),
                ..Default::default()
            })
        })
        .await
    }

    /// Applies once more what a payment provider told: it does what it would do if it came now, and never anything twice.
    /// Needs a step-up in the last ten minutes.
    async fn admin_replay_webhook(
        &self,
        ctx: &Context<'_>,
        input: AdminReplayWebhookInput,
    ) -> Field<AdminReplayWebhookPayload> {
        answer(async {
            let by = stepped_up(ctx).await?;
            let webhook = id(&input.webhook_id, "webhookId")?;
            let reason = text(&input.reason, "reason", REASON)?;
            let webhook = service::replay_webhook(ctx.app(), by, webhook, &reason).await?;
            Ok(AdminReplayWebhookPayload { webhook: Some(Webhook(Arc::new(webhook))), ..Default::default() })
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

fn checkout_refusal(app: &App, flow: Flow, error: CheckoutError) -> Refusal {
    match error {
        CheckoutError::UnknownPackage => not_found("packageId", "package on sale").into(),
        CheckoutError::Conflict(difference) => UserError::idempotency_conflict(difference).into(),
        CheckoutError::NoProvider(flow) => {
            unavailable(app, flow, "This cannot be paid so here. Take one of `available`.", false).into()
        }
        CheckoutError::Provider(error) => silent(app, flow, &error).into(),
        CheckoutError::Database(error) => error.into(),
    }
}

fn look_refusal(app: &App, error: LookError) -> Refusal {
    match error {
        LookError::NotFound => not_found("paymentId", "payment").into(),
        LookError::NoProvider => {
            let message = "The payment's provider is not set up on this server any more. Ask its operator.";
            unavailable(app, Flow::Hosted, message, false).into()
        }
        LookError::Provider(error) => silent(app, Flow::Hosted, &error).into(),
        LookError::Database(error) => error.into(),
    }
}

fn silent(app: &App, flow: Flow, error: &ProviderError) -> UserError {
    tracing::warn!(%error, "a payment provider did not do what it was asked");
    let retryable = matches!(error, ProviderError::Unavailable(_));
    let message = if retryable {
        "The payment provider cannot be reached. Send the same request again."
    } else {
        "The payment provider refused this. Take another one of `available`, or ask the operator."
    };
    unavailable(app, flow, message, retryable)
}

/// The refusal of what a provider should do, with those that can.
fn unavailable(app: &App, flow: Flow, message: &str, retryable: bool) -> UserError {
    let able = app.integrations.payments.all().filter(|own| own.flows().contains(&flow));
    ProviderUnavailableError {
        code: ErrorCode::ProviderUnavailable,
        message: message.to_owned(),
        path: path("provider"),
        retryable,
        available: able.map(|own| own.name().into()).collect(),
    }
    .into()
}

impl From<RefundError> for Refusal {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::NotFound => not_found("paymentId", "payment").into(),
            RefundError::NotPaid(status) => UserError::transition(status.as_str(), &[]).into(),
            RefundError::TooHigh { refundable, currency, spent } => {
                let message = if spent {
                    "The payer has spent some of the credits: no more than `refundable` can go back."
                } else {
                    "No more than `refundable` can go back: the rest went back before, or is on its way."
                };
                let refundable = Money::new(refundable, currency.as_str());
                let (code, message) = (ErrorCode::AmountTooHigh, message.to_owned());
                UserError::from(AmountTooHighError {
                    code,
                    message,
                    path: path("amountMinor"),
                    retryable: false,
                    refundable,
                })
                .into()
            }
            RefundError::QuoteExpired => {
                let message = "The quote is too old. Ask refundQuote for a new one.";
                UserError::basic(ErrorCode::QuoteExpired, "quoteId", message).into()
            }
            RefundError::QuoteUsed => {
                let message = "The quote was used: each is good once. Ask refundQuote for a new one.";
                UserError::basic(ErrorCode::QuoteUsed, "quoteId", message).into()
            }
            RefundError::Conflict(difference) => UserError::idempotency_conflict(difference).into(),
            RefundError::Database(error) => error.into(),
        }
    }
}

impl From<ReceiveError> for Refusal {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Database(error) => error.into(),
            ReceiveError::UnknownProvider => {
                let message = "Its provider is not set up on this server any more.";
                UserError::basic(ErrorCode::ProviderUnavailable, "webhookId", message).into()
            }
            ReceiveError::NotFound | ReceiveError::Bad(_) | ReceiveError::Provider(_) => {
                not_found("webhookId", "webhook").into()
            }
        }
    }
}
