//! Callers with access tokens that an outside issuer made.

use sha2::{Digest, Sha256};

use super::{
    super::model::OAuthProvider,
    link::{self, LinkError},
};
use crate::{
    app::App,
    db::{constraint, ids::AuthSessionId, transact},
    domains::accounts::service::{
        device::Device,
        outside::{self, OutsideSession, OutsideSessionError},
        token::{keep_verified, verify_access_token},
    },
    graphql::{Client, Viewer},
    integrations::oidc::{Bearer, OidcError},
};

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum BearerError {
    /// Broken, forged, expired, for others, or its device was signed out.
    #[error("the token is not good")]
    Invalid,
    /// The issuer knows the person, but has not proven an address to us.
    #[error("address not proven")]
    EmailNotVerified,
    /// The issuer cannot be reached, or the database.
    #[error("unavailable")]
    Unavailable,
}

/// Who calls with an access token: ours, or one of the outside issuer. A token that was seen before costs no SQL and no
/// waiting; a person who is new gets an account by the rules of a sign-in through the issuer.
///
/// # Errors
/// See [`BearerError`].
pub async fn viewer_of(app: &App, token: &str, client: &Client) -> Result<Viewer, BearerError> {
    if let Ok(viewer) = verify_access_token(app, token) {
        return Ok(viewer);
    }
    let Some(tokens) = &app.integrations.identities.bearer else { return Err(BearerError::Invalid) };
    if !tokens.may_be_ours(token) {
        return Err(BearerError::Invalid);
    }
    Box::pin(async {
        let bearer = tokens.recognise(token, app.clock.now()).await.map_err(|error| match error {
            OidcError::Refused(reason) => {
                tracing::debug!(reason, "a token of the issuer was refused");
                BearerError::Invalid
            }
            OidcError::Unavailable(error) => {
                tracing::warn!(error = format!("{error:#}"), "the issuer is unavailable");
                BearerError::Unavailable
            }
        })?;
        let viewer = match recognise(app, &bearer, client).await {
            // Twice at once: now they are known.
            Err(LinkError::Database(error)) if constraint::broken(&error).is_some() => {
                recognise(app, &bearer, client).await
            }
            other => other,
        };
        let viewer = viewer.map_err(|error| match error {
            LinkError::EmailNotVerified => BearerError::EmailNotVerified,
            LinkError::Gone | LinkError::IdentityTaken | LinkError::StepUp(_) => BearerError::Invalid,
            LinkError::Database(error) => {
                tracing::warn!(%error, "a token of the issuer could not be looked up");
                BearerError::Unavailable
            }
        })?;
        keep_verified(app, token, viewer);
        verify_access_token(app, token).map_err(|_| BearerError::Invalid)
    })
    .await
}

async fn recognise(app: &App, bearer: &Bearer, client: &Client) -> Result<Viewer, LinkError> {
    let Bearer { profile, session, issued_at, expires_at } = bearer;
    let names = [profile.issuer.as_str(), &profile.subject, session.as_deref().unwrap_or_default()];
    let session = OutsideSession {
        key: Sha256::digest(names.join("\0")).to_vec(),
        is_named: session.is_some(),
        issued_at: *issued_at,
    };
    let device = Device::of(client, None);
    let (viewer, signed_out): (Viewer, Vec<AuthSessionId>) = transact(app, async |tx| {
        // The identity stays locked: whoever is deleted in this moment gets no device that outlives it.
        let (identity, mut signed_out) = link::settle(tx, OAuthProvider::Oidc, profile).await?;
        let member_id = identity.member_id;
        let opened = outside::open_session(tx, member_id, &session, &device).await;
        let (auth_session_id, ended) = opened.map_err(|error| match error {
            OutsideSessionError::SignedOut => LinkError::Gone,
            OutsideSessionError::Database(error) => LinkError::Database(error),
        })?;
        signed_out.extend(ended);
        Ok::<_, LinkError>((Viewer { member_id, auth_session_id, expires_at: *expires_at }, signed_out))
    })
    .await?;
    app.revoked.extend(signed_out);
    Ok(viewer)
}
