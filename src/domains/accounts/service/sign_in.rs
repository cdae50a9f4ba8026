//! Signing devices in and out.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{
    super::{
        model::{
            AUTH_SESSION_LIFE, AuthSessionRow, MAX_AUTH_SESSIONS, REFRESH_GRACE, SecurityEvent,
            SecurityEventKind, Suspension,
        },
        repo::{self, devices},
    },
    AccountError,
    device::Device,
    lockout::{Attempt, TryError},
    password::{HashingError, Turn},
    token::{self, TokenError},
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{AuthSessionId, MemberId},
        transact,
    },
    domains::{
        audit::{
            self,
            model::{Act, Action},
        },
        second_factor::{self, model::Proof, service::LogInFactorError},
    },
    events::StreamName,
    graphql::Viewer,
    integrations::mail::link,
};

/// A signed-in device with its tokens. The texts exist only here and at the client.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The member.
    pub member_id: MemberId,
    /// The device.
    pub auth_session_id: AuthSessionId,
    /// Good for 15 minutes.
    pub access_token: String,
    /// When the access token ends.
    pub expires_at: DateTime<Utc>,
    /// Good once, for 30 days.
    pub refresh_token: String,
    /// By which the device is known from now on.
    pub device_token: String,
}

/// Why a sign-in was refused.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// Unknown address or wrong password: the two look the same.
    #[error("wrong credentials")]
    InvalidCredentials,
    /// Too many tries from here.
    #[error("too many tries: wait {0} s")]
    Limited(i32),
    /// Suspended or banned.
    #[error("suspended")]
    Suspended(Suspension),
    /// The account has a second factor that was not shown, or not rightly.
    #[error("second factor: {0}")]
    Factor(#[from] LogInFactorError),
    /// The password could not be compared.
    #[error("hashing: {0}")]
    Hashing(#[from] HashingError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
    /// The token could not be made.
    #[error("tokens: {0}")]
    Token(#[from] TokenError),
}

impl From<TryError> for LogInError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::Limited { retry_after, .. } => Self::Limited(retry_after),
            TryError::Database(error) => Self::Database(error),
        }
    }
}

/// Signs a device in by password.
///
/// # Errors
/// See [`LogInError`].
pub async fn log_in(
    app: &App,
    email: &str,
    password: String,
    factor: Option<Proof>,
    device: &Device,
) -> Result<SignedIn, LogInError> {
    let turn = Turn::take(app)?;
    let found = repo::credential_by_email(&mut *app.conn().await?, email).await?;
    let member_id = found.as_ref().map(|(_, member)| member.id);
    let known = device.known_to(app, member_id);
    let attempt = Attempt { email, member: member_id, place: &device.place, device: known };
    let counted = match attempt.count(app).await {
        Err(TryError::Limited { first: true, retry_after }) => {
            // Once for each time that a place is locked.
            if let Some(member) = member_id {
                let act = Act::by_system(Action::SignInRefused).about(member);
                transact(app, async |tx| audit::service::record(tx, act.clone()).await).await?;
            }
            return Err(LogInError::Limited(retry_after));
        }
        counted => counted?,
    };
    // An unknown address costs the same time as a wrong password.
    let (hash, member) =
        found.map_or((None, None), |(credential, member)| (credential.password_hash, Some(member)));
    let matches = turn.verify(password, hash.clone()).await?;
    let (Some(member), Some(hash)) = (member.filter(|_| matches), hash) else {
        return Err(LogInError::InvalidCredentials);
    };
    counted.forgive(app).await?;
    if let Some(suspension) = member.suspension_at(app.clock.now()) {
        return Err(LogInError::Suspended(suspension));
    }
    let proven = second_factor::service::check_at_log_in(app, member.id, factor).await?;
    let (signed_in, ended): (SignedIn, _) = transact(app, async |tx| {
        // The password may have been changed since it was compared: then this would outlive the change.
        if !repo::keep_password(tx, member.id, &hash).await? {
            return Err(LogInError::InvalidCredentials);
        }
        open_device(app, tx, member.id, device, proven).await
    })
    .await?;
    app.revoked.extend(ended);
    Ok(signed_in)
}

/// Signs a device in whose member was recognised; `proven` if by a second factor too. Also returns the devices that had to make room; add them to
/// [`App::revoked`](crate::app::Parts::revoked) after the commit.
///
/// # Errors
/// If the database or the signing fails.
pub async fn open_device(
    app: &App,
    tx: &mut Tx,
    member_id: MemberId,
    device: &Device,
    proven: bool,
) -> Result<(SignedIn, Vec<AuthSessionId>), LogInError> {
    let now = tx.now();
    // Under the lock: whoever is banned in this moment gets no device that outlives the ban.
    let member = repo::lock_member(tx, member_id).await?.ok_or(LogInError::InvalidCredentials)?;
    if let Some(suspension) = member.suspension_at(now) {
        return Err(LogInError::Suspended(suspension));
    }
    let row = device.signed_in(member_id, now);
    devices::insert_auth_session(tx, &row).await?;
    if device.known_to(app, Some(member_id)).is_none() {
        let act = Act::by(member_id, Action::SignedIn).on(row.id).about(row.id);
        audit::service::record(tx, act.with("second_factor", &proven)).await?;
    }
    let ended = devices::revoke_beyond(tx, member_id, MAX_AUTH_SESSIONS, now).await?;
    if proven {
        second_factor::service::mark_stepped_up(tx, row.id).await?;
    }
    let refresh_token = token::random_token();
    keep(tx, &refresh_token, row.id).await?;
    Ok((tokens(app, tx, &row, refresh_token, device)?, ended))
}

