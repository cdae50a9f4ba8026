//! Token → viewer.

use std::time::Duration;

use actix_web::{HttpRequest, http::header};

use crate::{
    app::App,
    domains::accounts::service::{TokenError, verify_access_token},
    engine::Caller,
    graphql::Viewer,
};

/// How often the token of an open connection is looked at again: a device that was signed out hears no more than this.
pub(super) const RECHECK: Duration = Duration::from_secs(4);
/// The longest `User-Agent` that is kept.
const MAX_USER_AGENT: usize = 200;

/// Why nobody can be told from a token.
#[derive(Debug, thiserror::Error)]
pub(super) enum AuthError {
    /// The token is broken, expired or revoked, or it is no bearer token.
    #[error("the access token is invalid or has expired")]
    BadToken,
    /// It could not be looked at.
    #[error("the access token cannot be checked now: {0}")]
    Unavailable(TokenError),
}

/// What a connection was opened with: nothing, or a token that has to stay good for as long as it is open.
#[derive(Debug, Default)]
pub(super) struct Pass {
    token: String,
    viewer: Option<Viewer>,
}

impl Pass {
    /// The pass of a request: anonymous without `Authorization`.
    ///
    /// # Errors
    /// If there is a token, but none that is known to be good.
    pub(super) async fn of(app: &App, request: &HttpRequest) -> Result<Self, AuthError> {
        let mut given = request.headers().get_all(header::AUTHORIZATION);
        match (given.next(), given.next()) {
            (None, _) => Ok(Self::default()),
            (Some(one), None) => Self::check(app, one.to_str().map_err(|_| AuthError::BadToken)?).await,
            (Some(_), Some(_)) => Err(AuthError::BadToken),
        }
    }

    /// The pass of `Bearer <token>`, or of a bare token.
    ///
    /// # Errors
    /// If the token is not known to be good.
    pub(super) async fn check(app: &App, authorization: &str) -> Result<Self, AuthError> {
        let authorization = authorization.trim();
        let token = match authorization.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
            Some(_) => return Err(AuthError::BadToken),
            None => authorization,
        };
        match verify_access_token(app, token).await {
            Ok(viewer) => Ok(Self { token: token.to_owned(), viewer: Some(viewer) }),
            Err(TokenError::Invalid) => Err(AuthError::BadToken),
            Err(error) => Err(AuthError::Unavailable(error)),
        }
    }

    /// Who holds it.
    pub(super) const fn viewer(&self) -> Option<Viewer> {
        self.viewer
    }

    /// Whether its time is over.
    pub(super) fn is_expired(&self, app: &App) -> bool {
        self.viewer.is_some_and(|viewer| viewer.expires_at <= app.clock.now())
    }

    /// How long it is good, if it ends.
    pub(super) fn time_left(&self, app: &App) -> Option<Duration> {
        self.viewer.map(|viewer| (viewer.expires_at - app.clock.now()).to_std().unwrap_or_default())
    }

    /// Whether it was taken back. Assumed not while it cannot be looked at.
    pub(super) async fn is_revoked(&self, app: &App) -> bool {
        self.viewer.is_some()
            && matches!(verify_access_token(app, &self.token).await, Err(TokenError::Invalid))
    }
}

/// Who sends a request.
///
/// # Errors
/// If it has a token, but none that is known to be good.
pub(super) async fn caller(app: &App, request: &HttpRequest) -> Result<Caller, AuthError> {
    let viewer = Pass::of(app, request).await?.viewer;
    Ok(Caller { viewer, user_agent: user_agent(request) })
}

/// The program that a client runs, in its own words.
pub(super) fn user_agent(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(MAX_USER_AGENT).collect())
}
