//! Rows and rules of invoices.

pub mod pdf;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    db::{
        ids::{InvoiceId, MemberId, PaymentId},
        tables::{invoice_files, invoices},
    },
    text_enum,
};

text_enum! {
    /// What a document is.
    pub enum InvoiceKind { Invoice = "INVOICE", CreditNote = "CREDIT_NOTE" }
}

/// How long a link to a document is good.
pub const LINK_LIFE: TimeDelta = TimeDelta::minutes(15);
/// The media type of the files.
pub const MIME: &str = "application/pdf";

impl InvoiceKind {
    /// The series of documents of this kind that are made at an instant.
    #[must_use]
    pub fn series(self, at: DateTime<Utc>) -> String {
        let prefix = match self {
            Self::Invoice => "INV",
            Self::CreditNote => "CRN",
        };
        format!("{prefix}-{}", at.year())
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = invoices, check_for_backend(diesel::pg::Pg))]
pub struct InvoiceRow {
    /// Its id.
    pub id: InvoiceId,
    /// What it is.
    pub kind: InvoiceKind,
    /// Its series.
    pub series: String,
    /// Its place there, from 1.
    pub number: i64,
    /// Who paid.
    pub member_id: MemberId,
    /// What was paid.
    pub payment_id: PaymentId,
    /// Of a credit note: the invoice.
    pub corrects_id: Option<InvoiceId>,
    /// Of a credit note: the refund.
    pub refund_id: Option<Uuid>,
    /// Name of the seller.
    pub seller_name: String,
    /// Address of the seller, in lines.
    pub seller_address: String,
    /// Tax number of the seller.
    pub seller_tax_id: Option<String>,
    /// Name of the buyer.
    pub buyer_name: String,
    /// Address of the buyer's mail.
    pub buyer_email: String,
    /// What was sold.
    pub description: String,
    /// Through whom it was paid.
    pub provider: String,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// When the money moved.
    pub paid_at: DateTime<Utc>,
    /// When it was made.
    pub issued_at: DateTime<Utc>,
}

impl InvoiceRow {
    /// Its number as people read it: `INV-2026-000001`.
    #[must_use]
    pub fn full_number(&self) -> String {
        format!("{}-{:06}", self.series, self.number)
    }

    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.pdf", self.full_number())
    }
}

/// The file of a document.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = invoice_files, check_for_backend(diesel::pg::Pg))]
pub struct InvoiceFileRow {
    /// The document.
    pub invoice_id: InvoiceId,
    /// Where it is in the store.
    pub object_key: String,
    /// Its length.
    pub bytes: i64,
    /// Its hash.
    pub sha256: Vec<u8>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

impl InvoiceFileRow {
    /// The hash in hexadecimal.
    #[must_use]
    pub fn sha256_text(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
