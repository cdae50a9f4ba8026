//! Handing a file out.

use std::ops::Range;

use diesel::QueryResult;

use super::super::{
    model::{GET_LIFE, UploadRow, UploadStatus},
    repo,
};
use crate::{
    app::App,
    db::ids::UploadId,
    integrations::storage::{
        Pieces, Served, StorageError,
        link::{Allows, Signed},
    },
};

/// Where a file that is asked for at our own address is.
#[derive(Clone, Debug)]
pub enum Found {
    /// Here.
    Here(UploadRow),
    /// At this address.
    There(String),
}

/// A finalised file that may be handed out: to everybody, or by a link. `None` for everything else.
///
/// # Errors
/// If the database fails, or the store of files.
pub async fn find(app: &App, id: UploadId, signed: Option<&Signed>) -> Result<Option<Found>, ServeError> {
    let storage = &app.integrations.storage;
    let linked = storage
        .own_links()
        .zip(signed)
        .is_some_and(|(links, signed)| links.allow(Allows::Get, &id.to_string(), signed, app.clock.now()));
    let row = ready(app, id).await?.filter(|row| linked || row.kind.is_public());
    Ok(match row {
        Some(row) if storage.own_links().is_some() => Some(Found::Here(row)),
        Some(row) => Some(Found::There(link(app, &row).await?)),
        None => None,
    })
}

/// Why a file was not handed out.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The store of files failed.
    #[error("storage")]
    Storage(#[from] StorageError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

async fn ready(app: &App, id: UploadId) -> QueryResult<Option<UploadRow>> {
    let row = repo::by_id(&mut *app.conn().await?, id).await?;
    Ok(row.filter(|row| row.status == UploadStatus::Ready))
}

/// The bytes of a finalised file, or some of them.
///
/// # Errors
/// If the store of files fails.
pub async fn read(app: &App, row: &UploadRow, range: Option<Range<u64>>) -> Result<Pieces, StorageError> {
    app.integrations.storage.read(row.object_key.as_deref().unwrap_or_default(), range).await
}

/// A link to a finalised file, for whoever may see it. It is good for [`GET_LIFE`].
///
/// # Errors
/// If it cannot be signed.
pub async fn link(app: &App, row: &UploadRow) -> Result<String, StorageError> {
    let now = app.clock.now();
    let served = Served { mime: row.mime.clone(), disposition: row.disposition() };
    let key = row.object_key.as_deref().unwrap_or_default();
    app.integrations.storage.get_link(&row.id.to_string(), key, &served, (now, now + GET_LIFE)).await
}
