//! Rows and rules of uploads.

pub mod file_type;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

pub use file_type::FileType;

use crate::{
    db::{
        ids::{EntityId, MemberId, UploadId, new_uuid},
        tables::uploads,
    },
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// What a file is for.
    pub enum UploadKind {
        Avatar = "AVATAR", ChatAttachment = "CHAT_ATTACHMENT", CourseVideo = "COURSE_VIDEO",
        CourseMaterial = "COURSE_MATERIAL", VerificationDocument = "VERIFICATION_DOCUMENT",
    }
}

text_enum! {
    /// How far an upload is.
    pub enum UploadStatus { Pending = "PENDING", Ready = "READY" }
}

/// How long a client may take to begin to put a file that it announced.
pub const PUT_LIFE: TimeDelta = TimeDelta::hours(1);
/// How long a link to a private file is good.
pub const GET_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long after its time a file that nobody finalised is thrown away: longer than the slowest transfer.
pub const ABANDONED_AFTER: TimeDelta = TimeDelta::hours(6);
/// How long a copy that is being looked at is safe from being thrown away.
pub const LOOKING: TimeDelta = TimeDelta::hours(1);
/// How long a picture that nothing shows any more, or that nothing has shown yet, is kept.
pub const UNUSED_KEPT: TimeDelta = TimeDelta::days(1);
/// Uploads of a member that are announced and not finalised.
pub const MOST_PENDING: i64 = 20;
/// Bytes of a member's uploads that are announced and not finalised.
pub const MOST_PENDING_BYTES: i64 = 2 * 1024 * MIB;
/// Bytes of a member's files altogether.
pub const MOST_BYTES: i64 = 20 * 1024 * MIB;
/// Characters of a file's name.
pub const NAME_LENGTH: std::ops::RangeInclusive<usize> = 1..=200;

const MIB: i64 = 1024 * 1024;

impl UploadKind {
    /// The most bytes of a file.
    #[must_use]
    pub const fn max_bytes(self) -> i64 {
        match self {
            Self::Avatar => 5 * MIB,
            Self::VerificationDocument => 10 * MIB,
            Self::ChatAttachment => 25 * MIB,
            Self::CourseMaterial => 50 * MIB,
            Self::CourseVideo => 500 * MIB,
        }
    }

    /// The types of file.
    #[must_use]
    pub const fn types(self) -> &'static [FileType] {
        use FileType::{Gif, Jpeg, Mp3, Mp4, Ogg, Pdf, Png, WebP, Webm, Zip};
        match self {
            Self::Avatar => &[Png, Jpeg, WebP, Gif],
            Self::ChatAttachment => &[Png, Jpeg, WebP, Gif, Pdf, Mp4, Webm, Mp3, Ogg, Zip],
            Self::CourseVideo => &[Mp4, Webm],
            Self::CourseMaterial => &[Pdf, Png, Jpeg, WebP, Gif, Mp3, Ogg, Zip],
            Self::VerificationDocument => &[Pdf, Png, Jpeg],
        }
    }

    /// Whether everybody may see such a file, at an address that stays.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Avatar)
    }
}

/// An upload.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = uploads, check_for_backend(diesel::pg::Pg))]
pub struct UploadRow {
    /// Its id.
    pub id: UploadId,
    /// Whose.
    pub owner_id: MemberId,
    /// What for.
    pub kind: UploadKind,
    /// How far.
    pub status: UploadStatus,
    /// Its media type: announced, and true once READY.
    pub mime: String,
    /// Its size: announced, and true once READY.
    pub bytes: i64,
    /// What the owner calls it.
    pub file_name: Option<String>,
    /// SHA-256: as announced, if it was, and true once READY.
    pub sha256: Option<Vec<u8>>,
    /// Where it is kept once READY.
    pub object_key: Option<String>,
    /// Whether something shows it.
    pub used: bool,
    /// When it was announced.
    pub created_at: DateTime<Utc>,
    /// When the link to put it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was finalised.
    pub finalized_at: Option<DateTime<Utc>>,
}

impl UploadRow {
    /// Where the client puts the file.
    #[must_use]
    pub fn incoming_key(&self) -> String {
        format!("incoming/{}", self.id.uuid().simple())
    }

    /// A new place for the finalised file.
    #[must_use]
    pub fn new_asset_key(&self) -> String {
        format!("assets/{}/{}", self.id.uuid().simple(), new_uuid().simple())
    }

    /// How it is handed out: pictures are shown, everything else is saved.
    #[must_use]
    pub fn disposition(&self) -> String {
        let shown = FileType::of_mime(&self.mime).is_some_and(FileType::is_image);
        let how = if shown { "inline" } else { "attachment" };
        match &self.file_name {
            Some(name) => format!("{how}; filename*=UTF-8''{}", percent_encoded(name)),
            None => how.to_owned(),
        }
    }

    /// The hash in hexadecimal, for tags and clients.
    #[must_use]
    pub fn sha256_text(&self) -> Option<String> {
        Some(hex(self.sha256.as_deref()?))
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What RFC 5987 calls `ext-value`.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// A file of the member was finalised: it can be used. On the owner's stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UploadFinalized {
    /// The upload.
    pub upload: UploadRow,
}

impl EventPayload for UploadFinalized {
    const KIND: &'static str = "UPLOAD_FINALIZED";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(percent_encoded("a\"; x=\r\n é.pdf"), "a%22%3B%20x%3D%0D%0A%20%C3%A9.pdf");
    }
}