/// Why a refresh was refused.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Unknown, spent or expired token, or a device that was signed out.
    #[error("the token is not good")]
    TokenInvalid,
    /// The rest.
    #[error("sign-in")]
    LogIn(#[from] LogInError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

enum Refreshed {
    Anew(Box<SignedIn>),
    /// Somebody has a token that was used long ago: the owner or a thief, and nobody can tell which.
    Reused(AuthSessionId),
}

/// Spends a refresh token and gives new tokens to the same device. Within [`REFRESH_GRACE`] the spent token gives the same
/// successor again; after it the device is signed out and the member is told.
///
/// # Errors
/// See [`RefreshError`].
pub async fn refresh(app: &App, refresh_token: &str, device: &Device) -> Result<SignedIn, RefreshError> {
    match transact(app, async |tx| rotate(app, tx, refresh_token, device).await).await? {
        Refreshed::Anew(signed_in) => Ok(*signed_in),
        Refreshed::Reused(id) => {
            app.revoked.insert(id);
            Err(RefreshError::TokenInvalid)
        }
    }
}

async fn rotate(
    app: &App,
    tx: &mut Tx,
    refresh_token: &str,
    device: &Device,
) -> Result<Refreshed, RefreshError> {
    let (now, hash) = (tx.now(), Sha256::digest(refresh_token));
    // The successor follows from the token, so that it need not be kept to be given again.
    let successor = link::derive(&app.secret, "refresh successor", refresh_token.as_bytes());
    if let Some(id) = devices::spend_refresh_token(tx, &hash, now).await? {
        let row = devices::open_auth_session(tx, id, now).await?.ok_or(RefreshError::TokenInvalid)?;
        devices::extend_auth_session(tx, id, now, now + AUTH_SESSION_LIFE).await?;
        keep(tx, &successor, id).await?;
        return Ok(Refreshed::Anew(Box::new(tokens(app, tx, &row, successor, device)?)));
    }
    let (id, spent_at) = devices::spent_refresh_token(tx, &hash).await?.ok_or(RefreshError::TokenInvalid)?;
    let row = devices::open_auth_session(tx, id, now).await?.ok_or(RefreshError::TokenInvalid)?;
    if now <= spent_at + REFRESH_GRACE {
        return Ok(Refreshed::Anew(Box::new(tokens(app, tx, &row, successor, device)?)));
    }
    // Of several at once one signs the device out, and tells it.
    if devices::revoke_auth_session(tx, id, now).await? {
        let what = SecurityEventKind::RefreshTokenReused;
        tx.tell(StreamName::User(row.member_id), &SecurityEvent { what, auth_session_id: Some(id) });
        audit::service::record(tx, Act::by_system(Action::TokenReused).on(id).about(row.member_id)).await?;
    }
    Ok(Refreshed::Reused(id))
}

async fn keep(tx: &mut Tx, refresh_token: &str, id: AuthSessionId) -> diesel::QueryResult<()> {
    let now = tx.now();
    devices::insert_refresh_token(tx, &Sha256::digest(refresh_token), id, now, now + AUTH_SESSION_LIFE).await
}

fn tokens(
    app: &App,
    tx: &Tx,
    row: &AuthSessionRow,
    refresh_token: String,
    device: &Device,
) -> Result<SignedIn, LogInError> {
    let (access_token, expires_at) = token::issue_access_token(app, row.member_id, row.id, tx.now())?;
    Ok(SignedIn {
        member_id: row.member_id,
        auth_session_id: row.id,
        access_token,
        expires_at,
        refresh_token,
        device_token: device.token_for(app, row.member_id),
    })
}

/// Signs the caller's device out; its tokens die at once. Doing it twice is fine.
///
/// # Errors
/// Only if the database fails.
pub async fn log_out(app: &App, viewer: Viewer) -> Result<(), AccountError> {
    transact(app, async |tx| {
        let now = tx.now();
        devices::revoke_auth_session(tx, viewer.auth_session_id, now).await?;
        Ok::<_, AccountError>(())
    })
    .await?;
    app.revoked.insert(viewer.auth_session_id);
    Ok(())
}

/// Why a device was not signed out.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// Not a device of the caller, or not signed in.
    #[error("no such device")]
    NotFound,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Signs one of the caller's devices out, as [`log_out`] does.
///
/// # Errors
/// See [`RevokeError`].
pub async fn revoke(app: &App, viewer: Viewer, id: AuthSessionId) -> Result<(), RevokeError> {
    transact(app, async |tx| {
        let now = tx.now();
        let row = devices::open_auth_session(tx, id, now).await?;
        if row.is_none_or(|row| row.member_id != viewer.member_id) {
            return Err(RevokeError::NotFound);
        }
        if !devices::revoke_auth_session(tx, id, now).await? {
            return Err(RevokeError::NotFound);
        }
        let act = Act::by(viewer.member_id, Action::DeviceSignedOut).on(viewer.auth_session_id).about(id);
        Ok(audit::service::record(tx, act).await?)
    })
    .await?;
    app.revoked.insert(id);
    Ok(())
}
