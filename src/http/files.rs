//! `/files/{id}`: files go in and out by signed links; public ones are for everybody.

use std::ops::Range;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::{
        StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
            CONTENT_SECURITY_POLICY, ETAG, HeaderName, IF_NONE_MATCH, LOCATION, RANGE,
        },
    },
    web::{Data, Path, Payload, Query},
};
use serde_json::json;

use super::{auth, graphql::Reply, invoices, media::Media, ops, server::Shared, upload::Upload};
use crate::{
    db::ids::{InvoiceId, UploadId},
    domains::uploads::{
        model::UploadRow,
        service::{
            receive::{self, ReceiveError},
            serve::{self, Found},
        },
    },
    integrations::storage::{Pieces, link::Signed},
    limits::Caller,
};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Should a browser take a file for a page, the page may do nothing.
pub(super) const POLICY: &str = "default-src 'none'; sandbox";

/// `PUT`: takes the file of an upload.
pub(super) async fn put(
    shared: Data<Shared>,
    id: Path<String>,
    signed: Option<Query<Signed>>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let mut upload = Upload::new(payload);
    let (Ok(id), Some(signed)) = (id.parse::<UploadId>(), signed) else {
        return upload.close_unless_whole(refused(&ReceiveError::BadLink));
    };
    let declared =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let received = receive::receive(&shared.engine.app, id, &signed, declared, upload.pieces()).await;
    let answer = match received {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => refused(&error),
    };
    upload.close_unless_whole(answer)
}

fn refused(error: &ReceiveError) -> HttpResponse {
    let (status, code, message) = match error {
        ReceiveError::BadLink => (
            StatusCode::FORBIDDEN,
            "BAD_LINK",
            "The link is not good, or it is over: call `requestUpload` again.",
        ),
        ReceiveError::NotFound => (
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "The upload is not there any more: call `requestUpload` again.",
        ),
        ReceiveError::Finalized => {
            (StatusCode::CONFLICT, "FINALIZED", "The upload is finalised and does not change any more.")
        }
        ReceiveError::Busy => {
            let message =
                "The file is being sent by another request: wait for it, or send it again in a minute.";
            (StatusCode::CONFLICT, "BUSY", message)
        }
        ReceiveError::TooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", "The file has more bytes than were announced.")
        }
        ReceiveError::Incomplete => (
            StatusCode::BAD_REQUEST,
            "INCOMPLETE",
            "The file has fewer bytes than were announced: send it again.",
        ),
        ReceiveError::TooSlow => {
            (StatusCode::REQUEST_TIMEOUT, "TOO_SLOW", "The file arrived too slowly: send it again.")
        }
        ReceiveError::Storage(_) | ReceiveError::Database(_) => return unavailable(error),
    };
    HttpResponse::build(status).json(json!({ "error": code, "message": message }))
}

