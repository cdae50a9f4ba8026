//! Looking at a file that was put, and keeping it.

use futures_util::StreamExt;
use sha2::{Digest, Sha256};

use super::{
    super::{
        model::{FileType, LOOKING, UploadFinalized, UploadRow, UploadStatus, file_type::HEAD},
        repo,
    },
    request,
};
use crate::{
    app::App,
    db::{
        ids::{MemberId, UploadId},
        transact,
    },
    events::StreamName,
    integrations::storage::{self, StorageError},
};

/// In what a file differs from what was announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Nothing was put, or not all of it.
    Missing,
    /// Another size: how many bytes it has.
    Size(u64),
    /// Other first bytes: the type that they show, if it is known.
    Type(Option<FileType>),
    /// Another hash: the one that it has.
    Hash([u8; 32]),
}

/// Why a file was not kept.
#[derive(Debug, thiserror::Error)]
pub enum FinalizeError {
    /// No such upload of this member.
    #[error("unknown upload")]
    NotFound,
    /// It is not what was announced.
    #[error("not what was announced")]
    Mismatch(Mismatch),
    /// The store of files failed.
    #[error("storage")]
    Storage(#[from] StorageError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Keeps a file that is what was announced; the flag tells whether it was kept before. What is looked at is a copy that no
/// client can write to, so that what is kept is what was looked at.
///
/// # Errors
/// See [`FinalizeError`].
pub async fn finalize(app: &App, owner: MemberId, id: UploadId) -> Result<(UploadRow, bool), FinalizeError> {
    let row = own(app, owner, id).await?;
    if row.status == UploadStatus::Ready {
        return Ok((row, true));
    }
    let storage = &app.integrations.storage;
    match storage.size(&row.incoming_key()).await? {
        None => return missing(app, owner, id).await,
        Some(bytes) if i64::try_from(bytes) != Ok(row.bytes) => {
            return Err(FinalizeError::Mismatch(Mismatch::Size(bytes)));
        }
        Some(_) => {}
    }
    let key = row.new_asset_key();
    repo::expect_object(&mut *app.conn().await?, &key, app.clock.now() + LOOKING).await?;
    let kept = async {
        if !storage.copy(&row.incoming_key(), &key).await? {
            return missing(app, owner, id).await;
        }
        let sha256 = look_at(app, &row, &key).await?;
        keep(app, &row, &key, sha256).await
    }
    .await;
    match kept {
        Ok((kept, false)) => {
            // Nobody needs it any more. If this fails, it goes with the others that are abandoned.
            storage.delete(&row.incoming_key()).await.ok();
            Ok((kept, false))
        }
        other => {
            repo::release_objects(&mut *app.conn().await?, &[key], app.clock.now()).await?;
            other
        }
    }
}

async fn own(app: &App, owner: MemberId, id: UploadId) -> Result<UploadRow, FinalizeError> {
    let row = request::open(app, id).await?;
    row.filter(|row| row.owner_id == owner).ok_or(FinalizeError::NotFound)
}

/// Nothing is there: not yet, or another call has kept it meanwhile.
async fn missing(app: &App, owner: MemberId, id: UploadId) -> Result<(UploadRow, bool), FinalizeError> {
    let row = own(app, owner, id).await?;
    if row.status == UploadStatus::Ready {
        return Ok((row, true));
    }
    Err(FinalizeError::Mismatch(Mismatch::Missing))
}

/// The hash of a copy that is what was announced.
async fn look_at(app: &App, row: &UploadRow, key: &str) -> Result<[u8; 32], FinalizeError> {
    let mut pieces = storage::pieces(app.integrations.storage.read(key, None).await?);
    let (mut hash, mut head, mut bytes) = (Sha256::new(), Vec::with_capacity(HEAD), 0_u64);
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        let open = HEAD.saturating_sub(head.len()).min(piece.len());
        head.extend_from_slice(piece.get(..open).unwrap_or_default());
        bytes = bytes.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        hash.update(&piece);
    }
    let (sha256, found): ([u8; 32], _) = (hash.finalize().into(), FileType::of(&head));
    let mismatch = if i64::try_from(bytes) != Ok(row.bytes) {
        Mismatch::Size(bytes)
    } else if found.map(FileType::mime) != Some(row.mime.as_str()) {
        Mismatch::Type(found)
    } else if row.sha256.as_deref().is_some_and(|announced| announced != sha256) {
        Mismatch::Hash(sha256)
    } else {
        return Ok(sha256);
    };
    Err(FinalizeError::Mismatch(mismatch))
}

/// Makes the copy the upload's file, unless another call was first.
async fn keep(
    app: &App,
    row: &UploadRow,
    key: &str,
    sha256: [u8; 32],
) -> Result<(UploadRow, bool), FinalizeError> {
    transact(app, async |tx| {
        tx.acting(row.owner_id);
        let now = tx.now();
        let row = repo::lock(tx, row.id).await?.ok_or(FinalizeError::NotFound)?;
        if row.status == UploadStatus::Ready {
            return Ok((row, true));
        }
        if !repo::keep_object(tx, key).await? {
            return Err(FinalizeError::NotFound);
        }
        let ready = UploadRow {
            status: UploadStatus::Ready,
            sha256: Some(sha256.to_vec()),
            object_key: Some(key.to_owned()),
            finalized_at: Some(now),
            ..row
        };
        repo::finalize(tx, &ready).await?;
        let told = UploadFinalized { upload: ready.clone() };
        tx.tell(StreamName::User(ready.owner_id), &told);
        Ok((ready, false))
    })
    .await
}
