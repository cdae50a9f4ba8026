//! Every statement of intents.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::IntentRow;
use crate::{
    db::{ids::IntentId, tables::intents},
    statement,
};

/// A new intent.
pub async fn insert(conn: &mut AsyncPgConnection, row: &IntentRow) -> QueryResult<()> {
    diesel::insert_into(intents::table).values(row).execute(conn).await.map(drop)
}

/// Intents by id.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[IntentId]) -> QueryResult<Vec<IntentRow>> {
    intents::table.filter(intents::id.eq_any(ids)).select(IntentRow::as_select()).load(conn).await
}

/// Removes some of the intents that expired before an instant; returns how many.
pub async fn forget(conn: &mut AsyncPgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    ForgetIntents { before, limit }.execute(conn).await
}

statement! {
    /// Deletes old intents.
    ForgetIntents(before: DateTime<Utc> => sql_types::Timestamptz, limit: i64 => sql_types::BigInt) -> () =
    "delete from intents where id in (
       select id from intents where expires_at < $1 order by expires_at limit $2 for update skip locked)"
}
