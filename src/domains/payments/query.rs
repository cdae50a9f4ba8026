//! Root queries of payments.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{loaders::PACKAGES, repo, types::CreditPackage};
use crate::graphql::{ApiError, ContextExt, Field, field};

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
}

/// The packages on sale, in order.
///
/// # Errors
/// Only if the database fails.
pub async fn packages_on_sale(ctx: &Context<'_>) -> Result<Vec<CreditPackage>, ApiError> {
    let rows = repo::packages_on_sale(&mut *ctx.public_conn(PACKAGES).await?).await?;
    Ok(rows.into_iter().map(|row| CreditPackage(Arc::new(row))).collect())
}
