//! Mailed one-time tokens, and tries that are counted.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::{AccountTokenRow, TokenPurpose};
use crate::{
    db::{
        ids::MemberId,
        tables::{account_tokens, attempts},
    },
    statement,
};

/// A new token.
pub async fn insert_token(conn: &mut AsyncPgConnection, row: &AccountTokenRow) -> QueryResult<()> {
    diesel::insert_into(account_tokens::table).values(row).execute(conn).await.map(drop)
}

/// Whether a token can be used.
pub async fn token_is_good(
    conn: &mut AsyncPgConnection,
    hash: &[u8],
    purpose: TokenPurpose,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let good = account_tokens::table
        .filter(account_tokens::token_hash.eq(hash))
        .filter(account_tokens::purpose.eq(purpose))
        .filter(account_tokens::used_at.is_null())
        .filter(account_tokens::expires_at.gt(now));
    diesel::select(diesel::dsl::exists(good)).get_result(conn).await
}

/// Uses a token: of several at once, one gets whose it is and the address, the others `None`.
pub async fn use_token(
    conn: &mut AsyncPgConnection,
    hash: &[u8],
    purpose: TokenPurpose,
    now: DateTime<Utc>,
) -> QueryResult<Option<(MemberId, String)>> {
    let good = account_tokens::table
        .filter(account_tokens::token_hash.eq(hash))
        .filter(account_tokens::purpose.eq(purpose))
        .filter(account_tokens::used_at.is_null())
        .filter(account_tokens::expires_at.gt(now));
    diesel::update(good)
        .set(account_tokens::used_at.eq(now))
        .returning((account_tokens::member_id, account_tokens::email))
        .get_result(conn)
        .await
        .optional()
}

/// Takes a member's unused tokens back; of one purpose or of all.
pub async fn withdraw_tokens(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
    purpose: Option<TokenPurpose>,
) -> QueryResult<()> {
    let unused = account_tokens::table
        .filter(account_tokens::member_id.eq(member_id))
        .filter(account_tokens::used_at.is_null());
    match purpose {
        Some(purpose) => {
            diesel::delete(unused.filter(account_tokens::purpose.eq(purpose))).execute(conn).await
        }
        None => diesel::delete(unused).execute(conn).await,
    }
    .map(drop)
}

/// Removes tokens that ended before an instant.
pub async fn forget_tokens(conn: &mut AsyncPgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(account_tokens::table.filter(account_tokens::expires_at.lt(before))).execute(conn).await
}

/// Counts a try, and returns how many there are in the window with its beginning. A window that began before `oldest` is
/// over: the next one begins now.
pub async fn count_try(
    conn: &mut AsyncPgConnection,
    key: Vec<u8>,
    now: DateTime<Utc>,
    oldest: DateTime<Utc>,
) -> QueryResult<(i32, DateTime<Utc>)> {
    CountTry { key, now, oldest }.get_result(conn).await
}

/// Takes one counted try back from each key; all of them from `cleared`.
pub async fn forgive_try(
    conn: &mut AsyncPgConnection,
    keys: Vec<Vec<u8>>,
    cleared: Vec<u8>,
) -> QueryResult<()> {
    ForgiveTry { keys, cleared }.execute(conn).await.map(drop)
}

/// Removes windows that began before an instant.
pub async fn forget_tries(conn: &mut AsyncPgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(attempts::table.filter(attempts::since.lt(before))).execute(conn).await
}

statement! {
    /// One more try. The number stays far below its type's end.
    CountTry(
        key: Vec<u8> => sql_types::Bytea,
        now: DateTime<Utc> => sql_types::Timestamptz,
        oldest: DateTime<Utc> => sql_types::Timestamptz,
    ) -> (sql_types::Integer, sql_types::Timestamptz) =
    "insert into attempts as a (key, tries, since) values ($1, 1, $2)
     on conflict (key) do update set
       tries = case when a.since <= $3 then 1 else least(a.tries + 1, 1000000) end,
       since = case when a.since <= $3 then excluded.since else a.since end
     returning tries, since"
}

statement! {
    /// Takes tries back. In the order of the keys, so that two at once cannot block each other.
    ForgiveTry(
        keys: Vec<Vec<u8>> => sql_types::Array<sql_types::Bytea>,
        cleared: Vec<u8> => sql_types::Bytea,
    ) -> () =
    "with own as (select key from attempts where key = any($1) or key = $2 order by key for update)
     update attempts a set tries = case when a.key = $2 then 0 else greatest(a.tries - 1, 0) end
     from own where a.key = own.key"
}
