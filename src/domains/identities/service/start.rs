//! Sending a member to a provider.

use super::{
    super::{
        model::{DELIVERIES_KEPT, OAuthProvider, STATE_LIFE, StateRow},
        repo,
    },
    derived, hash, provider,
};
use crate::{
    app::App,
    domains::accounts::service::token::random_token,
    graphql::Viewer,
    integrations::oidc::{Begin, OidcError},
};

/// What a sign-in begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Through whom.
    pub provider: OAuthProvider,
    /// Where the member comes back to.
    pub redirect_uri: String,
    /// What the client will show again.
    pub binding: Option<String>,
}

/// A sign-in on its way.
#[derive(Clone, Debug)]
pub struct Started {
    /// Where to send the member.
    pub url: String,
    /// Comes back with the code.
    pub state: String,
}

/// Why a sign-in did not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The provider is not set up here.
    #[error("not set up")]
    NotSetUp,
    /// The address is not in the installation's list.
    #[error("redirect not allowed")]
    RedirectNotAllowed,
    /// The provider cannot be reached.
    #[error("provider: {0}")]
    Provider(#[from] OidcError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Begins a sign-in, or, for a signed-in caller, the linking of one more identity.
///
/// # Errors
/// See [`StartError`].
pub async fn start(app: &App, viewer: Option<Viewer>, command: Start) -> Result<Started, StartError> {
    let provider = provider(app, command.provider).ok_or(StartError::NotSetUp)?;
    if !app.config.identity.oauth_redirects.contains(&command.redirect_uri) {
        return Err(StartError::RedirectNotAllowed);
    }
    let now = app.clock.now();
    let state = random_token();
    let (verifier, nonce) = (derived(app, "verifier", &state), derived(app, "nonce", &state));
    let begin =
        Begin { state: &state, redirect_uri: &command.redirect_uri, verifier: &verifier, nonce: &nonce };
    let url = provider.authorize_url(begin, now).await?;
    let row = StateRow {
        state_hash: hash(&state),
        provider: command.provider,
        redirect_uri: command.redirect_uri,
        member_id: viewer.map(|viewer| viewer.member_id),
        binding_hash: command.binding.as_deref().map(hash),
        proven_id: None,
        code_hash: None,
        expires_at: now + STATE_LIFE,
    };
    repo::insert_state(&mut *app.conn().await?, &row).await?;
    Ok(Started { url, state })
}

/// Forgets sign-ins that never came back, and old deliveries.
///
/// # Errors
/// Only if the database fails.
pub async fn forget_old(app: &App) -> diesel::QueryResult<()> {
    let (mut conn, now) = (app.conn().await?, app.clock.now());
    repo::forget_states(&mut conn, now).await?;
    repo::forget_deliveries(&mut conn, now - DELIVERIES_KEPT).await.map(drop)
}
