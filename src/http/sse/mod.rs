//! GraphQL over server-sent events, by the [graphql-sse](https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md)
//! protocol: for clients behind proxies that let no WebSocket through.
//!
//! - distinct connections: each operation is a request whose answer is a stream of events;
//! - single connection ([`reservations`]): one stream, reserved first, on which further requests start operations.

mod reservations;
mod stream;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{StatusCode, header::ALLOW},
    web::{Data, Payload},
};
use async_graphql::parser::types::OperationType;
use uuid::Uuid;

pub(super) use self::reservations::{Reservations, complete, reserve};
use self::stream::EventStream;
use super::{
    cookies,
    envelope::RequestId,
    graphql::{self, Reply},
    limits::{self, Denied},
    media::{self, Media},
    operations::Order,
    params,
    server::Shared,
    upload::Upload,
};
use crate::{
    engine::{Caller, run::Params},
    graphql::error::ApiCode,
};

/// `GET /graphql/stream`: a query or subscription in the address, or the stream that was reserved.
pub(super) async fn get(shared: Data<Shared>, request: HttpRequest) -> HttpResponse {
    let reply = async {
        if let Some(token) = reservations::token(&request) {
            return reservations::open(&shared, &request, token).await;
        }
        let params = params::from_query(request.query_string())?;
        distinct(&shared, &request, params).await
    };
    reply.await.unwrap_or_else(|refusal| refusal.into_response(Media::Json))
}

/// `POST /graphql/stream`: any operation, answered here or on the stream that was reserved.
pub(super) async fn post(shared: Data<Shared>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let mut upload = Upload::new(payload);
    let reply = async {
        let token = reservations::token(&request);
        if let Some(token) = token
            && media::accepts(request.headers(), stream::MEDIA)
        {
            return reservations::open(&shared, &request, token).await;
        }
        let params = params::from_json(&upload.read(&request).await?)?;
        match token {
            Some(token) => reservations::start(&shared, &request, token, params).await,
            None => distinct(&shared, &request, params).await,
        }
    };
    match reply.await {
        Ok(response) => response,
        Err(refusal) => upload.close_unless_whole(refusal.into_response(Media::Json)),
    }
}

/// Any other method.
pub(super) async fn other_method() -> HttpResponse {
    let message = "Use GET or POST; PUT and DELETE for a reserved stream.";
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, message).into_response(Media::Json);
    response
        .headers_mut()
        .insert(ALLOW, actix_web::http::header::HeaderValue::from_static("GET, POST, PUT, DELETE"));
    response
}

/// One operation on a connection of its own. What is wrong with the document is told on the stream, because a client
/// that reads events cannot read another answer.
async fn distinct(
    shared: &Data<Shared>,
    request: &HttpRequest,
    params: Params,
) -> Result<HttpResponse, Reply> {
    if !media::accepts(request.headers(), stream::MEDIA) && !media::accepts(request.headers(), "*/*") {
        return Err(refuse(StatusCode::NOT_ACCEPTABLE, "Accept `text/event-stream`."));
    }
    let caller = graphql::caller(shared, request).await?;
    let kept = shared.long_lived.of(&caller)?;
    let order = order(shared, request, caller, String::new(), params)?;
    let reads_only =
        order.operation.as_ref().is_ok_and(|(operation, _)| operation.kind != OperationType::Mutation);
    if request.method() == actix_web::http::Method::GET && order.operation.is_ok() && !reads_only {
        return Err(graphql::only_queries());
    }
    Ok(EventStream::of_one(Data::clone(shared), kept, order).into_response())
}

/// # Errors
/// The reply to a caller whose budget is used up, and to a mutation of a web page.
fn order(
    shared: &Shared,
    request: &HttpRequest,
    mut caller: Caller,
    id: String,
    params: Params,
) -> Result<Order, Reply> {
    // The head of a stream is sent before its operations run: too late for cookies.
    caller.client.cookies = None;
    let operation = match limits::admit(&shared.engine, &caller, params) {
        Ok(charged) => Ok(charged),
        Err(Denied::Limited(exhausted)) => return Err(exhausted.into()),
        Err(refused) => Err(refused.into()),
    };
    if cookies::are_wanted(request.headers())
        && operation.as_ref().is_ok_and(|(operation, _)| operation.kind == OperationType::Mutation)
    {
        return Err(no_mutations());
    }
    Ok(Order { id, caller, operation, request: request_id(request) })
}

/// Tokens must come in cookies, and a stream can set none.
fn no_mutations() -> Reply {
    let message = "With `x-skillswap-web`, send mutations to `/graphql`: those that sign in set cookies, which a stream of \
        events cannot.";
    refuse(StatusCode::BAD_REQUEST, message)
}

fn request_id(request: &HttpRequest) -> Uuid {
    request.extensions().get::<RequestId>().map_or(Uuid::nil(), |id| id.0)
}

fn refuse(status: StatusCode, message: &str) -> Reply {
    Reply::refusal(status, ApiCode::BadRequest, message)
}
