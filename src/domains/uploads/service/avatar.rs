//! A member's picture.

use diesel::QueryResult;

use super::super::{
    model::{UNUSED_KEPT, UploadKind, UploadStatus},
    repo,
};
use crate::db::{
    Tx,
    ids::{MemberId, UploadId},
};

/// Where a public file is, below our own address.
#[must_use]
pub fn public_path(id: UploadId) -> String {
    format!("/files/{id}")
}

/// Shows a finalised avatar of the member, inside the transaction that changes the profile; the one shown before goes.
/// `false` if the member has no such avatar, or has not finalised it.
///
/// # Errors
/// Only if the database fails.
pub async fn show(tx: &mut Tx, member: MemberId, id: UploadId) -> QueryResult<bool> {
    let upload = repo::lock(tx, id).await?.filter(|upload| upload.owner_id == member);
    if !upload.is_some_and(|upload| upload.kind == UploadKind::Avatar && upload.status == UploadStatus::Ready)
    {
        return Ok(false);
    }
    repo::use_upload(tx, id).await?;
    hide(tx, member, Some(id)).await?;
    Ok(true)
}

/// Lets go of the avatars that the member showed, but for one.
///
/// # Errors
/// Only if the database fails.
pub async fn hide(tx: &mut Tx, member: MemberId, but: Option<UploadId>) -> QueryResult<()> {
    let at = tx.now() + UNUSED_KEPT;
    let keys = repo::remove_used_avatars(tx, member, but).await?;
    repo::release_objects(tx, &keys, at).await
}
