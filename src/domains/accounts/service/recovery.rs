//! Proving an address, and changing the password.

use super::{
    super::{
        model::{MemberRow, SecurityEvent, SecurityEventKind, TokenPurpose},
        repo::{self, devices, recovery},
    },
    AccountError,
    device::Device,
    letters::{self, notice, redeem, send_link},
    lockout::{self, MAIL_REQUESTS, PLACE, TryError},
    password::{HashingError, Turn},
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{AuthSessionId, EntityId},
        transact,
    },
    domains::audit::{
        self,
        model::{Act, Action},
    },
    events::StreamName,
    graphql::Viewer,
    integrations::mail::templates::Template,
    jobs::queue,
};

/// Why something about a password or an address was refused.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The mailed token is unknown, used or too old.
    #[error("the token is not good")]
    TokenInvalid,
    /// The present password is another one.
    #[error("wrong password")]
    InvalidCredentials,
    /// The address is the account's own already.
    #[error("the same address")]
    SameEmail,
    /// Somebody registered the address since the link was asked for.
    #[error("the address is taken")]
    EmailTaken,
    /// Too often.
    #[error("too often: wait {0} s")]
    Limited(i32),
    /// The password could not be hashed.
    #[error("hashing: {0}")]
    Hashing(#[from] HashingError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

impl From<TryError> for RecoveryError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::Limited { retry_after, .. } => Self::Limited(retry_after),
            TryError::Database(error) => Self::Database(error),
        }
    }
}

/// Proves an address by the token that was mailed to it.
///
/// # Errors
/// [`RecoveryError::TokenInvalid`], also if the member has another address now.
pub async fn verify_email(app: &App, token: &str) -> Result<(), RecoveryError> {
    transact(app, async |tx| {
        let (member, email) =
            redeem(tx, token, TokenPurpose::VerifyEmail).await?.ok_or(RecoveryError::TokenInvalid)?;
        let now = tx.now();
        if repo::verify_email(tx, member, &email, now).await? {
            Ok(())
        } else {
            Err(RecoveryError::TokenInvalid)
        }
    })
    .await
}

/// Mails the link of [`verify_email`] again; nothing if the address is proven.
///
/// # Errors
/// Only if the database fails.
pub async fn request_verification(app: &App, viewer: Viewer) -> Result<(), AccountError> {
    transact(app, async |tx| {
        if let Some((credential, member)) = repo::credential_of(tx, viewer.member_id).await?
            && credential.email_verified_at.is_none()
        {
            send_link(app, tx, TokenPurpose::VerifyEmail, &member, &credential.email).await?;
        }
        Ok(())
    })
    .await
}

/// Asks for a link to a new password. Whether there is an account is looked up by a job, so that the answer and its time
/// are the same.
///
/// # Errors
/// [`RecoveryError::Limited`] for a place that asks too often.
pub async fn request_reset(app: &App, email: &str, device: &Device) -> Result<(), RecoveryError> {
    let now = app.clock.now();
    let place = device.place.as_bytes();
    lockout::count_one(&mut *app.conn().await?, "mail requests", place, MAIL_REQUESTS, now).await?;
    let job = super::super::jobs::BeginReset { email: email.to_owned() };
    Ok(transact(app, async |tx| queue::enqueue(tx, &job).await).await?)
}

/// Mails the link, if the address has an account.
///
/// # Errors
/// Only if the database fails.
pub async fn begin_reset(app: &App, email: &str) -> Result<(), AccountError> {
    transact(app, async |tx| {
        if let Some((credential, member)) = repo::credential_by_email(tx, email).await? {
            send_link(app, tx, TokenPurpose::ResetPassword, &member, &credential.email).await?;
        }
        Ok(())
    })
    .await
}

