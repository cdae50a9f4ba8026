//! Root mutations of uploads.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::{self, MOST_PENDING, NAME_LENGTH},
    service::{
        finalize::{self, FinalizeError, Mismatch},
        request::{self, NewUpload, RequestError},
    },
    types::{
        FinalizeUploadInput, FinalizeUploadPayload, RequestUploadInput, RequestUploadPayload, Upload,
        UploadTarget,
    },
};
use crate::{
    domains::{
        input::{id, not_found, number, text},
        user_error::{ErrorCode, Refusal, UploadDifference, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Mutations of uploads.
#[derive(Debug, Default)]
pub struct UploadsMutation;

/// Mutations of uploads.
#[Object]
impl UploadsMutation {
    /// Announces a file and gives the address to put it. Needs a signed-in caller. Then `PUT` the file there, and call
    /// `finalizeUpload`: until then nobody can see it.
    async fn request_upload(
        &self,
        ctx: &Context<'_>,
        input: RequestUploadInput,
    ) -> Field<RequestUploadPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            let new = new_upload(input)?;
            let (row, link) = request::request(ctx.app(), viewer.member_id, &new).await?;
            let target = Some(UploadTarget::new(link, row.expires_at));
            Ok(RequestUploadPayload { upload: Some(Upload(Arc::new(row))), target, ..Default::default() })
        })
        .await
    }

    /// Looks at the file that was put: its size, its first bytes and its hash. If it is what was announced, it is kept and
    /// can be seen; if not, put the right one and call again. Needs the upload's owner. Safe to call twice.
    async fn finalize_upload(
        &self,
        ctx: &Context<'_>,
        input: FinalizeUploadInput,
    ) -> Field<FinalizeUploadPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            let upload = id(&input.upload_id, "uploadId")?;
            let (row, replayed) = finalize::finalize(ctx.app(), viewer.member_id, upload).await?;
            ctx.wrote();
            let upload = Some(Upload(Arc::new(row)));
            Ok(FinalizeUploadPayload { upload, replayed: Some(replayed), ..Default::default() })
        })
        .await
    }
}

fn new_upload(input: RequestUploadInput) -> Result<NewUpload, UserError> {
    let kind = model::UploadKind::from(input.kind);
    let mime = input.mime.trim().to_ascii_lowercase();
    let file_type = kind.types().iter().copied().find(|known| known.mime() == mime).ok_or_else(|| {
        let known: Vec<&str> = kind.types().iter().map(|known| known.mime()).collect();
        UserError::validation("mime", "MIME", format!("For this kind, give one of {}.", known.join(", ")))
    })?;
    let sha256 = input.sha256.map(|text| hash(&text)).transpose()?;
    Ok(NewUpload {
        kind,
        bytes: number(input.bytes.into(), "bytes", 1..=i64::from(i32::MAX))?,
        file_type,
        sha256,
        file_name: input.file_name.map(|name| text(&name, "fileName", NAME_LENGTH)).transpose()?,
    })
}

fn hash(text: &str) -> Result<[u8; 32], UserError> {
    let bad = || UserError::validation("sha256", "SHA256", "Give the SHA-256 as 64 hexadecimal digits.");
    let mut hash = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(bad());
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        let digits = text.get(place * 2..place * 2 + 2).ok_or_else(bad)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| bad())?;
    }
    Ok(hash)
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::TooLarge { max } => {
                let message = format!("A file of this kind may have at most {max} bytes.");
                UserError::too_large("bytes", &message, max).into()
            }
            RequestError::TooMany => {
                let message = format!(
                    "Finalise the uploads that you announced before, or wait an hour: at most {MOST_PENDING} of them, and \
                     not too many bytes, can be on their way."
                );
                UserError::basic(ErrorCode::TooMany, "", message).into()
            }
            RequestError::NoRoom(room) => {
                let message = format!("Your files have {room} bytes left to grow.");
                UserError::too_large("bytes", &message, room).into()
            }
            RequestError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<FinalizeError> for Refusal {
    fn from(error: FinalizeError) -> Self {
        match error {
            FinalizeError::NotFound => not_found("uploadId", "upload").into(),
            FinalizeError::Mismatch(mismatch) => mismatched(&mismatch).into(),
            FinalizeError::Storage(_) | FinalizeError::Database(_) => Self::Api(error.into()),
        }
    }
}

fn mismatched(mismatch: &Mismatch) -> UserError {
    let (what, found, message) = match mismatch {
        Mismatch::Missing => {
            (UploadDifference::Missing, None, "The file is not there: PUT it to the target's address first.")
        }
        Mismatch::Size(bytes) => (
            UploadDifference::Size,
            Some(bytes.to_string()),
            "The file has another size than announced: PUT the right one, or announce it anew.",
        ),
        Mismatch::Type(found) => (
            UploadDifference::Type,
            found.map(|found| found.mime().to_owned()),
            "The first bytes of the file are not those of the announced type: PUT the right one, or announce it anew.",
        ),
        Mismatch::Hash(found) => (
            UploadDifference::Sha256,
            Some(model::hex(found)),
            "The file has another SHA-256 than announced: PUT it again.",
        ),
    };
    UserError::upload_mismatch("uploadId", message, what, found)
}
