//! Sockets that outlive the token they were opened with.

use chrono::{DateTime, Utc};

use super::super::{loaders::MemberById, model::ACCESS_TOKEN_LIFE, repo::devices};
use crate::{
    app::App,
    db::hot::HotKey,
    graphql::{Viewer, pass::Pass, rights_of},
};

/// Why a connection was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// No token, or one that is broken, expired or signed out.
    #[error("the token is not good")]
    TokenInvalid,
    /// The token belongs to somebody else.
    #[error("another member's token")]
    OtherMember,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Lets a connection go on under another token of its member, given as whose it is; returns when it ends now, which is never earlier than
/// before. A page whose token is in a cookie that no script can read gives none: its connection lasts as long as the last
/// token of the same device. What the member may listen to is checked again before the next event.
///
/// # Errors
/// See [`RenewError`].
pub async fn renew(app: &App, pass: &Pass, next: Option<Viewer>) -> Result<DateTime<Utc>, RenewError> {
    let current = pass.viewer();
    let next = match next {
        Some(next) => next,
        None if pass.by_cookie => last_token_of(app, current).await?,
        None => return Err(RenewError::TokenInvalid),
    };
    if next.member_id != current.member_id {
        return Err(RenewError::OtherMember);
    }
    // A device that was signed out takes its connections along, whatever they are shown.
    if pass.is_signed_out(&app.revoked) {
        return Err(RenewError::TokenInvalid);
    }
    let expires_at = pass.renew(next).expires_at;
    app.hot.versions.bump(MemberById(next.member_id).tag());
    app.hot.versions.bump(rights_of(next.member_id));
    Ok(expires_at)
}

/// The token that a device got when it was last used.
async fn last_token_of(app: &App, viewer: Viewer) -> Result<Viewer, RenewError> {
    let mut conn = app.conn().await?;
    let row = devices::open_auth_session(&mut conn, viewer.auth_session_id, app.clock.now()).await?;
    let last_used_at = row.ok_or(RenewError::TokenInvalid)?.last_used_at;
    Ok(Viewer { expires_at: last_used_at + ACCESS_TOKEN_LIFE, ..viewer })
}
