//! Root queries of payments.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::{
    loaders::PACKAGES,
    model::{self, WebhookRow},
    repo, service,
    types::{CreditPackage, PaymentProvider, RefundQuote, RefundQuotePayload, Webhook, WebhookOutcome},
};
use crate::{
    domains::{input::id, user_error::answer},
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
        scalars::BigInt,
    },
};

/// Queries of payments.
#[derive(Debug, Default)]
pub struct PaymentsQuery;

/// Queries of payments.
#[Object]
impl PaymentsQuery {
    /// The packages of credits on sale, in order; open to everybody. `null` if they cannot be read.
    async fn credit_packages(&self, ctx: &Context<'_>) -> Field<Vec<CreditPackage>> {
        field(async { packages_on_sale(ctx).await.map(Some) }).await
    }

    /// The providers that can be paid through here, the preferred one first; empty if payments are not set up.
    async fn payment_providers(&self, ctx: &Context<'_>) -> Vec<PaymentProvider> {
        let all = ctx.app().integrations.payments.all();
        all.map(|own| PaymentProvider {
            name: own.name().into(),
            flows: own.flows().iter().map(|&flow| flow.into()).collect(),
        })
        .collect()
    }

    /// What it would move if a payment went back, or a part of it: `adminRefund` with the quote's id moves exactly that.
    async fn refund_quote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which payment.")] payment_id: ID,
        #[graphql(desc = "How much of it, in minor units of its currency; by default all that can go back.")]
        amount_minor: Option<BigInt>,
    ) -> Field<RefundQuotePayload> {
        answer(async {
            ctx.signed_in()?;
            let payment = id(&payment_id, "paymentId")?;
            let (quote, payment) =
                service::quote_refund(ctx.app(), payment, amount_minor.map(|amount| amount.0)).await?;
            let quote = Some(RefundQuote::new(&quote, payment, &ctx.app().secret));
            Ok(RefundQuotePayload { quote, ..Default::default() })
        })
        .await
    }

    /// What payment providers told, newest first; it is kept for 90 days. `null` if it cannot be read.
    async fn admin_webhooks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that did this.")] outcome: Option<WebhookOutcome>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Webhook>> {
        field(async {
            let outcome = outcome.map(model::WebhookOutcome::from);
            let scope = format!("webhooks:{outcome:?}");
            let read =
                async |keyset| Ok(repo::webhooks::page(&mut *ctx.conn().await?, outcome, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            page(args, &scope, read, |row: &WebhookRow| row.id, |row| Webhook(Arc::new(row))).await.map(Some)
        })
        .await
    }
}

/// The packages on sale, in order.
///
/// # Errors
/// Only if the database fails.
pub async fn packages_on_sale(ctx: &Context<'_>) -> Result<Vec<CreditPackage>, ApiError> {
    let rows = repo::packages_on_sale(&mut *ctx.public_conn(PACKAGES).await?).await?;
    Ok(rows.into_iter().map(|row| CreditPackage(Arc::new(row))).collect())
}
