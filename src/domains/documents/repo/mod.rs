//! Every statement of the registry; `usage`: of the counts.

pub mod usage;

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{DocumentRow, NeedRow, NewDocument};
use crate::{
    db::{
        keyset::Keyset,
        tables::{document_clients, document_ids, documents, documents_version},
    },
    statement,
};

statement! {
    /// The version of the registry.
    Version() -> sql_types::BigInt = "select version from documents_version"
}

/// The version of the registry.
pub async fn version(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    Version {}.get_result(conn).await
}

/// Raises the version; until the end of the transaction nobody else changes the registry.
pub async fn raise_version(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::update(documents_version::table)
        .set(documents_version::version.eq(documents_version::version + 1))
        .execute(conn)
        .await
        .map(drop)
}

/// Adds documents that are not there yet; returns how many.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    new: &[NewDocument],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let rows: Vec<_> = new
        .iter()
        .map(|new| {
            (
                documents::hash.eq(&new.hash),
                documents::body.eq(&new.body),
                documents::operations.eq(&new.operations),
                documents::cost.eq(new.cost),
                documents::registered_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(documents::table).values(rows).on_conflict_do_nothing().execute(conn).await
}

/// Adds ids that are not there yet.
pub async fn insert_ids(conn: &mut AsyncPgConnection, ids: &[(&str, &str)]) -> QueryResult<()> {
    let rows: Vec<_> =
        ids.iter().map(|(id, hash)| (document_ids::id.eq(*id), document_ids::hash.eq(*hash))).collect();
    diesel::insert_into(document_ids::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)
        .await
        .map(drop)
}

/// The documents that ids mean.
pub async fn hashes_of(conn: &mut AsyncPgConnection, ids: &[&str]) -> QueryResult<Vec<(String, String)>> {
    document_ids::table
        .filter(document_ids::id.eq_any(ids))
        .select((document_ids::id, document_ids::hash))
        .load(conn)
        .await
}

/// Which of the hashes are registered.
pub async fn known(conn: &mut AsyncPgConnection, hashes: &[&str]) -> QueryResult<Vec<String>> {
    documents::table.filter(documents::hash.eq_any(hashes)).select(documents::hash).load(conn).await
}

/// Says that an app needs documents.
pub async fn need(
    conn: &mut AsyncPgConnection,
    hashes: &[&str],
    (name, version): (&str, &str),
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let rows: Vec<_> = hashes
        .iter()
        .map(|hash| {
            (
                document_clients::hash.eq(*hash),
                document_clients::client_name.eq(name),
                document_clients::client_version.eq(version),
                document_clients::registered_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(document_clients::table)
        .values(rows)
        .on_conflict((
            document_clients::hash,
            document_clients::client_name,
            document_clients::client_version,
        ))
        .do_update()
        .set(document_clients::retired_at.eq(None::<DateTime<Utc>>))
        .execute(conn)
        .await
        .map(drop)
}

/// Says that apps no longer need documents; returns how many needs ended. Without hashes all documents, without a name all
/// apps, without a version all versions.
pub async fn retire(
    conn: &mut AsyncPgConnection,
    hashes: Option<&[String]>,
    name: Option<&str>,
    version: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let hashes = hashes.map(<[String]>::to_vec);
    let all = hashes.is_none();
    diesel::update(
        document_clients::table
            .filter(document_clients::retired_at.is_null())
            .filter(
                document_clients::hash
                    .eq_any(hashes.unwrap_or_default())
                    .or(all.into_sql::<sql_types::Bool>()),
            )
            .filter(
                document_clients::client_name
                    .eq(name.unwrap_or_default())
                    .or(name.is_none().into_sql::<sql_types::Bool>()),
            )
            .filter(
                document_clients::client_version
                    .eq(version.unwrap_or_default())
                    .or(version.is_none().into_sql::<sql_types::Bool>()),
            ),
    )
    .set(document_clients::retired_at.eq(now))
    .execute(conn)
    .await
}

statement! {
    /// Every id and hash of a document that is trusted, with its hash.
    Trusted() -> (sql_types::Text, sql_types::Text) =
    "with trusted as (select distinct hash from document_clients where retired_at is null)
     select hash, hash from trusted union all select id, hash from document_ids join trusted using (hash)"
}

/// Every id and hash of a document that is trusted, with its hash.
pub async fn trusted(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(String, String)>> {
    Trusted {}.load(conn).await
}

/// Texts by hash.
pub async fn bodies(conn: &mut AsyncPgConnection, hashes: &[&str]) -> QueryResult<Vec<(String, String)>> {
    documents::table
        .filter(documents::hash.eq_any(hashes))
        .select((documents::hash, documents::body))
        .load(conn)
        .await
}

/// The apps that need documents.
pub async fn clients(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(String, String)>> {
    document_clients::table
        .filter(document_clients::retired_at.is_null())
        .select((document_clients::client_name, document_clients::client_version))
        .distinct()
        .load(conn)
        .await
}

/// A page of the registry, registered last first. With a name only what apps of this name need.
pub async fn page(
    conn: &mut AsyncPgConnection,
    client: Option<&str>,
    page: &Keyset<(DateTime<Utc>, String)>,
) -> QueryResult<Vec<DocumentRow>> {
    let mut query = documents::table.select(DocumentRow::as_select()).limit(page.fetch()).into_boxed();
    if let Some(client) = client {
        let needs = document_clients::table
            .filter(document_clients::hash.eq(documents::hash))
            .filter(document_clients::client_name.eq(client))
            .filter(document_clients::retired_at.is_null());
        query = query.filter(diesel::dsl::exists(needs));
    }
    if let Some((at, hash)) = &page.after {
        query = query.filter(
            documents::registered_at.lt(at).or(documents::registered_at.eq(at).and(documents::hash.lt(hash))),
        );
    }
    if let Some((at, hash)) = &page.before {
        query = query.filter(
            documents::registered_at.gt(at).or(documents::registered_at.eq(at).and(documents::hash.gt(hash))),
        );
    }
    query = if page.backward {
        query.order((documents::registered_at.asc(), documents::hash.asc()))
    } else {
        query.order((documents::registered_at.desc(), documents::hash.desc()))
    };
    query.load(conn).await
}

/// Which apps need or needed documents, by name and version.
pub async fn needs(conn: &mut AsyncPgConnection, hashes: &[&str]) -> QueryResult<Vec<NeedRow>> {
    document_clients::table
        .filter(document_clients::hash.eq_any(hashes))
        .order((document_clients::client_name, document_clients::client_version))
        .select((
            document_clients::hash,
            document_clients::client_name,
            document_clients::client_version,
            document_clients::retired_at,
        ))
        .load(conn)
        .await
}
