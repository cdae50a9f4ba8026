//! `POST /webhooks/{provider}`: what providers of payments and payouts tell, and the issuer of outside identities.

use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::{Bytes, Data, Path},
};
use serde_json::json;

use super::{ops, server::Shared};
use crate::{
    domains::{
        identities::service::{SyncError, receive_user_event},
        payments::service::{ReceiveError, receive_webhook},
        payouts::service::{self as payouts, receive_event},
    },
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
    let (headers, body) = match parts(&request, body) {
        Ok(parts) => parts,
        Err(refused) => return *refused,
    };
    match receive_webhook(&shared.engine.app, &provider, &headers, &body).await {
        Ok(()) => HttpResponse::Ok().json(json!({ "received": true })),
        Err(ReceiveError::UnknownProvider | ReceiveError::NotFound) => ops::not_found().await,
        Err(ReceiveError::Bad(_)) => bad(),
        Err(ReceiveError::Provider(error)) => later(&error),
        Err(ReceiveError::Database(error)) => later(&error),
    }
}

/// `POST /webhooks/payouts/{provider}`: takes what a provider of payouts tells.
pub(super) async fn receive_payout(
    shared: Data<Shared>,
    provider: Path<String>,
    request: HttpRequest,
    body: Result<Bytes, Error>,
) -> HttpResponse {
    let (headers, body) = match parts(&request, body) {
        Ok(parts) => parts,
        Err(refused) => return *refused,
    };
    match receive_event(&shared.engine.app, &provider, &headers, &body).await {
        Ok(()) => HttpResponse::Ok().json(json!({ "received": true })),
        Err(payouts::ReceiveError::UnknownProvider) => ops::not_found().await,
        Err(payouts::ReceiveError::Bad(_)) => bad(),
        Err(payouts::ReceiveError::Database(error)) => later(&error),
    }
}

/// `POST /webhooks/identity`: takes what the issuer of outside identities tells about its people.
pub(super) async fn receive_identity(
    shared: Data<Shared>,
    request: HttpRequest,
    body: Result<Bytes, Error>,
) -> HttpResponse {
    let (headers, body) = match parts(&request, body) {
        Ok(parts) => parts,
        Err(refused) => return *refused,
    };
    match receive_user_event(&shared.engine.app, &headers, &body).await {
        Ok(()) => HttpResponse::Ok().json(json!({ "received": true })),
        Err(SyncError::NotSetUp) => ops::not_found().await,
        Err(SyncError::Bad(_)) => bad(),
        Err(SyncError::Database(error)) => later(&error),
    }
}

/// The headers and the raw body.
fn parts(request: &HttpRequest, body: Result<Bytes, Error>) -> Result<(Headers, Bytes), Box<HttpResponse>> {
    let body = match body {
        Ok(body) => body,
        Err(error) if error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = "A webhook may have at most 256 KB.";
            return Err(Box::new(refusal(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", message)));
        }
        Err(_) => {
            let message = "The body did not arrive whole.";
            return Err(Box::new(refusal(StatusCode::BAD_REQUEST, "BAD_BODY", message)));
        }
    };
    let headers = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    Ok((Headers(headers.collect()), body))
}

fn bad() -> HttpResponse {
    let message =
        "The signature does not fit the body, the webhook is older than 300 seconds, or it is no event.";
    refusal(StatusCode::BAD_REQUEST, "BAD_WEBHOOK", message)
}

fn later(error: &(dyn std::error::Error + 'static)) -> HttpResponse {
    tracing::warn!(%error, "a webhook could not be stored");
    let mut response = HttpResponse::ServiceUnavailable();
    response.insert_header((RETRY_AFTER, "5"));
    response.json(json!({ "error": "UNAVAILABLE", "message": "Send it again later." }))
}

fn refusal(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({ "error": code, "message": message }))
}
