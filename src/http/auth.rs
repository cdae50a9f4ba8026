//! Token → viewer.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use actix_web::{HttpRequest, http::header};

use super::{
    cookies::{self, ACCESS},
    server::Shared,
};
use crate::{
    app::App,
    domains::{
        accounts::service::verify_access_token,
        identities::service::{BearerError, viewer_of},
    },
    engine::Caller,
    graphql::{Client, ClientApp, Viewer},
};

/// How often an open connection asks whether its device was signed out meanwhile.
pub(super) const RECHECK: Duration = Duration::from_secs(2);
/// The longest `User-Agent` that is kept.
const MAX_USER_AGENT: usize = 200;

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadToken {
    /// Broken, expired or revoked, or no bearer token.
    #[error("the access token is invalid or has expired")]
    Invalid,
    /// The outside issuer has not proven the person's address.
    #[error("the address is not proven")]
    Unproven,
    /// Nobody can say at the moment.
    #[error("the access token cannot be checked")]
    Unavailable,
}

/// Who sends a request: anonymous without `Authorization` and without a cookie that is good. A page cannot leave a cookie
/// out, so one that has ended is no error: the page would be kept from refreshing it.
///
/// # Errors
/// If there is a token in `Authorization`, but none that is good now.
pub(super) async fn caller(shared: &Shared, request: &HttpRequest) -> Result<Caller, BadToken> {
    let app = &shared.engine.app;
    let client = Client { cookies: cookies::of(shared, request), ..client(app, request) };
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let viewer = match (given.next(), given.next()) {
        (None, _) => {
            let token = client.cookies.as_ref().and_then(|cookies| cookies.get(ACCESS));
            token.and_then(|token| verify_access_token(app, token).ok())
        }
        (Some(one), None) => Some(viewer(app, one.to_str().map_err(|_| BadToken::Invalid)?, &client).await?),
        (Some(_), Some(_)) => return Err(BadToken::Invalid),
    };
    Ok(Caller { viewer, client })
}

/// From where a request came, without its cookies.
pub(super) fn client(app: &App, request: &HttpRequest) -> Client {
    let (user_agent, ip) = (user_agent(request), ip(app, request));
    Client { user_agent, ip, app: named_app(request), ..Client::default() }
}

/// The caller's address: the connection's, or what the outermost trusted proxy saw. What stands before that in
/// `X-Forwarded-For` is the caller's own invention.
fn ip(app: &App, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr().map(|address| address.ip());
    let proxies = usize::from(app.config.trusted_proxies);
    if proxies == 0 {
        return peer;
    }
    let headers = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = headers.flat_map(|value| value.split(',')).map(str::trim).collect();
    let seen = hops.len().checked_sub(proxies).and_then(|place| hops.get(place)).and_then(|hop| address(hop));
    seen.or(peer)
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The viewer of `Bearer <token>`, or of a bare token.
///
/// # Errors
/// If the token is not good now.
pub(super) async fn viewer(app: &App, authorization: &str, client: &Client) -> Result<Viewer, BadToken> {
    let authorization = authorization.trim();
    let token = match authorization.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        Some(_) => return Err(BadToken::Invalid),
        None => authorization,
    };
    viewer_of(app, token, client).await.map_err(|error| match error {
        BearerError::Invalid => BadToken::Invalid,
        BearerError::EmailNotVerified => BadToken::Unproven,
        BearerError::Unavailable => BadToken::Unavailable,
    })
}

/// Whether the time of a token that was good is over.
pub(super) fn is_expired(app: &App, viewer: Option<Viewer>) -> bool {
    viewer.is_some_and(|viewer| viewer.expires_at <= app.clock.now())
}

/// Whether the device of a token that was good has been signed out.
pub(super) fn is_signed_out(app: &App, viewer: Option<Viewer>) -> bool {
    viewer.is_some_and(|viewer| app.revoked.contains(viewer.auth_session_id))
}

/// The headers by which Apollo's clients name the app; also names in the first message of a WebSocket.
pub(super) const APP_NAMES: [&str; 2] = ["apollographql-client-name", "apollographql-client-version"];

/// The app that a client is, in its own words.
fn named_app(request: &HttpRequest) -> ClientApp {
    let [name, version] = APP_NAMES
        .map(|name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default());
    if name.is_empty() { ClientApp::default() } else { ClientApp::new(name, version) }
}

/// The program that a client runs, in its own words.
fn user_agent(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(MAX_USER_AGENT).collect())
}
