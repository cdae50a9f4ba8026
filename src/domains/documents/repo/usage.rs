//! Every statement of the counts.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    db::{keyset::Keyset, tables::api_usage},
    domains::documents::model::{RunsRow, UsageKind, UsageRow, UsageSearch},
    statement,
};

/// Where a use stands in the list: last use, app, version, kind, subject.
pub type UsageKey = (DateTime<Utc>, String, String, String, String);

/// Counts to add, one list per column.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Days, in UTC.
    pub days: Vec<NaiveDate>,
    /// Names of apps.
    pub names: Vec<String>,
    /// Versions of apps.
    pub versions: Vec<String>,
    /// Kinds of subjects.
    pub kinds: Vec<UsageKind>,
    /// What was used.
    pub subjects: Vec<String>,
    /// How often.
    pub counts: Vec<i64>,
    /// When last.
    pub last: Vec<DateTime<Utc>>,
}

statement! {
    /// Adds counts.
    Add(
        days: Vec<NaiveDate> => sql_types::Array<sql_types::Date>,
        names: Vec<String> => sql_types::Array<sql_types::Text>,
        versions: Vec<String> => sql_types::Array<sql_types::Text>,
        kinds: Vec<UsageKind> => sql_types::Array<sql_types::Text>,
        subjects: Vec<String> => sql_types::Array<sql_types::Text>,
        counts: Vec<i64> => sql_types::Array<sql_types::BigInt>,
        last: Vec<DateTime<Utc>> => sql_types::Array<sql_types::Timestamptz>,
    ) -> sql_types::Integer =
    "insert into api_usage (day, client_name, client_version, kind, subject, count, last_at)
     select * from unnest($1, $2, $3, $4, $5, $6, $7)
     on conflict (day, kind, subject, client_name, client_version) do update
     set count = api_usage.count + excluded.count, last_at = greatest(api_usage.last_at, excluded.last_at)"
}

/// Adds counts, all in one statement. No row may be in it twice.
pub async fn add(conn: &mut AsyncPgConnection, more: Counts) -> QueryResult<()> {
    let Counts { days, names, versions, kinds, subjects, counts, last } = more;
    Add { days, names, versions, kinds, subjects, counts, last }.execute(conn).await.map(drop)
}

/// Removes counts of days before this one.
pub async fn forget(conn: &mut AsyncPgConnection, oldest: NaiveDate) -> QueryResult<usize> {
    diesel::delete(api_usage::table.filter(api_usage::day.lt(oldest))).execute(conn).await
}

/// How often documents ran.
pub async fn runs(conn: &mut AsyncPgConnection, hashes: &[&str]) -> QueryResult<Vec<RunsRow>> {
    let hashes = hashes.iter().map(|hash| (*hash).to_owned()).collect();
    Runs { hashes }.load(conn).await
}

statement! {
    /// How often documents ran.
    Runs(hashes: Vec<String> => sql_types::Array<sql_types::Text>)
    -> (sql_types::Text, sql_types::BigInt, sql_types::Timestamptz) =
    "select subject, sum(count)::bigint, max(last_at) from api_usage
     where kind = 'DOCUMENT' and subject = any($1) group by subject"
}

/// What was used, summed up over days.
macro_rules! uses {
    ($name:ident, $doc:literal, $order:literal) => {
        statement! {
            #[doc = $doc]
            $name(
                kind: Option<UsageKind> => sql_types::Nullable<sql_types::Text>,
                member: Option<String> => sql_types::Nullable<sql_types::Text>,
                client: Option<String> => sql_types::Nullable<sql_types::Text>,
                since: Option<NaiveDate> => sql_types::Nullable<sql_types::Date>,
                after_at: Option<DateTime<Utc>> => sql_types::Nullable<sql_types::Timestamptz>,
                after: Vec<String> => sql_types::Array<sql_types::Text>,
                before_at: Option<DateTime<Utc>> => sql_types::Nullable<sql_types::Timestamptz>,
                before: Vec<String> => sql_types::Array<sql_types::Text>,
                limit: i64 => sql_types::BigInt,
            ) -> (
                sql_types::Text, sql_types::Text, sql_types::Text, sql_types::Text,
                sql_types::BigInt, sql_types::Date, sql_types::Timestamptz,
            ) = concat!(
                "select client_name, client_version, kind, subject, uses, first_day, last_at from (
                   select client_name, client_version, kind, subject, sum(count)::bigint as uses,
                          min(day) as first_day, max(last_at) as last_at,
                          array[client_name, client_version, kind, subject] collate \"C\" as place
                   from api_usage
                   where kind <> 'DOCUMENT' and ($1 is null or kind = $1) and ($2 is null or subject = $2)
                     and ($3 is null or client_name = $3) and ($4 is null or day >= $4)
                   group by client_name, client_version, kind, subject
                 ) used
                 where ($5 is null or (last_at, place) < ($5, $6 collate \"C\"))
                   and ($7 is null or (last_at, place) > ($7, $8 collate \"C\"))
                 order by last_at ", $order, ", place ", $order, " limit $9"
            )
        }
    };
}
uses!(UsesForward, "Uses, the last first.", "desc");
uses!(UsesBackward, "Uses, the last last.", "asc");

/// A page of what was used, used last first.
pub async fn page(
    conn: &mut AsyncPgConnection,
    search: &UsageSearch,
    page: &Keyset<UsageKey>,
) -> QueryResult<Vec<UsageRow>> {
    let place = |key: &Option<UsageKey>| match key.clone() {
        Some((at, name, version, kind, subject)) => (Some(at), vec![name, version, kind, subject]),
        None => (None, Vec::new()),
    };
    let UsageSearch { kind, member, client, since } = search.clone();
    let ((after_at, after), (before_at, before)) = (place(&page.after), place(&page.before));
    let limit = page.fetch();
    if page.backward {
        UsesBackward { kind, member, client, since, after_at, after, before_at, before, limit }
            .load(conn)
            .await
    } else {
        UsesForward { kind, member, client, since, after_at, after, before_at, before, limit }
            .load(conn)
            .await
    }
}
