//! What every answer has, whatever the route: a request id, safe headers, a line in the log.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{
        CACHE_CONTROL, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
    middleware::Next,
};
use uuid::Uuid;

/// Names a request in the log and in the answer's `x-request-id`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestId(pub(super) Uuid);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps every route.
pub(super) async fn wrap(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer())) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    log(&response, id, began);
    Ok(response)
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
