//! Which account an identity belongs to.

use chrono::DateTime;

use super::super::{
    model::{ExternalUserRow, IdentityRow, OAuthProvider},
    repo,
};
use crate::{
    app::App,
    db::{
        Tx, constraint,
        ids::{AuthSessionId, MemberId, OAuthIdentityId},
        transact,
    },
    domains::{
        accounts::{
            model::normal_email,
            service::outside::{self, AccountFor},
        },
        audit::{
            self,
            model::{Act, Action},
        },
        second_factor,
    },
    graphql::Viewer,
    integrations::oidc::Profile,
};

/// Why no link was made.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    /// One side has not proven its address.
    #[error("address not proven")]
    EmailNotVerified,
    /// The identity is another member's.
    #[error("another member's identity")]
    IdentityTaken,
    /// The issuer said that the person is gone, or the device was signed out.
    #[error("gone")]
    Gone,
    /// The caller neither signed in nor stepped up in the last ten minutes.
    #[error("recent proof: {0}")]
    StepUp(#[from] second_factor::service::StepUpError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// The identity of who came back: known, or linked now to the account that has proven the same address, or to a new one.
pub(super) async fn find_or_link(
    app: &App,
    provider: OAuthProvider,
    profile: &Profile,
) -> Result<IdentityRow, LinkError> {
    let found = once(app, provider, profile).await;
    let (identity, signed_out) = match found {
        // The same person came back twice at once, or registered in the same moment: now they are known.
        Err(LinkError::Database(error))
            if matches!(
                constraint::broken(&error),
                Some("credentials_email_key" | "oauth_identities_issuer_subject_key")
            ) =>
        {
            once(app, provider, profile).await?
        }
        other => other?,
    };
    for device in signed_out {
        app.revoked.insert(device);
    }
    Ok(identity)
}

async fn once(
    app: &App,
    provider: OAuthProvider,
    profile: &Profile,
) -> Result<(IdentityRow, Vec<AuthSessionId>), LinkError> {
    transact(app, async |tx| {
        let (identity, signed_out) = settle(tx, provider, profile).await?;
        let now = tx.now();
        repo::touch_identity(tx, identity.id, now).await?;
        Ok((identity, signed_out))
    })
    .await
}

/// The same inside a transaction: also gives the devices that a take-over signed out.
pub(super) async fn settle(
    tx: &mut Tx,
    provider: OAuthProvider,
    profile: &Profile,
) -> Result<(IdentityRow, Vec<AuthSessionId>), LinkError> {
    if let Some(known) = repo::lock_identity(tx, &profile.issuer, &profile.subject).await? {
        return Ok((known, Vec::new()));
    }
    let email = proven_address(profile)?;
    if provider == OAuthProvider::Oidc && !repo::is_there(tx, profile_row(profile)).await? {
        return Err(LinkError::Gone);
    }
    let account = outside::account_for(tx, &email, profile.name.as_deref()).await?;
    let (member, signed_out) = match account {
        AccountFor::Trusted(member) => (member, Vec::new()),
        AccountFor::TakenOver { member_id, signed_out } => {
            repo::delete_identities_of(tx, member_id).await?;
            second_factor::service::forget(tx, member_id).await?;
            (member_id, signed_out)
        }
    };
    Ok((insert(tx, member, provider, profile, email).await?, signed_out))
}

/// Links who came back to the caller's account. If they are linked already, the caller has proven who they are: where there
/// is no second factor, the device steps up.
pub(super) async fn add(
    app: &App,
    viewer: Viewer,
    provider: OAuthProvider,
    profile: &Profile,
) -> Result<IdentityRow, LinkError> {
    let member = viewer.member_id;
    let linked = transact(app, async |tx| {
        let own = outside::lock_credential(tx, member).await?;
        if let Some(known) = repo::lock_identity(tx, &profile.issuer, &profile.subject).await? {
            if known.member_id != member {
                return Err(LinkError::IdentityTaken);
            }
            second_factor::service::step_up_by_provider(tx, viewer).await?;
            return Ok(known);
        }
        let email = proven_address(profile)?;
        if own.is_none_or(|own| own.email_verified_at.is_none()) {
            return Err(LinkError::EmailNotVerified);
        }
        second_factor::service::require_recent_proof(tx, viewer).await?;
        insert(tx, member, provider, profile, email).await
    })
    .await;
    match linked {
        Err(LinkError::Database(error))
            if constraint::broken(&error) == Some("oauth_identities_issuer_subject_key") =>
        {
            Err(LinkError::IdentityTaken)
        }
        other => other,
    }
}

fn profile_row(profile: &Profile) -> ExternalUserRow {
    let Profile { issuer, subject, verified_email, name } = profile.clone();
    // Whatever the issuer's webhooks tell is newer.
    ExternalUserRow {
        issuer,
        subject,
        verified_email,
        name,
        updated_at: DateTime::UNIX_EPOCH,
        deleted_at: None,
    }
}

fn proven_address(profile: &Profile) -> Result<String, LinkError> {
    profile.verified_email.as_deref().and_then(normal_email).ok_or(LinkError::EmailNotVerified)
}

async fn insert(
    tx: &mut Tx,
    member_id: MemberId,
    provider: OAuthProvider,
    profile: &Profile,
    email: String,
) -> Result<IdentityRow, LinkError> {
    let now = tx.now();
    let identity = IdentityRow {
        id: OAuthIdentityId::new(),
        member_id,
        provider,
        issuer: profile.issuer.clone(),
        subject: profile.subject.clone(),
        email,
        linked_at: now,
        last_used_at: now,
    };
    repo::insert_identity(tx, &identity).await?;
    let act =
        Act::by(member_id, Action::IdentityLinked).about(identity.id).with("provider", provider.as_str());
    audit::service::record(tx, act).await?;
    Ok(identity)
}

/// Why an identity stays linked.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkError {
    /// The caller has no such identity.
    #[error("no such identity")]
    NotFound,
    /// It is the only way to sign in.
    #[error("last credential")]
    LastCredential,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Takes an identity away from its member, unless nothing would be left to sign in with. The caller checks that the device
/// stepped up.
///
/// # Errors
/// See [`UnlinkError`].
pub async fn unlink(app: &App, viewer: Viewer, id: OAuthIdentityId) -> Result<(), UnlinkError> {
    let member = viewer.member_id;
    transact(app, async |tx| {
        // Locked, so that of two at once the second counts what the first has left.
        let own = outside::lock_credential(tx, member).await?;
        let identities = repo::identities_of(tx, &[member]).await?;
        if !identities.iter().any(|identity| identity.id == id) {
            return Err(UnlinkError::NotFound);
        }
        let has_password = own.is_some_and(|own| own.password_hash.is_some());
        if !has_password && identities.len() == 1 {
            return Err(UnlinkError::LastCredential);
        }
        repo::delete_identity(tx, id).await?;
        let act = Act::by(member, Action::IdentityUnlinked).on(viewer.auth_session_id).about(id);
        Ok(audit::service::record(tx, act).await?)
    })
    .await
}
