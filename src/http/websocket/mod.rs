//! GraphQL over WebSocket: the protocol [`graphql-transport-ws`](https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md).
//!
//! - [`open`]: the upgrade, and who may ask for it;
//! - `socket`: the life of a socket, in the one task that the connection has anyway: what a client does not read waits
//!   in the stream it comes from, and a subscriber that falls behind is told to read its snapshot again;
//! - `reader` and `writer`: RFC 6455; `messages`: the protocol inside; `close`: why a socket ends.

mod close;
mod messages;
mod reader;
mod socket;
mod writer;

use std::net::IpAddr;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    body::{BodyStream, MessageBody},
    http::{
        StatusCode,
        header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL, UPGRADE},
    },
    web::{Data, Payload, Query},
};
use futures_util::stream::unfold;
use uuid::Uuid;

use self::socket::{Socket, Token};
use super::{
    auth, cookies, envelope::RequestId, graphql::Reply, long_lived::Kept, media::Media, server::Shared,
};
use crate::{config::Mode, graphql::error::ApiCode};

/// The subprotocol.
const PROTOCOL: &str = "graphql-transport-ws";

/// Whether a request wants to become a WebSocket.
pub(super) fn is_wanted(request: &HttpRequest) -> bool {
    let upgrade = request.headers().get(UPGRADE).and_then(|upgrade| upgrade.to_str().ok());
    upgrade
        .is_some_and(|upgrade| upgrade.split(',').any(|name| name.trim().eq_ignore_ascii_case("websocket")))
}

/// Opens a WebSocket.
pub(super) fn open(shared: Data<Shared>, request: &HttpRequest, payload: Payload) -> HttpResponse {
    let client = auth::client(&shared.engine.app, request);
    match accept(&shared, request, client.ip) {
        Err(refusal) => refusal.into_response(Media::Json),
        Ok((mut handshake, kept)) => {
            handshake.insert_header((SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL)));
            let id = request.extensions().get::<RequestId>().map_or(Uuid::nil(), |id| id.0);
            let token = token_in_address(&shared, request)
                .map(Token::InAddress)
                .or_else(|| cookies::token_of_socket(&shared, request.headers()).map(Token::InCookie));
            let socket = Socket::new(shared, id, payload.into_inner(), client, token, kept);
            let body = BodyStream::new(unfold(Box::new(socket), Socket::next_bytes)).boxed();
            match handshake.message_body(body) {
                Ok(response) => response.into(),
                Err(_) => HttpResponse::InternalServerError().finish(),
            }
        }
    }
}

fn accept(
    shared: &Shared,
    request: &HttpRequest,
    ip: Option<IpAddr>,
) -> Result<(actix_http::ResponseBuilder, Kept), Reply> {
    if !shared.origins.may_call(request.headers()) {
        let message = "Pages of this origin may not open a WebSocket here.";
        return Err(Reply::refusal(StatusCode::FORBIDDEN, ApiCode::Forbidden, message));
    }
    let handshake = actix_http::ws::handshake(request.head())
        .map_err(|error| refuse(&format!("The WebSocket cannot be opened: {error}")))?;
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|names| names.to_str().ok());
    if !offered.flat_map(|names| names.split(',')).any(|name| name.trim() == PROTOCOL) {
        return Err(refuse("Offer the subprotocol `graphql-transport-ws` when you open the WebSocket."));
    }
    // Who it is becomes known later, if at all.
    Ok((handshake, shared.long_lived.at_place(ip)?))
}

fn refuse(message: &str) -> Reply {
    Reply::refusal(StatusCode::BAD_REQUEST, ApiCode::BadRequest, message)
}

/// Tools that cannot send a payload may put the token into the address; never in production, because addresses are logged.
fn token_in_address(shared: &Shared, request: &HttpRequest) -> Option<String> {
    if shared.engine.app.config.mode == Mode::Production {
        return None;
    }
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?.into_inner();
    pairs.into_iter().find_map(|(name, value)| (name == "access_token").then_some(value))
}
