//! What the issuer tells about its people, each delivery once and never backwards.

use super::{
    super::{
        model::{ExternalUserRow, OAuthProvider},
        repo,
    },
    link::{self, LinkError},
};
use crate::{
    app::App,
    db::{Tx, constraint, ids::AuthSessionId, transact},
    domains::{
        accounts::service::outside,
        audit::{
            self,
            model::{Act, Action},
        },
    },
    integrations::{
        oidc::{Profile, UserChange, UserEvent, read_user_event},
        payments::{BadWebhook, Headers},
    },
};

/// Why a delivery was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// No issuer sends webhooks here.
    #[error("not set up")]
    NotSetUp,
    /// Not from the issuer, too old, or no event: nothing was stored.
    #[error("bad webhook")]
    Bad(#[from] BadWebhook),
    /// The database failed: the issuer shall send it again.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Takes a delivery: believes nothing before its signature, and applies it once. People whose address is proven get an
/// account, or are linked to the one that has proven the same address.
///
/// # Errors
/// See [`SyncError`].
pub async fn receive_user_event(app: &App, headers: &Headers, body: &[u8]) -> Result<(), SyncError> {
    let identity = &app.config.identity;
    let (Some(issuer), Some(secret)) = (&identity.oidc_issuer, &identity.oidc_webhook_secret) else {
        return Err(SyncError::NotSetUp);
    };
    let event = read_user_event(secret, headers, body, app.clock.now())?;
    let signed_out = match apply(app, issuer, &event).await {
        // Somebody else brought the person or their address in at the same moment: now they are known.
        Err(SyncError::Database(error))
            if matches!(
                constraint::broken(&error),
                Some("credentials_email_key" | "oauth_identities_issuer_subject_key")
            ) =>
        {
            apply(app, issuer, &event).await?
        }
        other => other?,
    };
    for device in signed_out {
        app.revoked.insert(device);
    }
    Ok(())
}

async fn apply(app: &App, issuer: &str, event: &UserEvent) -> Result<Vec<AuthSessionId>, SyncError> {
    transact(app, async |tx| {
        let now = tx.now();
        if !repo::insert_delivery(tx, &event.delivery_id, &event.kind, now).await? {
            return Ok(Vec::new());
        }
        match &event.change {
            Some(UserChange::Is { subject, verified_email, name, updated_at }) => {
                let user = ExternalUserRow {
                    issuer: issuer.to_owned(),
                    subject: subject.clone(),
                    verified_email: verified_email.clone(),
                    name: name.clone(),
                    updated_at: *updated_at,
                    deleted_at: None,
                };
                is(tx, user).await
            }
            Some(UserChange::Gone { subject }) => gone(tx, issuer, subject).await,
            None => Ok(Vec::new()),
        }
    })
    .await
}

async fn is(tx: &mut Tx, user: ExternalUserRow) -> Result<Vec<AuthSessionId>, SyncError> {
    if !repo::upsert_external_user(tx, &user).await? {
        return Ok(Vec::new());
    }
    let ExternalUserRow { issuer, subject, verified_email, name, .. } = user;
    let profile = Profile { issuer, subject, verified_email, name };
    match link::settle(tx, OAuthProvider::Oidc, &profile).await {
        Ok((_, signed_out)) => Ok(signed_out),
        // Known, but nobody here before they have proven an address.
        Err(
            LinkError::EmailNotVerified | LinkError::IdentityTaken | LinkError::Gone | LinkError::StepUp(_),
        ) => Ok(Vec::new()),
        Err(LinkError::Database(error)) => Err(error.into()),
    }
}

/// The person can no longer come in through the issuer, and their devices are signed out. The account stays: others may
/// have dealings with it.
async fn gone(tx: &mut Tx, issuer: &str, subject: &str) -> Result<Vec<AuthSessionId>, SyncError> {
    let now = tx.now();
    repo::mark_external_user_deleted(tx, issuer, subject, now).await?;
    let Some(identity) = repo::lock_identity(tx, issuer, subject).await? else { return Ok(Vec::new()) };
    repo::delete_identity(tx, identity.id).await?;
    audit::service::record(tx, Act::by_system(Action::IdentityUnlinked).about(identity.id)).await?;
    Ok(outside::sign_out_everywhere(tx, identity.member_id).await?)
}
