//! GraphQL types of invoices.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    loaders::{FileOf, InvoiceById},
    model::{self, InvoiceRow},
    service,
};
use crate::{
    db::ids::InvoiceId,
    domains::payments::{loaders::PaymentById, types::Payment},
    graphql::{
        ApiError, ContextExt, Field, field,
        plain::PlainFields,
        scalars::{BigInt, Money, Url},
    },
};

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::InvoiceKind")]
pub enum InvoiceKind {
    /// What was bought and paid; also the receipt.
    Invoice,
    /// What of an invoice was paid back.
    CreditNote,
}

/// A numbered document about a payment of the caller. It never changes.
#[derive(Clone, Debug)]
pub struct Invoice(pub Arc<InvoiceRow>);

/// A numbered document about a payment of the caller. It never changes.
#[Object]
impl Invoice {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What it is.
    async fn kind(&self) -> InvoiceKind {
        self.0.kind.into()
    }

    /// Its number, such as `INV-2026-000001`. Those of a kind and year have no gap.
    async fn number(&self) -> String {
        self.0.full_number()
    }

    /// What was paid, or paid back.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, self.0.currency.as_str())
    }

    /// What was sold.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// When it was made.
    async fn issued_at(&self) -> DateTime<Utc> {
        self.0.issued_at
    }

    /// The payment. `null` if it cannot be read.
    async fn payment(&self, ctx: &Context<'_>) -> Field<Payment> {
        field(async { Ok(ctx.one(PaymentById(self.0.payment_id)).await?.map(Payment)) }).await
    }

    /// The invoice that a credit note corrects. `null` for an invoice.
    async fn corrects(&self, ctx: &Context<'_>) -> Field<Invoice> {
        field(async {
            let Some(id) = self.0.corrects_id else { return Ok(None) };
            Ok(ctx.one(InvoiceById(id)).await?.map(Invoice))
        })
        .await
    }

    /// The document as a PDF. `null` if it cannot be made right now: ask again.
    async fn file(&self, ctx: &Context<'_>) -> Field<InvoiceFile> {
        field(async {
            ctx.now();
            let file = match ctx.one(FileOf(self.0.id)).await? {
                Some(made) => made,
                // Asked for before its job ran.
                None => Arc::new(service::file_of(ctx.app(), &self.0).await?),
            };
            let (url, expires_at) = service::link(ctx.app(), &self.0, &file).await?;
            let (bytes, sha256) = (BigInt(file.bytes), file.sha256_text());
            Ok(Some(InvoiceFile { url: Url(url), expires_at, bytes, sha256 }))
        })
        .await
    }
}

impl PlainFields for Invoice {}

/// The PDF of a document.
#[derive(Clone, Debug, SimpleObject)]
pub struct InvoiceFile {
    /// Where it can be read by whoever has this address, for a short time.
    pub url: Url,
    /// When that ends; ask again for another address.
    pub expires_at: DateTime<Utc>,
    /// Its length in bytes.
    pub bytes: BigInt,
    /// Its SHA-256 in hexadecimal: always the same, whoever asks when.
    pub sha256: String,
}

/// A document, for the member who paid. `None` for everybody else.
///
/// # Errors
/// Only if the database fails.
pub async fn invoice_of_caller(ctx: &Context<'_>, id: InvoiceId) -> Result<Option<Invoice>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let row = ctx.one(InvoiceById(id)).await?;
    Ok(row.filter(|row| row.member_id == viewer.member_id).map(Invoice))
}
