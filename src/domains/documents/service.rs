//! Use-cases of the registry and of the counts.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::{
    model::{DocumentRow, Listed, NewDocument, UsageKind},
    repo,
};
use crate::{
    app::App,
    db::{keyset::Keyset, transact},
    engine::{
        registered::{DOCUMENTS, Document},
        usage::Subject,
    },
    graphql::ClientApp,
};

/// How often the version of the registry is asked for.
const PERIOD: Duration = Duration::from_secs(2);
/// After so many of these, counts are written down.
const ROUNDS_PER_FLUSH: u32 = 5;

/// Why documents were not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// An id means another document already.
    #[error(
        "the id {id} means another document already ({hash}): an id that apps have never changes its document"
    )]
    IdTaken {
        /// The id.
        id: String,
        /// The document that it means.
        hash: String,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Registers what an app sends, all of it or nothing; doing it again changes nothing. Returns how many documents are new.
///
/// # Errors
/// See [`RegisterError`].
pub async fn register(app: &App, client: &ClientApp, new: &[NewDocument]) -> Result<usize, RegisterError> {
    let hashes: Vec<&str> = new.iter().map(|new| new.hash.as_str()).collect();
    let ids: HashMap<&str, &str> =
        new.iter().flat_map(|new| new.ids.iter().map(|id| (id.as_str(), new.hash.as_str()))).collect();
    let ids: Vec<(&str, &str)> = ids.into_iter().collect();
    transact(app, async |tx| {
        let now = tx.now();
        repo::raise_version(tx).await?;
        let added = repo::insert(tx, new, now).await?;
        repo::insert_ids(tx, &ids).await?;
        let names: Vec<&str> = ids.iter().map(|(id, _)| *id).collect();
        for (id, hash) in repo::hashes_of(tx, &names).await? {
            if !ids.contains(&(id.as_str(), hash.as_str())) {
                return Err(RegisterError::IdTaken { id, hash });
            }
        }
        repo::need(tx, &hashes, (&*client.name, &*client.version), now).await?;
        Ok(added)
    })
    .await
}

/// What is retired.
#[derive(Clone, Debug, Default)]
pub struct Retired {
    /// Hashes or ids; empty = all that the app needs.
    pub documents: Vec<String>,
    /// The app's name; `None` = whichever app needs them.
    pub client: Option<String>,
    /// The app's version; `None` = all versions.
    pub version: Option<String>,
}

/// Says that an app no longer needs documents. Returns how many needs ended, and the names that mean no document.
///
/// # Errors
/// Only if the database fails.
pub async fn retire(app: &App, what: &Retired) -> QueryResult<(usize, Vec<String>)> {
    let wanted: Vec<&str> =
        what.documents.iter().map(|id| id.strip_prefix("sha256:").unwrap_or(id)).collect();
    transact(app, async |tx| {
        let now = tx.now();
        repo::raise_version(tx).await?;
        let by_hash = repo::known(tx, &wanted).await?;
        let by_id = repo::hashes_of(tx, &wanted).await?;
        let found: HashSet<&str> =
            by_hash.iter().chain(by_id.iter().map(|(id, _)| id)).map(String::as_str).collect();
        let unknown = wanted.iter().filter(|id| !found.contains(**id)).map(|id| (*id).to_owned()).collect();
        let hashes: Vec<String> =
            by_hash.iter().cloned().chain(by_id.iter().map(|(_, hash)| hash.clone())).collect();
        let hashes = (!wanted.is_empty()).then_some(hashes.as_slice());
        let ended = repo::retire(tx, hashes, what.client.as_deref(), what.version.as_deref(), now).await?;
        Ok::<_, diesel::result::Error>((ended, unknown))
    })
    .await
}

/// A page of the registry, registered last first.
///
/// # Errors
/// Only if the database fails.
pub async fn page(
    app: &App,
    client: Option<&str>,
    page: &Keyset<(DateTime<Utc>, String)>,
) -> QueryResult<Vec<Listed>> {
    let mut conn = app.conn().await?;
    let rows: Vec<DocumentRow> = repo::page(&mut conn, client, page).await?;
    let hashes: Vec<&str> = rows.iter().map(|row| row.hash.as_str()).collect();
    let needs = repo::needs(&mut conn, &hashes).await?;
    let runs = repo::usage::runs(&mut conn, &hashes).await?;
    Ok(rows
        .into_iter()
        .map(|document| Listed {
            needs: needs.iter().filter(|need| need.hash == document.hash).cloned().collect(),
            runs: runs.iter().find(|runs| runs.hash == document.hash).cloned(),
            document,
        })
        .collect())
}

/// Texts of documents by hash.
///
/// # Errors
/// Only if the database fails.
pub async fn bodies(app: &App, hashes: &[&str]) -> QueryResult<Vec<(String, String)>> {
    repo::bodies(&mut *app.conn().await?, hashes).await
}

/// Reads the registry into memory, if its version is not the one that is known; returns the version.
///
/// # Errors
/// Only if the database fails.
pub async fn refresh(app: &App, known: Option<i64>) -> QueryResult<i64> {
    let mut conn = app.conn().await?;
    // Asked for first: what is changed while the rest is read is read again the next time.
    let version = repo::version(&mut conn).await?;
    if known == Some(version) {
        return Ok(version);
    }
    let trusted = repo::trusted(&mut conn).await?;
    let mut bodies = app.registered.bodies();
    let missing: HashSet<&str> =
        trusted.iter().map(|(_, hash)| hash.as_str()).filter(|hash| !bodies.contains_key(*hash)).collect();
    let missing: Vec<&str> = missing.into_iter().collect();
    if !missing.is_empty() {
        let read = repo::bodies(&mut conn, &missing).await?;
        bodies.extend(read.into_iter().map(|(hash, body)| (hash.into(), body.into())));
    }
    let listed = trusted.iter().filter_map(|(id, hash)| {
        let (hash, body) = bodies.get_key_value(hash.as_str())?;
        Some((id.as_str().into(), Document { hash: Arc::clone(hash), body: Arc::clone(body) }))
    });
    app.registered.replace(listed.collect());
    let clients = repo::clients(&mut conn).await?;
    app.usage.expect(clients.iter().map(|(name, version)| ClientApp::new(name, version)));
    app.hot.versions.bump(DOCUMENTS);
    Ok(version)
}

/// Writes down what this process counted since the last time.
///
/// # Errors
/// Only if the database fails; then nothing is lost.
pub async fn flush(app: &App) -> QueryResult<()> {
    let rows = app.usage.take();
    if rows.is_empty() {
        return Ok(());
    }
    let mut counts = repo::usage::Counts::default();
    for (row, tally) in &rows {
        let (kind, subject) = match &row.subject {
            Subject::Document(hash) => (UsageKind::Document, &**hash),
            Subject::Unregistered => (UsageKind::Unregistered, ""),
            Subject::Deprecated(member) => (UsageKind::Deprecated, &**member),
            Subject::Removed(member) => (UsageKind::Removed, &**member),
        };
        counts.days.push(row.day);
        counts.names.push(row.client.name.to_string());
        counts.versions.push(row.client.version.to_string());
        counts.kinds.push(kind);
        counts.subjects.push(subject.to_owned());
        counts.counts.push(tally.count);
        counts.last.push(tally.last_at);
    }
    let added = async { repo::usage::add(&mut *app.conn().await?, counts).await };
    added.await.inspect_err(|_| app.usage.give_back(rows))
}

/// Keeps the registry in memory current and writes the counts down, until the application stops.
pub async fn follow(app: App, mut version: i64) {
    let mut round = 0_u32;
    loop {
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = app.stopped() => return,
        }
        match refresh(&app, Some(version)).await {
            Ok(read) => version = read,
            Err(error) => tracing::warn!(%error, "the registry of documents could not be read"),
        }
        round = round.wrapping_add(1);
        if round.is_multiple_of(ROUNDS_PER_FLUSH)
            && let Err(error) = flush(&app).await
        {
            tracing::warn!(%error, "the counts of use could not be written down");
        }
    }
}
