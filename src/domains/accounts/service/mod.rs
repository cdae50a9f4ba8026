//! Use-cases of accounts.

pub mod password;
pub mod revocation;
pub mod rights;
pub mod token;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use sha2::{Digest, Sha256};

pub use token::{TokenError, public_keys, verify_access_token};

use super::{
    model::{
        AUTH_SESSION_LIFE, AuthSessionRow, CredentialRow, MemberRow, MemberSearch, MemberStatus, Role,
        Suspension, handle_for,
    },
    repo,
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{AuthSessionId, MemberId},
        keyset::Keyset,
        transact,
    },
    graphql::Viewer,
};

/// What a new member tells.
#[derive(Clone, Debug)]
pub struct Register {
    /// In normal form.
    pub email: String,
    /// Checked for length.
    pub password: String,
    /// The name shown.
    pub name: String,
    /// IANA zone.
    pub time_zone: String,
    /// `LEARNER` or `EXCHANGER`.
    pub roles: Vec<Role>,
}

/// Only the database can fail.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
    /// The password could not be hashed.
    #[error("hashing: {0}")]
    Hashing(#[from] password::HashingFailed),
}

/// Makes an account. A taken address changes nothing and is not told: the answer and its time are the same.
///
/// # Errors
/// Only if the database or the hashing fails.
pub async fn register(app: &App, command: Register) -> Result<(), AccountError> {
    let password_hash = password::hash(app, command.password).await?;
    let done: Result<(), AccountError> = transact(app, async |tx| {
        if repo::email_exists(tx, &command.email).await? {
            return Ok(());
        }
        let id = MemberId::new();
        let now = tx.now();
        let member = MemberRow {
            id,
            handle: handle_for(&command.name, id),
            name: command.name.clone(),
            avatar_url: None,
            bio: String::new(),
            time_zone: command.time_zone.clone(),
            languages: Vec::new(),
            roles: command.roles.clone(),
            status: MemberStatus::Active,
            version: 1,
            created_at: now,
            suspended_until: None,
        };
        let credential = CredentialRow {
            member_id: id,
            email: command.email.clone(),
            email_verified_at: None,
            password_hash: password_hash.clone(),
            changed_at: now,
        };
        Ok(repo::insert_member(tx, &member, &credential).await?)
    })
    .await;
    match done {
        // Somebody registered the address in the same moment.
        Err(AccountError::Database(error))
            if crate::db::constraint::broken(&error) == Some("credentials_email_key") =>
        {
            Ok(())
        }
        other => other,
    }
}

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
}

/// Why a sign-in was refused.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// Unknown address or wrong password: the two look the same.
    #[error("wrong credentials")]
    InvalidCredentials,
    /// Suspended or banned.
    #[error("suspended")]
    Suspended(Suspension),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
    /// The token could not be made.
    #[error("tokens: {0}")]
    Token(#[from] TokenError),
}

/// Signs a device in.
///
/// # Errors
/// See [`LogInError`].
pub async fn log_in(
    app: &App,
    email: &str,
    password: String,
    user_agent: Option<String>,
) -> Result<SignedIn, LogInError> {
    let found = repo::credential_by_email(&mut *app.conn().await?, email).await?;
    // An unknown address costs the same time as a wrong password.
    let (hash, member) =
        found.map_or((None, None), |(credential, member)| (Some(credential.password_hash), Some(member)));
    let matches = password::verify(app, password, hash).await;
    let Some(member) = member.filter(|_| matches) else { return Err(LogInError::InvalidCredentials) };
    transact(app, async |tx| {
        let now = tx.now();
        // Under the lock: whoever is banned in this moment gets no device that outlives the ban.
        let Some(member) = repo::lock_member(tx, member.id).await? else {
            return Err(LogInError::InvalidCredentials);
        };
        if let Some(suspension) = member.suspension_at(now) {
            return Err(LogInError::Suspended(suspension));
        }
        let device = AuthSessionRow {
            id: AuthSessionId::new(),
            member_id: member.id,
            user_agent: user_agent.clone(),
            created_at: now,
            last_used_at: now,
            expires_at: now + AUTH_SESSION_LIFE,
            revoked_at: None,
        };
        repo::insert_auth_session(tx, &device).await?;
        issue(app, tx, &device).await
    })
    .await
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

/// Spends a refresh token and gives new tokens to the same device.
///
/// # Errors
/// See [`RefreshError`].
pub async fn refresh(app: &App, refresh_token: &str) -> Result<SignedIn, RefreshError> {
    let hash = Sha256::digest(refresh_token);
    transact(app, async |tx| {
        let now = tx.now();
        let device = repo::spend_refresh_token(tx, &hash, now).await?.ok_or(RefreshError::TokenInvalid)?;
        repo::extend_auth_session(tx, device.id, now, now + AUTH_SESSION_LIFE).await?;
        Ok(issue(app, tx, &device).await?)
    })
    .await
}

async fn issue(app: &App, tx: &mut Tx, device: &AuthSessionRow) -> Result<SignedIn, LogInError> {
    let now = tx.now();
    let (access_token, expires_at) = token::issue_access_token(app, device.member_id, device.id, now)?;
    let refresh_token = token::random_token();
    repo::insert_refresh_token(tx, &Sha256::digest(&refresh_token), device.id, now, now + AUTH_SESSION_LIFE)
        .await?;
    Ok(SignedIn {
        member_id: device.member_id,
        auth_session_id: device.id,
        access_token,
        expires_at,
        refresh_token,
    })
}

/// Signs the caller's device out; its tokens die at once. Doing it twice is fine.
///
/// # Errors
/// Only if the database fails.
pub async fn log_out(app: &App, viewer: Viewer) -> Result<(), AccountError> {
    transact(app, async |tx| {
        let now = tx.now();
        repo::revoke_auth_session(tx, viewer.auth_session_id, now).await?;
        Ok::<_, AccountError>(())
    })
    .await?;
    app.revoked.insert(viewer.auth_session_id);
    Ok(())
}

/// Makes an account an administrator's, for the operator's command line: the first administrator comes from here.
///
/// # Errors
/// Only if the database fails; `false` if no account has the address.
pub async fn grant_admin(app: &App, email: &str) -> Result<bool, AccountError> {
    transact(app, async |tx| {
        let Some((_, member)) = repo::credential_by_email(tx, email).await? else { return Ok(false) };
        let Some(member) = repo::lock_member(tx, member.id).await? else { return Ok(false) };
        if !member.has_role(Role::Admin) {
            let roles: Vec<Role> = member.roles.iter().copied().chain([Role::Admin]).collect();
            rights::write_roles(tx, &member, roles, None, "by the operator").await?;
        }
        Ok(true)
    })
    .await
}

/// A page of the members, newest first.
///
/// # Errors
/// Only if the database fails.
pub async fn members(
    conn: &mut AsyncPgConnection,
    search: &MemberSearch,
    page: &Keyset<(DateTime<Utc>, MemberId)>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<MemberRow>> {
    repo::page_of_members(conn, search, page, now).await
}

/// A member, locked until the end of the transaction.
///
/// # Errors
/// Only if the database fails.
pub async fn lock(tx: &mut Tx, id: MemberId) -> QueryResult<Option<MemberRow>> {
    repo::lock_member(tx, id).await
}
