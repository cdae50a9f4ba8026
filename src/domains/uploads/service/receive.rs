//! Taking a file that a client puts, where files are on our own disk.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::{super::model::UploadStatus, request};
use crate::{
    app::App,
    db::ids::{EntityId, UploadId},
    integrations::storage::{
        StorageError,
        link::{Allows, Signed},
    },
};

/// How long a client may send nothing.
const IDLE: Duration = Duration::from_secs(15);
/// How long the smallest file may take.
const LEAST_TIME: Duration = Duration::from_mins(1);
/// Bytes a second that a client must manage over the whole.
const LEAST_SPEED: u64 = 32 * 1024;

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The link is not ours, is for something else, or is over; or files are not put here.
    #[error("the link is not good")]
    BadLink,
    /// The upload is not there any more.
    #[error("unknown upload")]
    NotFound,
    /// It was finalised: it does not change any more.
    #[error("finalised")]
    Finalized,
    /// It is being put by another request.
    #[error("being put")]
    Busy,
    /// More bytes than were announced.
    #[error("more bytes than announced")]
    TooLarge,
    /// Fewer bytes than were announced, or the connection broke.
    #[error("fewer bytes than announced")]
    Incomplete,
    /// The client was too slow.
    #[error("too slow")]
    TooSlow,
    /// The store of files failed.
    #[error("storage")]
    Storage(#[from] StorageError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Takes a file of exactly the announced size, of which no more than some pieces are ever in memory. It is there once it
/// is whole and durable; until then, and if anything fails, what was there before stays.
///
/// # Errors
/// See [`ReceiveError`].
pub async fn receive<E>(
    app: &App,
    id: UploadId,
    signed: &Signed,
    declared: Option<u64>,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<(), ReceiveError> {
    let storage = &app.integrations.storage;
    let links = storage.own_links().ok_or(ReceiveError::BadLink)?;
    if !links.allow(Allows::Put, &id.to_string(), signed, app.clock.now()) {
        return Err(ReceiveError::BadLink);
    }
    let wanted = u64::try_from(signed.bytes).map_err(|_| ReceiveError::BadLink)?;
    match declared {
        Some(declared) if declared > wanted => return Err(ReceiveError::TooLarge),
        Some(declared) if declared < wanted => return Err(ReceiveError::Incomplete),
        _ => {}
    }
    let row = request::open(app, id).await?.ok_or(ReceiveError::NotFound)?;
    if row.status == UploadStatus::Ready {
        return Err(ReceiveError::Finalized);
    }
    let _putting = storage.puts.begin(id.uuid()).ok_or(ReceiveError::Busy)?;
    let patience = LEAST_TIME + Duration::from_secs(wanted / LEAST_SPEED);
    let key = row.incoming_key();
    tokio::time::timeout(patience, write(app, &key, wanted, body)).await.unwrap_or(Err(ReceiveError::TooSlow))
}

async fn write<E>(
    app: &App,
    key: &str,
    wanted: u64,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<(), ReceiveError> {
    let mut writing = app.integrations.storage.write(key).await?;
    let mut received = 0_u64;
    loop {
        let piece = tokio::time::timeout(IDLE, body.next()).await.map_err(|_| ReceiveError::TooSlow)?;
        let Some(piece) = piece else { break };
        let piece = piece.map_err(|_| ReceiveError::Incomplete)?;
        received = received.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if received > wanted {
            return Err(ReceiveError::TooLarge);
        }
        writing.add(piece).await?;
    }
    if received < wanted {
        return Err(ReceiveError::Incomplete);
    }
    Ok(writing.finish().await?)
}
