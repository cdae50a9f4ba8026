//! Changing the address.

use super::{
    super::{
        model::{SecurityEvent, SecurityEventKind, TokenPurpose},
        repo::{self, recovery},
    },
    letters::{notice, redeem, send_link, tell_owner},
    recovery::{RecoveryError, prove},
};
use crate::{
    app::App,
    db::{constraint, transact},
    domains::audit::{
        self,
        model::{Act, Action},
    },
    events::StreamName,
    graphql::Viewer,
    integrations::mail::templates::Template,
};

/// Mails a link to a new address; nothing changes until it is opened. A taken address is not told: its owner gets a letter.
///
/// # Errors
/// [`RecoveryError::InvalidCredentials`], [`RecoveryError::Limited`], [`RecoveryError::SameEmail`].
pub async fn request_change(
    app: &App,
    viewer: Viewer,
    password: String,
    new_email: &str,
) -> Result<(), RecoveryError> {
    prove(app, viewer, password).await?;
    transact(app, async |tx| {
        let (credential, member) =
            repo::credential_of(tx, viewer.member_id).await?.ok_or(RecoveryError::InvalidCredentials)?;
        if credential.email == new_email {
            return Err(RecoveryError::SameEmail);
        }
        if repo::credential_by_email(tx, new_email).await?.is_some() {
            tell_owner(tx, new_email).await?;
        } else {
            send_link(app, tx, TokenPurpose::ChangeEmail, &member, new_email).await?;
        }
        let act =
            Act::by(member.id, Action::EmailChangeRequested).on(viewer.auth_session_id).about(member.id);
        audit::service::record(tx, act).await?;
        let values = [("new_email", new_email)];
        Ok(notice(tx, &member, &credential.email, Template::EmailChangeRequested, &values).await?)
    })
    .await
}

/// Makes the address that the link was mailed to the member's own. Both addresses are told.
///
/// # Errors
/// [`RecoveryError::TokenInvalid`], [`RecoveryError::EmailTaken`].
pub async fn confirm_change(app: &App, token: &str) -> Result<(), RecoveryError> {
    let done = transact(app, async |tx| {
        let (member, new) =
            redeem(tx, token, TokenPurpose::ChangeEmail).await?.ok_or(RecoveryError::TokenInvalid)?;
        let (credential, member) =
            repo::lock_credential(tx, member).await?.ok_or(RecoveryError::TokenInvalid)?;
        let now = tx.now();
        repo::set_email(tx, member.id, &new, now).await?;
        // Links to the old address are dead with it.
        recovery::withdraw_tokens(tx, member.id, None).await?;
        let values = [("old_email", credential.email.as_str()), ("new_email", new.as_str())];
        for to in [&credential.email, &new] {
            notice(tx, &member, to, Template::EmailChanged, &values).await?;
        }
        audit::service::record(tx, Act::by(member.id, Action::EmailChanged).about(member.id)).await?;
        let what = SecurityEventKind::EmailChanged;
        tx.tell(StreamName::User(member.id), &SecurityEvent { what, auth_session_id: None });
        Ok(())
    })
    .await;
    match done {
        Err(RecoveryError::Database(error))
            if constraint::broken(&error) == Some("credentials_email_key") =>
        {
            Err(RecoveryError::EmailTaken)
        }
        other => other,
    }
}
