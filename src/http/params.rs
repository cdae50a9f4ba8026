//! What a client asks for, read from a body or from a query string.

use actix_web::{http::StatusCode, web::Query};
use serde_json::{Map, Value};

use super::graphql::Reply;
use crate::{engine::run::Params, graphql::error::ApiCode};

/// How many requests one body may carry.
pub(super) const MAX_BATCH: usize = 10;

/// The requests of a body that is a JSON array, as Apollo's `BatchHttpLink` sends it; `None` if it is no array.
///
/// # Errors
/// The reply that refuses all of them.
pub(super) fn batch(body: &[u8]) -> Result<Option<Vec<String>>, Reply> {
    if body.trim_ascii_start().first() != Some(&b'[') {
        return Ok(None);
    }
    let items: Vec<Value> = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    if !(1..=MAX_BATCH).contains(&items.len()) {
        let message = format!("A batch must have 1 to {MAX_BATCH} requests, this has {}.", items.len());
        return Err(bad(StatusCode::BAD_REQUEST, &message));
    }
    Ok(Some(items.iter().map(Value::to_string).collect()))
}

/// Reads one request of a JSON body.
///
/// # Errors
/// The reply that refuses the request.
pub(super) fn from_json(body: &[u8]) -> Result<Params, Reply> {
    // A list would otherwise be read as the fields of one request in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(bad(StatusCode::BAD_REQUEST, "A request must be a JSON object with `query`."));
    }
    serde_json::from_slice(body).map_err(|error| unreadable(&error))
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
            "documentId" => params.document_id.replace(value).is_some(),
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

fn unreadable(error: &serde_json::Error) -> Reply {
    bad(StatusCode::BAD_REQUEST, &format!("The body cannot be read: {error}."))
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
    fn a_batch_is_bounded() {
        let of = |length: usize| format!(" [{}]", vec!["{}"; length].join(","));
        assert!(matches!(batch(b"{\"query\":\"{a}\"}"), Ok(None)));
        assert!(matches!(batch(of(MAX_BATCH).as_bytes()), Ok(Some(items)) if items.len() == MAX_BATCH));
        for body in [of(0), of(MAX_BATCH + 1), "[{}".to_owned(), "[".repeat(10_000)] {
            assert!(batch(body.as_bytes()).is_err(), "{body}");
        }
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
