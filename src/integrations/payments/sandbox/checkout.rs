//! The sandbox's own books.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{super::Order, webhook::DeliverWebhook};
use crate::{
    app::App,
    db::{ids::PaymentId, tables::sandbox_checkouts, transact},
    jobs::queue,
    text_enum,
};

text_enum! {
    /// What became of a checkout.
    pub enum CheckoutStatus { Open = "OPEN", Paid = "PAID", Failed = "FAILED", Abandoned = "ABANDONED" }
}

/// A checkout as the sandbox knows it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sandbox_checkouts, check_for_backend(diesel::pg::Pg))]
pub struct CheckoutRow {
    /// Random: whoever knows it may decide.
    pub id: String,
    /// The payment, as the shop named it.
    pub payment_id: PaymentId,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// The amount for people.
    pub price: String,
    /// What is bought, for people.
    pub title: String,
    /// Where the member goes afterwards.
    pub return_url: Option<String>,
    /// What became of it.
    pub status: CheckoutStatus,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A new checkout, or the one that the payment has already; returns its id.
///
/// # Errors
/// Only if the database fails.
pub async fn create(app: &App, order: &Order) -> QueryResult<String> {
    let row = CheckoutRow {
        id: random_id(),
        payment_id: order.payment_id,
        amount: order.sum.units,
        currency: order.sum.currency.clone(),
        price: order.price.clone(),
        title: order.title.clone(),
        return_url: order.return_url.clone(),
        status: CheckoutStatus::Open,
        created_at: app.clock.now(),
    };
    let mut conn = app.conn().await?;
    diesel::insert_into(sandbox_checkouts::table)
        .values(&row)
        .on_conflict(sandbox_checkouts::payment_id)
        .do_nothing()
        .execute(&mut conn)
        .await?;
    let own = sandbox_checkouts::table.filter(sandbox_checkouts::payment_id.eq(order.payment_id));
    own.select(sandbox_checkouts::id).first(&mut conn).await
}

/// A checkout by id.
///
/// # Errors
/// Only if the database fails.
pub async fn find(app: &App, id: &str) -> QueryResult<Option<CheckoutRow>> {
    by_id(&mut *app.conn().await?, id).await
}

/// A payment's checkout.
///
/// # Errors
/// Only if the database fails.
pub async fn of_payment(
    conn: &mut AsyncPgConnection,
    payment: PaymentId,
) -> QueryResult<Option<CheckoutRow>> {
    let own = sandbox_checkouts::table.filter(sandbox_checkouts::payment_id.eq(payment));
    own.select(CheckoutRow::as_select()).first(conn).await.optional()
}

/// Every checkout since an instant.
///
/// # Errors
/// Only if the database fails.
pub async fn since(app: &App, instant: DateTime<Utc>) -> QueryResult<Vec<CheckoutRow>> {
    sandbox_checkouts::table
        .filter(sandbox_checkouts::created_at.ge(instant))
        .order(sandbox_checkouts::created_at)
        .select(CheckoutRow::as_select())
        .load(&mut app.conn().await?)
        .await
}

async fn by_id(conn: &mut AsyncPgConnection, id: &str) -> QueryResult<Option<CheckoutRow>> {
    if !is_id(id) {
        return Ok(None);
    }
    sandbox_checkouts::table.find(id).select(CheckoutRow::as_select()).first(conn).await.optional()
}

/// Decides an open checkout and has the shop told; one that is decided stays as it is. Returns it as it is then.
///
/// # Errors
/// Only if the database fails.
pub async fn decide(app: &App, id: &str, decision: CheckoutStatus) -> QueryResult<Option<CheckoutRow>> {
    if !is_id(id) {
        return Ok(None);
    }
    transact(app, async |tx| {
        let open =
            sandbox_checkouts::table.find(id).filter(sandbox_checkouts::status.eq(CheckoutStatus::Open));
        let decided = diesel::update(open).set(sandbox_checkouts::status.eq(decision)).execute(tx).await?;
        if decided == 1 {
            queue::enqueue(tx, &DeliverWebhook::new(id, decision)).await?;
        }
        by_id(tx, id).await
    })
    .await
}

/// Whether a text from an address can be an id at all.
fn is_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// 192 random bits, fit for an address.
fn random_id() -> String {
    format!("sbx_{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>()))
}
