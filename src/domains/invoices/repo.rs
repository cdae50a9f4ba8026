//! Every statement of invoices.

use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{InvoiceFileRow, InvoiceKind, InvoiceRow};
use crate::{
    db::{
        ids::{EntityId, InvoiceId, MemberId, PaymentId, RefundId},
        keyset::Keyset,
        tables::{invoice_files, invoices},
    },
    statement,
};

/// The next number of a series. The series is locked until the end of the transaction.
pub async fn next_number(conn: &mut AsyncPgConnection, series: &str) -> QueryResult<i64> {
    TakeNumber { series: series.to_owned() }.get_result(conn).await
}

statement! {
    /// Takes the next number; the first one makes the series.
    TakeNumber(series: String => sql_types::Text) -> sql_types::BigInt =
    "insert into invoice_series as s (series, last_number) values ($1, 1)
     on conflict (series) do update set last_number = s.last_number + 1 returning last_number"
}

/// A new document.
pub async fn insert(conn: &mut AsyncPgConnection, row: &InvoiceRow) -> QueryResult<()> {
    diesel::insert_into(invoices::table).values(row).execute(conn).await.map(drop)
}

/// Documents by id.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[InvoiceId]) -> QueryResult<Vec<InvoiceRow>> {
    invoices::table.filter(invoices::id.eq_any(ids)).select(InvoiceRow::as_select()).load(conn).await
}

/// The invoices of payments, without credit notes.
pub async fn of_payments(
    conn: &mut AsyncPgConnection,
    payments: &[PaymentId],
) -> QueryResult<Vec<InvoiceRow>> {
    invoices::table
        .filter(invoices::payment_id.eq_any(payments))
        .filter(invoices::kind.eq(InvoiceKind::Invoice))
        .select(InvoiceRow::as_select())
        .load(conn)
        .await
}

/// The credit note of a refund.
pub async fn of_refund(conn: &mut AsyncPgConnection, refund: RefundId) -> QueryResult<Option<InvoiceRow>> {
    invoices::table
        .filter(invoices::refund_id.eq(refund.uuid()))
        .filter(invoices::kind.eq(InvoiceKind::CreditNote))
        .select(InvoiceRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The files of documents.
pub async fn files_of(conn: &mut AsyncPgConnection, ids: &[InvoiceId]) -> QueryResult<Vec<InvoiceFileRow>> {
    invoice_files::table
        .filter(invoice_files::invoice_id.eq_any(ids))
        .select(InvoiceFileRow::as_select())
        .load(conn)
        .await
}

/// Notes the file of a document; `false` if there is one.
pub async fn insert_file(conn: &mut AsyncPgConnection, row: &InvoiceFileRow) -> QueryResult<bool> {
    let inserted =
        diesel::insert_into(invoice_files::table).values(row).on_conflict_do_nothing().execute(conn).await?;
    Ok(inserted == 1)
}

/// A page of a member's documents, newest first.
pub async fn page(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    page: &Keyset<InvoiceId>,
) -> QueryResult<Vec<InvoiceRow>> {
    let older_than = page.after.unwrap_or_else(|| InvoiceId::from_uuid(uuid::Uuid::max()));
    let newer_than = page.before.unwrap_or_else(|| InvoiceId::from_uuid(uuid::Uuid::nil()));
    let rows = invoices::table
        .filter(invoices::member_id.eq(member))
        .filter(invoices::id.lt(older_than))
        .filter(invoices::id.gt(newer_than))
        .limit(page.fetch())
        .select(InvoiceRow::as_select());
    if page.backward {
        rows.order(invoices::id.asc()).load(conn).await
    } else {
        rows.order(invoices::id.desc()).load(conn).await
    }
}
