//! The shared counters in PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Spent, Total, instant};
use crate::statement;

/// Adds what was spent and returns the totals.
///
/// # Errors
/// Only if the database fails.
pub(super) async fn exchange(
    conn: &mut AsyncPgConnection,
    spent: &[Spent],
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Total>> {
    let statement = AddCounts {
        callers: spent.iter().map(|spent| spent.caller.to_string()).collect(),
        amounts: spent.iter().map(|spent| i64::try_from(spent.amount).unwrap_or(i64::MAX)).collect(),
        ends: spent.iter().map(|spent| instant(spent.ends_at)).collect(),
        now,
    };
    statement.load(conn).await?.into_iter().map(total).collect()
}

/// The counters that go on, the fullest first.
///
/// # Errors
/// Only if the database fails.
pub(super) async fn running(
    conn: &mut AsyncPgConnection,
    most: i64,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Total>> {
    RunningCounts { now, most }.load(conn).await?.into_iter().map(total).collect()
}

/// Removes counters that have ended; returns how many there were.
///
/// # Errors
/// Only if the database fails.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    ForgetCounts { now }.execute(conn).await
}

fn total((caller, used, ends_at): (String, i64, DateTime<Utc>)) -> anyhow::Result<Total> {
    Ok(Total {
        caller: caller.parse()?,
        used: u64::try_from(used).unwrap_or_default(),
        ends_at: ends_at.timestamp_millis(),
    })
}

statement! {
    /// Adds to the counters that go on and begins the others anew; in one order, so that two processes cannot deadlock.
    AddCounts(
        callers: Vec<String> => sql_types::Array<sql_types::Text>,
        amounts: Vec<i64> => sql_types::Array<sql_types::BigInt>,
        ends: Vec<DateTime<Utc>> => sql_types::Array<sql_types::Timestamptz>,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> (sql_types::Text, sql_types::BigInt, sql_types::Timestamptz) =
    "insert into request_counts as c (caller, used, ends_at)
     select * from unnest($1, $2, $3) as spent (caller, used, ends_at) order by 1
     on conflict (caller) do update set
       used = case when c.ends_at > $4 then c.used + excluded.used else excluded.used end,
       ends_at = case when c.ends_at > $4 then c.ends_at else excluded.ends_at end
     returning caller, used, ends_at"
}

statement! {
    /// The fullest counters that go on.
    RunningCounts(now: DateTime<Utc> => sql_types::Timestamptz, most: i64 => sql_types::BigInt)
        -> (sql_types::Text, sql_types::BigInt, sql_types::Timestamptz) =
    "select caller, used, ends_at from request_counts where ends_at > $1 order by used desc limit $2"
}

statement! {
    /// Removes what has ended.
    ForgetCounts(now: DateTime<Utc> => sql_types::Timestamptz) -> () =
    "delete from request_counts where ends_at <= $1"
}
