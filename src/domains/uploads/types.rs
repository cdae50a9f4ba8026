//! GraphQL types of uploads.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    loaders::UploadById,
    model::{self, UploadRow},
    service::{avatar::public_path, serve},
};
use crate::{
    db::ids::UploadId,
    domains::{access, accounts::model::Permission, event::Happened, user_error::UserError},
    graphql::{ApiError, ContextExt, Field, field, plain::PlainFields, scalars::Url},
    integrations::storage::PutLink,
    payloads,
};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::UploadKind")]
pub enum UploadKind {
    /// The picture of a profile. Everybody sees it.
    Avatar,
    /// A file for a chat.
    ChatAttachment,
    /// A lecture as a video.
    CourseVideo,
    /// Something to read, look at or listen to in a course.
    CourseMaterial,
    /// Proof of who somebody is or what they can. Only the owner and those with the permission `REVIEW_MENTORS` see it.
    VerificationDocument,
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::UploadStatus")]
pub enum UploadStatus {
    /// Announced: put the file, then call `finalizeUpload`.
    Pending,
    /// There, and what was announced. It does not change any more.
    Ready,
}

/// A file of a member.
#[derive(Clone, Debug)]
pub struct Upload(pub Arc<UploadRow>);

/// A file of a member. Who has one at hand may read it.
#[Object]
impl Upload {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What it is for.
    async fn kind(&self) -> UploadKind {
        self.0.kind.into()
    }

    /// How far it is.
    async fn status(&self) -> UploadStatus {
        self.0.status.into()
    }

    /// Its media type: as announced, and true once it is `READY`.
    async fn mime(&self) -> &str {
        &self.0.mime
    }

    /// Its size: as announced, and true once it is `READY`.
    async fn bytes(&self) -> i32 {
        i32::try_from(self.0.bytes).unwrap_or(i32::MAX)
    }

    /// What its owner calls it. `null` if it has no name.
    async fn file_name(&self) -> Option<&str> {
        self.0.file_name.as_deref()
    }

    /// Its SHA-256 in hexadecimal. `null` until it is `READY`.
    async fn sha256(&self) -> Option<String> {
        self.0.finalized_at.and_then(|_| self.0.sha256_text())
    }

    /// Where to read it: for a public kind an address that stays, else a link that is good for some minutes (see
    /// `policies.uploads`): ask again for another. `null` until it is `READY`.
    async fn url(&self, ctx: &Context<'_>) -> Field<Url> {
        field(async {
            if self.0.finalized_at.is_none() {
                return Ok(None);
            }
            if self.0.kind.is_public() {
                return Ok(Some(Url(format!("{}{}", ctx.app().public_url, public_path(self.0.id)))));
            }
            // A link is good for a time only.
            ctx.now();
            Ok(Some(Url(serve::link(ctx.app(), &self.0).await?)))
        })
        .await
    }

    /// When it was announced.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Until when it can be put. `null` once it is `READY`.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.finalized_at.is_none().then_some(self.0.expires_at)
    }
}

impl PlainFields for Upload {}

/// An upload as the caller may see it: an own one, or a document for reviewers.
///
/// # Errors
/// Only if the database fails.
pub async fn upload_of_caller(ctx: &Context<'_>, id: UploadId) -> Result<Option<Upload>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let Some(row) = ctx.one(UploadById(id)).await? else { return Ok(None) };
    if row.owner_id != viewer.member_id {
        if row.kind != model::UploadKind::VerificationDocument {
            return Ok(None);
        }
        match access::guard::privileged(ctx, Permission::ReviewMentors).await {
            Ok(()) => {}
            Err(ApiError::Told { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(Upload(row)))
}

/// A file of the caller was finalised.
#[derive(Clone, Debug)]
pub struct UploadFinalized(pub Happened, pub model::UploadFinalized);

/// A file of the caller was finalised.
#[Object]
impl UploadFinalized {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The file.
    async fn upload(&self) -> Upload {
        Upload(Arc::new(self.1.upload.clone()))
    }
}

/// A header to send.
#[derive(Clone, Debug, SimpleObject)]
pub struct HttpHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How to put a file.
#[derive(Clone, Debug, SimpleObject)]
pub struct UploadTarget {
    /// `PUT` the bytes of the file there, as they are. Whoever has the address may do so: show it to nobody.
    pub url: Url,
    /// Headers to send along.
    pub headers: Vec<HttpHeader>,
    /// When the address ends.
    pub expires_at: DateTime<Utc>,
}

impl UploadTarget {
    /// What a link tells the client.
    #[must_use]
    pub fn new(link: PutLink, expires_at: DateTime<Utc>) -> Self {
        let header = |(name, value): (&str, String)| HttpHeader { name: name.to_owned(), value };
        Self { url: Url(link.url), headers: link.headers.into_iter().map(header).collect(), expires_at }
    }
}

/// A file to upload.
#[derive(Clone, Debug, InputObject)]
pub struct RequestUploadInput {
    /// What it is for.
    pub kind: UploadKind,
    /// Its size. `policies.uploads` has the most.
    pub bytes: i32,
    /// Its media type, such as `image/png`. `policies.uploads` lists those of the kind.
    pub mime: String,
    /// Its SHA-256 in hexadecimal, if the client knows it: then nothing else is kept.
    pub sha256: Option<String>,
    /// What it is called, 1 to 200 characters.
    pub file_name: Option<String>,
}

/// What `requestUpload` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RequestUploadPayload {
    /// The upload, which waits for its file.
    pub upload: Option<Upload>,
    /// How to put the file.
    pub target: Option<UploadTarget>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Which upload has its file.
#[derive(Clone, Debug, InputObject)]
pub struct FinalizeUploadInput {
    /// The upload.
    pub upload_id: ID,
}

/// What `finalizeUpload` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct FinalizeUploadPayload {
    /// The upload, `READY`.
    pub upload: Option<Upload>,
    /// Whether it was so before.
    pub replayed: Option<bool>,
    /// Why it is not.
    pub user_errors: Vec<UserError>,
}

payloads!(RequestUploadPayload, FinalizeUploadPayload);
