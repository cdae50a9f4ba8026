//! What every answer has, whatever the route: a request id, safe headers, a line in the log.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Instant,
};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{
        CACHE_CONTROL, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
    middleware::Next,
    web::{Bytes, Data},
};
use pin_project_lite::pin_project;
use uuid::Uuid;

use super::{
    connection::{Pace, UnderWay},
    server::Shared,
};

/// Names a request in the log and in the answer's `x-request-id`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestId(pub(super) Uuid);

/// For a year, browsers reach this host by HTTPS only.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps every route.
pub(super) async fn wrap(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    request.extensions_mut().insert(RequestId(id));
    let under_way = request.conn_data::<Rc<Pace>>().map(UnderWay::begin);
    let https = request.app_data::<Data<Shared>>().is_some_and(|shared| shared.https);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer())) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    log(&response, id, began);
    Ok(response.map_body(|_, body| Answer { body, _under_way: under_way }))
}

pin_project! {
    /// A body; when it ends, so does its request.
    struct Answer<B> {
        #[pin]
        body: B,
        _under_way: Option<UnderWay>,
    }
}

impl<B: MessageBody> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.project().body.poll_next(context)
    }
}

/// The route's pattern is logged, never the path or the query: they may carry tokens.
fn log<B>(response: &ServiceResponse<B>, id: Uuid, began: Instant) {
    let status = response.status().as_u16();
    let failed = response.status().is_server_error();
    if !failed && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let route = response.request().match_pattern().unwrap_or_default();
    let method = response.request().method();
    let duration_ms = began.elapsed().as_secs_f64() * 1000.0;
    if failed {
        tracing::warn!(request.id = %id, %method, route, status, duration_ms, "a request failed");
    } else {
        tracing::debug!(request.id = %id, %method, route, status, duration_ms, "a request was answered");
    }
}
