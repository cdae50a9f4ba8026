//! What a client asks for, read from a body or from a query string.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
    web::{Bytes, BytesMut, Payload, Query},
};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::graphql::Reply;
use crate::{engine::run::Params, graphql::error::ApiCode};

/// The longest body, in bytes.
const MAX_BODY: usize = 256 * 1024;
/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Reads the body of a request whose type is JSON. What is too long is cut early.
///
/// # Errors
/// The reply that refuses the request.
pub(super) async fn body(request: &HttpRequest, payload: Payload) -> Result<Bytes, Reply> {
    expect_json(request)?;
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > MAX_BODY) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIMEOUT, collect(payload)).await {
        Ok(body) => body,
        Err(_) => Err(bad(StatusCode::REQUEST_TIMEOUT, "The body of the request did not arrive in time.")),
    }
}

async fn collect(mut payload: Payload) -> Result<Bytes, Reply> {
    let broken = |_| bad(StatusCode::BAD_REQUEST, "The body of the request is incomplete.");
    let Some(first) = payload.next().await.transpose().map_err(broken)? else { return Ok(Bytes::new()) };
    let Some(second) = payload.next().await.transpose().map_err(broken)? else { return within_limit(first) };
    let mut body = BytesMut::from(first);
    body.extend_from_slice(&second);
    while body.len() <= MAX_BODY
        && let Some(chunk) = payload.next().await.transpose().map_err(broken)?
    {
        body.extend_from_slice(&chunk);
    }
    within_limit(body.freeze())
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

/// Reads a JSON body.
///
/// # Errors
/// The reply that refuses the request.
pub(super) fn from_json(body: &[u8]) -> Result<Params, Reply> {
    // A list would otherwise be read as the fields of one request in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(bad(
            StatusCode::BAD_REQUEST,
            "The body must be one JSON object with `query`. Batches are not accepted.",
        ));
    }
    serde_json::from_slice(body)
        .map_err(|error| bad(StatusCode::BAD_REQUEST, &format!("The body cannot be read: {error}.")))
}

/// Reads a query string.
///
/// # Errors
/// The reply that refuses the request.
pub(super) fn from_query(query: &str) -> Result<Params, Reply> {
    let refuse = |message: String| bad(StatusCode::BAD_REQUEST, &message);
    let pairs = Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| refuse(format!("The query string cannot be read: {error}.")))?;
    let mut params = Params::default();
    for (name, value) in pairs.into_inner() {
        let twice = match name.as_str() {
            "query" => params.query.replace(value).is_some(),
            "operationName" => params.operation_name.replace(value).is_some(),
            "variables" => params.variables.replace(object(&name, &value)?).is_some(),
            "extensions" => params.extensions.replace(object(&name, &value)?).is_some(),
            _ => false,
        };
        if twice {
            return Err(refuse(format!("The query string has `{name}` twice.")));
        }
    }
    Ok(params)
}

fn object(name: &str, value: &str) -> Result<Map<String, Value>, Reply> {
    if value.is_empty() {
        return Ok(Map::new());
    }
    let read: Result<Option<Map<String, Value>>, _> = serde_json::from_str(value);
    read.map(Option::unwrap_or_default)
        .map_err(|error| bad(StatusCode::BAD_REQUEST, &format!("`{name}` must be a JSON object: {error}.")))
}

fn too_large() -> Reply {
    let message = format!("The body of the request is too large: at most {MAX_BODY} bytes are allowed.");
    Reply::refusal(StatusCode::PAYLOAD_TOO_LARGE, ApiCode::LimitExceeded, &message)
}

fn bad(status: StatusCode, message: &str) -> Reply {
    Reply::refusal(status, ApiCode::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_bodies_are_refused_and_never_panic() {
        let nested = format!("{{\"variables\":{}}}", "{\"a\":".repeat(10_000));
        for body in [
            &b""[..],
            b"[]",
            b"[{\"query\":\"{a}\"}]",
            b"null",
            b"\"{a}\"",
            b"{\"query\":1}",
            b"{\"query\":\"{a}\",\"query\":\"{b}\"}",
            b"{\"query\":\"{a}\",\"variables\":[1]}",
            b"{\"query\":\"{a}\",\"variables\":{\"a\":1e999}}",
            b"{\"query\":\"\\ud800\"}",
            b"{\"query\":\"\xff\xfe\"}",
            b"{\"query\":\"a\x00b\"}",
            b"{\"query\":\"{a}\"} trailing",
            nested.as_bytes(),
        ] {
            assert!(from_json(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(
            from_json(b" \n{\"query\":\"{a}\",\"other\":1}").ok().and_then(|params| params.query).as_deref(),
            Some("{a}")
        );
    }

    #[test]
    fn a_query_string_is_read_like_a_body() {
        let params =
            from_query("query=%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D&extensions=null&z=1").ok();
        let params = params.unwrap_or_default();
        assert_eq!(params.query.as_deref(), Some("{a}"));
        assert_eq!(params.operation_name.as_deref(), Some("A"));
        assert_eq!(params.variables.and_then(|variables| variables.get("x").cloned()), Some(1.into()));
        for query in ["query=a&query=b", "variables=1", "variables=%7B", "extensions=%5B%5D"] {
            assert!(from_query(query).is_err(), "{query}");
        }
    }
}
