//! Announcing a file.

use diesel::QueryResult;

use super::super::{
    model::{
        ABANDONED_AFTER, FileType, MOST_BYTES, MOST_PENDING, MOST_PENDING_BYTES, PUT_LIFE, UploadKind,
        UploadRow, UploadStatus,
    },
    repo,
};
use crate::{
    app::App,
    db::{
        ids::{MemberId, UploadId},
        transact,
    },
    domains::accounts,
    integrations::storage::PutLink,
};

/// A file that a member wants to upload.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// What for.
    pub kind: UploadKind,
    /// How large, at least 1.
    pub bytes: i64,
    /// Its type, one of the kind's.
    pub file_type: FileType,
    /// SHA-256, if the client knows it.
    pub sha256: Option<[u8; 32]>,
    /// What the member calls it.
    pub file_name: Option<String>,
}

/// Why nothing was announced.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The file is too large.
    #[error("too large")]
    TooLarge {
        /// The most bytes of its kind.
        max: i64,
    },
    /// Too many are on their way, or too many bytes.
    #[error("too many on their way")]
    TooMany,
    /// The member's files are too many bytes altogether: how many more there may be.
    #[error("no room")]
    NoRoom(i64),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Announces a file; the link takes it.
///
/// # Errors
/// See [`RequestError`].
pub async fn request(
    app: &App,
    owner: MemberId,
    new: &NewUpload,
) -> Result<(UploadRow, PutLink), RequestError> {
    let max = new.kind.max_bytes();
    if new.bytes > max {
        return Err(RequestError::TooLarge { max });
    }
    let row = transact(app, async |tx| {
        tx.acting(owner);
        let now = tx.now();
        // Under the lock of the member, so that many at once cannot pass the limits together.
        accounts::service::lock(tx, owner).await?;
        let held = repo::held_by(tx, owner, now).await?;
        if held.pending >= MOST_PENDING || held.pending_bytes + new.bytes > MOST_PENDING_BYTES {
            return Err(RequestError::TooMany);
        }
        let room = MOST_BYTES - held.ready_bytes - held.pending_bytes;
        if new.bytes > room {
            return Err(RequestError::NoRoom(room.max(0)));
        }
        let row = UploadRow {
            id: UploadId::new(),
            owner_id: owner,
            kind: new.kind,
            status: UploadStatus::Pending,
            mime: new.file_type.mime().to_owned(),
            bytes: new.bytes,
            file_name: new.file_name.clone(),
            sha256: new.sha256.map(Vec::from),
            object_key: None,
            used: false,
            created_at: now,
            expires_at: now + PUT_LIFE,
            finalized_at: None,
        };
        repo::expect_object(tx, &row.incoming_key(), row.expires_at + ABANDONED_AFTER).await?;
        repo::insert(tx, &row).await?;
        Ok(row)
    })
    .await?;
    let file = (row.mime.as_str(), row.bytes);
    let times = (app.clock.now(), row.expires_at);
    let link = app.integrations.storage.put_link(&row.id.to_string(), &row.incoming_key(), file, times);
    Ok((row, link))
}

/// An upload that is still open to be put and finalised.
pub(super) async fn open(app: &App, id: UploadId) -> QueryResult<Option<UploadRow>> {
    let over = app.clock.now() - ABANDONED_AFTER;
    let row = repo::by_id(&mut *app.conn().await?, id).await?;
    Ok(row.filter(|row| row.status == UploadStatus::Ready || row.expires_at > over))
}
