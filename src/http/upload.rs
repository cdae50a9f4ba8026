//! The body of a request, read up to a limit of bytes and time.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    error::PayloadError,
    http::{StatusCode, header},
    web::{Bytes, BytesMut, Payload},
};
use futures_util::{Stream, StreamExt, stream};

use super::graphql::Reply;
use crate::graphql::error::ApiCode;

/// The longest body, in bytes.
const MAX_BODY: usize = 256 * 1024;
/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// What a client sends.
pub(super) struct Upload {
    payload: Payload,
    whole: bool,
}

impl Upload {
    pub(super) const fn new(payload: Payload) -> Self {
        Self { payload, whole: false }
    }

    /// Reads a body whose type is JSON. What is too long is cut early.
    ///
    /// # Errors
    /// The reply that refuses the request.
    pub(super) async fn read(&mut self, request: &HttpRequest) -> Result<Bytes, Reply> {
        expect_json(request)?;
        let declared = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        if declared.is_some_and(|length: usize| length > MAX_BODY) {
            return Err(too_large());
        }
        match tokio::time::timeout(BODY_TIMEOUT, self.collect()).await {
            Ok(body) => body,
            Err(_) => {
                Err(bad(StatusCode::REQUEST_TIMEOUT, "The body of the request did not arrive in time."))
            }
        }
    }

    async fn collect(&mut self) -> Result<Bytes, Reply> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await? else { return within_limit(first) };
        let mut body = BytesMut::from(first);
        body.extend_from_slice(&second);
        while body.len() <= MAX_BODY
            && let Some(chunk) = self.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        within_limit(body.freeze())
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Reply> {
        let chunk = self.payload.next().await.transpose();
        let chunk =
            chunk.map_err(|_| bad(StatusCode::BAD_REQUEST, "The body of the request is incomplete."))?;
        self.whole = chunk.is_none();
        Ok(chunk)
    }

    /// The body as it comes.
    pub(super) fn pieces(&mut self) -> impl Stream<Item = Result<Bytes, PayloadError>> + Unpin {
        let Self { payload, whole } = self;
        stream::poll_fn(move |context| {
            let piece = payload.poll_next_unpin(context);
            *whole = matches!(piece, Poll::Ready(None));
            piece
        })
    }

    /// Makes the connection end after the response unless everything was read: what is still coming might never end.
    pub(super) fn close_unless_whole(self, response: HttpResponse) -> HttpResponse {
        if self.whole {
            return response;
        }
        // The server closes a connection whose body is still held, but drains one that was dropped.
        response.map_body(|_, body| BoxBody::new(Holding { body, _upload: self }))
    }
}

/// A response's body that holds what was not read of the request's.
struct Holding {
    body: BoxBody,
    _upload: Upload,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}

fn within_limit(body: Bytes) -> Result<Bytes, Reply> {
    if body.len() > MAX_BODY { Err(too_large()) } else { Ok(body) }
}

/// Only JSON is taken: what a form of another site can send without asking is refused, so no request can be forged.
fn expect_json(request: &HttpRequest) -> Result<(), Reply> {
    let given =
        request.headers().get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.all(|parameter| {
        parameter.split_once('=').is_none_or(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    });
    let plain = request.headers().get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    if json && utf8 && plain {
        return Ok(());
    }
    let message = "Send the request as `content-type: application/json` in UTF-8, not compressed.";
    Err(bad(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

fn too_large() -> Reply {
    let message = format!("The body of the request is too large: at most {MAX_BODY} bytes are allowed.");
    Reply::refusal(StatusCode::PAYLOAD_TOO_LARGE, ApiCode::LimitExceeded, &message)
}

fn bad(status: StatusCode, message: &str) -> Reply {
    Reply::refusal(status, ApiCode::BadRequest, message)
}
