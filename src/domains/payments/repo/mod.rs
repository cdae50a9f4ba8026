//! Every statement of payments.

pub mod refunds;
pub mod webhooks;

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{CreditPackageRow, PaymentRow, PaymentStatus};
use crate::{
    db::{
        ids::{CreditPackageId, EntityId, MemberId, PaymentId},
        keyset::Keyset,
        tables::{credit_packages, payments},
    },
    integrations::payments::{Checkout, ProviderName},
};

/// Packages on sale, in their order.
pub async fn packages_on_sale(conn: &mut AsyncPgConnection) -> QueryResult<Vec<CreditPackageRow>> {
    credit_packages::table
        .filter(credit_packages::active)
        .order((credit_packages::position, credit_packages::id))
        .select(CreditPackageRow::as_select())
        .load(conn)
        .await
}

/// Packages by id, on sale or not.
pub async fn packages_by_ids(
    conn: &mut AsyncPgConnection,
    ids: &[CreditPackageId],
) -> QueryResult<Vec<CreditPackageRow>> {
    credit_packages::table
        .filter(credit_packages::id.eq_any(ids))
        .select(CreditPackageRow::as_select())
        .load(conn)
        .await
}

/// A package that is on sale.
pub async fn package_on_sale(
    conn: &mut AsyncPgConnection,
    id: CreditPackageId,
) -> QueryResult<Option<CreditPackageRow>> {
    let on_sale = credit_packages::table.find(id).filter(credit_packages::active);
    on_sale.select(CreditPackageRow::as_select()).first(conn).await.optional()
}

/// A new payment.
pub async fn insert_payment(conn: &mut AsyncPgConnection, payment: &PaymentRow) -> QueryResult<()> {
    diesel::insert_into(payments::table).values(payment).execute(conn).await.map(drop)
}

/// Payments by id.
pub async fn payments_by_ids(
    conn: &mut AsyncPgConnection,
    ids: &[PaymentId],
) -> QueryResult<Vec<PaymentRow>> {
    payments::table.filter(payments::id.eq_any(ids)).select(PaymentRow::as_select()).load(conn).await
}

/// A page of a member's payments, or of those in one state, newest first.
pub async fn page_of_payments(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    status: Option<PaymentStatus>,
    page: &Keyset<PaymentId>,
) -> QueryResult<Vec<PaymentRow>> {
    let older_than = page.after.unwrap_or_else(|| PaymentId::from_uuid(uuid::Uuid::max()));
    let newer_than = page.before.unwrap_or_else(|| PaymentId::from_uuid(uuid::Uuid::nil()));
    let wanted = status.map_or_else(|| PaymentStatus::ALL.to_vec(), |status| vec![status]);
    let rows = payments::table
        .filter(payments::member_id.eq(member))
        .filter(payments::status.eq_any(wanted))
        .filter(payments::id.lt(older_than))
        .filter(payments::id.gt(newer_than))
        .limit(page.fetch())
        .select(PaymentRow::as_select());
    if page.backward {
        rows.order(payments::id.asc()).load(conn).await
    } else {
        rows.order(payments::id.desc()).load(conn).await
    }
}

/// Stores what the provider answered, and returns the payment as it is then.
pub async fn attach_checkout(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    checkout: &Checkout,
) -> QueryResult<PaymentRow> {
    diesel::update(payments::table.find(id))
        .set((
            payments::provider_reference.eq(&checkout.reference),
            payments::checkout_url.eq(&checkout.url),
            payments::client_secret.eq(&checkout.client_secret),
        ))
        .returning(PaymentRow::as_returning())
        .get_result(conn)
        .await
}

/// A payment by our id, locked until the end of the transaction.
pub async fn lock_payment(conn: &mut AsyncPgConnection, id: PaymentId) -> QueryResult<Option<PaymentRow>> {
    payments::table.find(id).select(PaymentRow::as_select()).for_update().first(conn).await.optional()
}

/// A payment by the provider's name for it, locked until the end of the transaction.
pub async fn lock_payment_by_reference(
    conn: &mut AsyncPgConnection,
    provider: ProviderName,
    reference: &str,
) -> QueryResult<Option<PaymentRow>> {
    payments::table
        .filter(payments::provider.eq(provider))
        .filter(payments::provider_reference.eq(reference))
        .select(PaymentRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// A payment by the provider's name for its money, locked until the end of the transaction.
pub async fn lock_payment_by_capture(
    conn: &mut AsyncPgConnection,
    provider: ProviderName,
    capture: &str,
) -> QueryResult<Option<PaymentRow>> {
    payments::table
        .filter(payments::provider.eq(provider))
        .filter(payments::provider_capture.eq(capture))
        .select(PaymentRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// Some payments that have waited since before an instant, locked; those that somebody else works on are left out.
pub async fn lock_overdue(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<Vec<PaymentRow>> {
    payments::table
        .filter(payments::status.eq_any([PaymentStatus::Pending, PaymentStatus::RequiresAction]))
        .filter(payments::created_at.lt(before))
        .order(payments::created_at)
        .limit(most)
        .select(PaymentRow::as_select())
        .for_update()
        .skip_locked()
        .load(conn)
        .await
}

/// Some open payments begun before an instant about which the provider was not asked since another; notes that it is
/// asked now.
pub async fn take_silent(
    conn: &mut AsyncPgConnection,
    begun_before: DateTime<Utc>,
    asked_before: DateTime<Utc>,
    now: DateTime<Utc>,
    most: i64,
) -> QueryResult<Vec<PaymentId>> {
    let silent: Vec<PaymentId> = payments::table
        .filter(payments::status.eq_any([PaymentStatus::Pending, PaymentStatus::RequiresAction]))
        .filter(payments::created_at.lt(begun_before))
        .filter(payments::asked_at.is_null().or(payments::asked_at.lt(asked_before)))
        .order(payments::created_at)
        .limit(most)
        .select(payments::id)
        .for_update()
        .skip_locked()
        .load(conn)
        .await?;
    diesel::update(payments::table.filter(payments::id.eq_any(&silent)))
        .set(payments::asked_at.eq(now))
        .execute(conn)
        .await?;
    Ok(silent)
}

/// Writes what became of a locked payment.
pub async fn settle(conn: &mut AsyncPgConnection, payment: &PaymentRow) -> QueryResult<()> {
    diesel::update(payments::table.find(payment.id))
        .set((
            payments::status.eq(payment.status),
            payments::settled_at.eq(payment.settled_at),
            payments::provider_reference.eq(&payment.provider_reference),
            payments::provider_capture.eq(&payment.provider_capture),
            payments::client_secret.eq(&payment.client_secret),
            payments::captured.eq(payment.captured),
        ))
        .execute(conn)
        .await
        .map(drop)
}
