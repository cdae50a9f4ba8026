//! `POST /webhooks/{provider}`: what payment providers tell.

use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::{Bytes, Data, Path},
};
use serde_json::json;

use super::{ops, server::Shared};
use crate::{
    domains::payments::service::{ReceiveError, receive_webhook},
    integrations::payments::Headers,
};

/// The largest body read.
pub(super) const MAX_BODY: usize = 256 * 1024;

/// Takes a webhook. Whatever is signed by the provider is answered with 200, also if it came before or means nothing to
/// us; what happened with it is decided later.
pub(super) async fn receive(
    shared: Data<Shared>,
    provider: Path<String>,
    request: HttpRequest,
    body: Result<Bytes, Error>,
) -> HttpResponse {
    let body = match body {
        Ok(body) => body,
        Err(error) if error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE => {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", "A webhook may have at most 256 KB.");
        }
        Err(_) => return refusal(StatusCode::BAD_REQUEST, "BAD_BODY", "The body did not arrive whole."),
    };
    let headers = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let headers = Headers(headers.collect());
    match receive_webhook(&shared.engine.app, &provider, &headers, &body).await {
        Ok(()) => HttpResponse::Ok().json(json!({ "received": true })),
        Err(ReceiveError::UnknownProvider) => ops::not_found().await,
        Err(ReceiveError::Bad(_)) => {
            let message = "The signature does not fit the body, the webhook is older than 300 seconds, or it is no event.";
            refusal(StatusCode::BAD_REQUEST, "BAD_WEBHOOK", message)
        }
        Err(ReceiveError::Database(error)) => {
            tracing::warn!(%error, "a webhook could not be stored");
            let mut response = HttpResponse::ServiceUnavailable();
            response.insert_header((RETRY_AFTER, "5"));
            response.json(json!({ "error": "UNAVAILABLE", "message": "Send it again later." }))
        }
    }
}

fn refusal(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({ "error": code, "message": message }))
}
