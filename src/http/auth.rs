//! Token → viewer.

use std::time::Duration;

use actix_web::{HttpRequest, http::header};

use crate::{app::App, domains::accounts::service::verify_access_token, engine::Caller, graphql::Viewer};

/// How often an open connection asks whether its device was signed out meanwhile.
pub(super) const RECHECK: Duration = Duration::from_secs(2);
/// The longest `User-Agent` that is kept.
const MAX_USER_AGENT: usize = 200;

/// The token is broken, expired or revoked, or it is no bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the access token is invalid or has expired")]
pub(super) struct BadToken;

/// Who sends a request: anonymous without `Authorization`.
///
/// # Errors
/// If there is a token, but none that is good now.
pub(super) fn caller(app: &App, request: &HttpRequest) -> Result<Caller, BadToken> {
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let viewer = match (given.next(), given.next()) {
        (None, _) => None,
        (Some(one), None) => Some(viewer(app, one.to_str().map_err(|_| BadToken)?)?),
        (Some(_), Some(_)) => return Err(BadToken),
    };
    Ok(Caller { viewer, user_agent: user_agent(request) })
}

/// The viewer of `Bearer <token>`, or of a bare token.
///
/// # Errors
/// If the token is not good now.
pub(super) fn viewer(app: &App, authorization: &str) -> Result<Viewer, BadToken> {
    let authorization = authorization.trim();
    let token = match authorization.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        Some(_) => return Err(BadToken),
        None => authorization,
    };
    verify_access_token(app, token).map_err(|_| BadToken)
}

/// Whether the time of a token that was good is over.
pub(super) fn is_expired(app: &App, viewer: Option<Viewer>) -> bool {
    viewer.is_some_and(|viewer| viewer.expires_at <= app.clock.now())
}

/// Whether the device of a token that was good has been signed out.
pub(super) fn is_signed_out(app: &App, viewer: Option<Viewer>) -> bool {
    viewer.is_some_and(|viewer| app.revoked.contains(viewer.auth_session_id))
}

/// The program that a client runs, in its own words.
pub(super) fn user_agent(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(MAX_USER_AGENT).collect())
}