/// Sets a new password by a mailed token, and signs all devices out. Returns a token by which this device is known, so that
/// nobody's wrong tries keep it from signing in.
///
/// # Errors
/// [`RecoveryError::TokenInvalid`].
pub async fn reset(app: &App, token: &str, new: String, device: &Device) -> Result<String, RecoveryError> {
    let (now, hash) = (app.clock.now(), letters::hash(token));
    // Looked at first: a hash takes long.
    let mut conn = app.conn().await?;
    let good = recovery::token_is_good(&mut conn, &hash, TokenPurpose::ResetPassword, now).await?;
    drop(conn);
    if !good {
        return Err(RecoveryError::TokenInvalid);
    }
    let hash = Turn::take(app)?.hash(new).await?;
    let (member, ended) = transact(app, async |tx| {
        let (member, email) =
            redeem(tx, token, TokenPurpose::ResetPassword).await?.ok_or(RecoveryError::TokenInvalid)?;
        let (credential, member) =
            repo::lock_credential(tx, member).await?.ok_or(RecoveryError::TokenInvalid)?;
        let now = tx.now();
        // Whoever opened the link reads the mail of that address.
        repo::verify_email(tx, member.id, &email, now).await?;
        let (what, action) = (SecurityEventKind::PasswordReset, Action::PasswordReset);
        let change = Replace { kept: None, what, action };
        let ended = replace(tx, &member, &credential.email, &hash, change).await?;
        Ok::<_, RecoveryError>((member.id, ended))
    })
    .await?;
    app.revoked.extend(ended);
    Ok(device.token_for(app, member))
}

/// Sets a new password for a member who knows the present one, and signs the other devices out.
///
/// # Errors
/// [`RecoveryError::InvalidCredentials`], [`RecoveryError::Limited`].
pub async fn change(app: &App, viewer: Viewer, current: String, new: String) -> Result<(), RecoveryError> {
    let old = prove(app, viewer, current).await?;
    let hash = Turn::take(app)?.hash(new).await?;
    let ended = transact(app, async |tx| {
        let found = repo::lock_credential(tx, viewer.member_id).await?;
        // Somebody else may have changed it since it was compared.
        let (credential, member) = found
            .filter(|(credential, _)| credential.password_hash.as_ref() == Some(&old))
            .ok_or(RecoveryError::InvalidCredentials)?;
        let (what, action) = (SecurityEventKind::PasswordChanged, Action::PasswordChanged);
        let change = Replace { kept: Some(viewer.auth_session_id), what, action };
        replace(tx, &member, &credential.email, &hash, change).await
    })
    .await?;
    app.revoked.extend(ended);
    Ok(())
}

/// Compares a signed-in member's password; returns its hash.
///
/// # Errors
/// [`RecoveryError::InvalidCredentials`], [`RecoveryError::Limited`].
pub async fn prove(app: &App, viewer: Viewer, current: String) -> Result<String, RecoveryError> {
    let (turn, now) = (Turn::take(app)?, app.clock.now());
    let who = viewer.member_id.uuid();
    let counted = lockout::count_one(&mut *app.conn().await?, "password", who.as_bytes(), PLACE, now).await?;
    let found = repo::credential_of(&mut *app.conn().await?, viewer.member_id).await?;
    let hash = found.and_then(|(credential, _)| credential.password_hash);
    if !turn.verify(current, hash.clone()).await? {
        return Err(RecoveryError::InvalidCredentials);
    }
    counted.forgive(app).await?;
    hash.ok_or(RecoveryError::InvalidCredentials)
}

struct Replace {
    kept: Option<AuthSessionId>,
    what: SecurityEventKind,
    action: Action,
}

async fn replace(
    tx: &mut Tx,
    member: &MemberRow,
    email: &str,
    hash: &str,
    Replace { kept, what, action }: Replace,
) -> Result<Vec<AuthSessionId>, RecoveryError> {
    let now = tx.now();
    repo::set_password(tx, member.id, hash, now).await?;
    let ended = devices::revoke_others(tx, member.id, kept, now).await?;
    recovery::withdraw_tokens(tx, member.id, Some(TokenPurpose::ResetPassword)).await?;
    notice(tx, member, email, Template::PasswordChanged, &[]).await?;
    tx.tell(StreamName::User(member.id), &SecurityEvent { what, auth_session_id: kept });
    let mut act = Act::by(member.id, action).about(member.id).with("signed_out", &ended.len());
    if let Some(device) = kept {
        act = act.on(device);
    }
    audit::service::record(tx, act).await?;
    Ok(ended)
}
