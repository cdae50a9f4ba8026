//! Statements of quotes.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::quote::{CancellationQuoteRow, PriceQuoteRow};
use crate::{
    db::{
        ids::{CancellationQuoteId, PriceQuoteId},
        tables::{cancellation_quotes, price_quotes},
    },
    statement,
};

/// A new quote of a cancellation.
pub async fn insert_cancellation(
    conn: &mut AsyncPgConnection,
    row: &CancellationQuoteRow,
) -> QueryResult<()> {
    diesel::insert_into(cancellation_quotes::table).values(row).execute(conn).await.map(drop)
}

/// A new quote of a price.
pub async fn insert_price(conn: &mut AsyncPgConnection, row: &PriceQuoteRow) -> QueryResult<()> {
    diesel::insert_into(price_quotes::table).values(row).execute(conn).await.map(drop)
}

/// Quotes of cancellations by id.
pub async fn cancellations(
    conn: &mut AsyncPgConnection,
    ids: &[CancellationQuoteId],
) -> QueryResult<Vec<CancellationQuoteRow>> {
    cancellation_quotes::table
        .filter(cancellation_quotes::id.eq_any(ids))
        .select(CancellationQuoteRow::as_select())
        .load(conn)
        .await
}

/// Quotes of prices by id.
pub async fn prices(conn: &mut AsyncPgConnection, ids: &[PriceQuoteId]) -> QueryResult<Vec<PriceQuoteRow>> {
    price_quotes::table
        .filter(price_quotes::id.eq_any(ids))
        .select(PriceQuoteRow::as_select())
        .load(conn)
        .await
}

/// Removes some of the quotes that expired before an instant; returns how many.
pub async fn forget(conn: &mut AsyncPgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let cancellations = ForgetCancellationQuotes { before, limit }.execute(conn).await?;
    Ok(cancellations + ForgetPriceQuotes { before, limit }.execute(conn).await?)
}

statement! {
    /// Deletes old quotes of cancellations.
    ForgetCancellationQuotes(before: DateTime<Utc> => sql_types::Timestamptz, limit: i64 => sql_types::BigInt) -> () =
    "delete from cancellation_quotes where id in (
       select id from cancellation_quotes where expires_at < $1 order by expires_at limit $2 for update skip locked)"
}

statement! {
    /// Deletes old quotes of prices.
    ForgetPriceQuotes(before: DateTime<Utc> => sql_types::Timestamptz, limit: i64 => sql_types::BigInt) -> () =
    "delete from price_quotes where id in (
       select id from price_quotes where expires_at < $1 order by expires_at limit $2 for update skip locked)"
}