pub(super) fn unavailable(error: &(dyn std::error::Error + 'static)) -> HttpResponse {
    let cause = error.source().map(ToString::to_string);
    tracing::warn!(%error, cause, "a file could not be moved");
    HttpResponse::ServiceUnavailable()
        .json(json!({ "error": "UNAVAILABLE", "message": "Try again in a moment." }))
}

/// `GET`: hands out a finalised file, or some bytes of it; or the file of an invoice.
pub(super) async fn get(
    shared: Data<Shared>,
    id: Path<String>,
    signed: Option<Query<Signed>>,
    request: HttpRequest,
) -> HttpResponse {
    let app = &shared.engine.app;
    // Asking for what is not there counts in the place: each time costs a statement.
    let (limits, place, now) = (&app.limits, Caller::at(auth::client(app, &request).ip), app.clock.now());
    if let Err(exhausted) = limits.look(place, now) {
        return Reply::from(exhausted).into_response(Media::Json);
    }
    let found = match (id.parse::<UploadId>(), id.parse::<InvoiceId>()) {
        (Ok(id), _) => serve::find(app, id, signed.as_deref()).await,
        (_, Ok(id)) => match invoices::get(app, id, signed.as_deref()).await {
            Some(answer) => return answer,
            None => Ok(None),
        },
        _ => return ops::not_found().await,
    };
    let row = match found {
        Ok(Some(Found::Here(row))) => row,
        Ok(Some(Found::There(address))) => {
            return HttpResponse::Found()
                .insert_header((LOCATION, address))
                .insert_header((CACHE_CONTROL, "public, max-age=300"))
                .finish();
        }
        Ok(None) => {
            // Nothing left is said the next time.
            limits.spend(place, 1, now).ok();
            return ops::not_found().await;
        }
        Err(error) => return unavailable(&error),
    };
    let tag = format!("\"{}\"", row.sha256_text().unwrap_or_default());
    let known = |given: &str| given.split(',').any(|one| one.trim() == tag);
    if header(&request, &IF_NONE_MATCH).is_some_and(known) {
        return described(&mut HttpResponse::NotModified(), &row, &tag).finish();
    }
    let size = u64::try_from(row.bytes).unwrap_or_default();
    let range = match header(&request, &RANGE).map(|wanted| part(wanted, size)) {
        None | Some(Part::Whole) => None,
        Some(Part::Some(range)) => Some(range),
        Some(Part::Impossible) => {
            return HttpResponse::RangeNotSatisfiable()
                .insert_header((CONTENT_RANGE, format!("bytes */{size}")))
                .finish();
        }
    };
    match serve::read(app, &row, range.clone()).await {
        Ok(pieces) => handed_out(&row, &tag, size, range, pieces),
        Err(error) => unavailable(&error),
    }
}

fn header<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

fn described<'a>(
    response: &'a mut HttpResponseBuilder,
    row: &UploadRow,
    tag: &str,
) -> &'a mut HttpResponseBuilder {
    // What is under an id never changes. A private file is for the browser of whoever had the link.
    let who = if row.kind.is_public() { "public" } else { "private" };
    response
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, format!("{who}, max-age=86400, immutable")))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
}

fn handed_out(
    row: &UploadRow,
    tag: &str,
    size: u64,
    range: Option<Range<u64>>,
    pieces: Pieces,
) -> HttpResponse {
    let mut response = if range.is_some() { HttpResponse::PartialContent() } else { HttpResponse::Ok() };
    described(&mut response, row, tag)
        .content_type(row.mime.as_str())
        .insert_header((CONTENT_DISPOSITION, row.disposition()))
        .insert_header((ACCEPT_RANGES, "bytes"));
    let range = range.unwrap_or(0..size);
    if range != (0..size) {
        let last = range.end.saturating_sub(1);
        response.insert_header((CONTENT_RANGE, format!("bytes {}-{last}/{size}", range.start)));
    }
    response.body(SizedStream::new(range.end - range.start, pieces))
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Everything: several ranges at once, and what is no range, count as that.
    Whole,
    /// These bytes.
    Some(Range<u64>),
    /// Bytes that are not there.
    Impossible,
}

fn part(wanted: &str, size: u64) -> Part {
    let bounds = wanted.trim().strip_prefix("bytes=").and_then(|rest| rest.split_once('-'));
    let Some((first, last)) = bounds else { return Part::Whole };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(last)) if first.is_empty() => size.saturating_sub(last)..size,
        _ => return Part::Whole,
    };
    if range.start < range.end { Part::Some(range) } else { Part::Impossible }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_the_file() {
        for (wanted, expected) in [
            ("bytes=0-0", Part::Some(0..1)),
            ("bytes=2-", Part::Some(2..10)),
            ("bytes=2-99", Part::Some(2..10)),
            ("bytes=-3", Part::Some(7..10)),
            ("bytes=-99", Part::Some(0..10)),
            ("bytes=10-", Part::Impossible),
            ("bytes=-0", Part::Impossible),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=x-", Part::Whole),
            ("pages=1-2", Part::Whole),
        ] {
            assert_eq!(part(wanted, 10), expected, "{wanted}");
        }
    }
}
