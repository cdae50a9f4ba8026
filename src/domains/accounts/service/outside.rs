//! Accounts of people whom somebody else has recognised.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;

use super::{
    super::{
        model::{
            AUTH_SESSION_LIFE, AuthSessionRow, CredentialRow, MAX_AUTH_SESSIONS, MemberRow, MemberStatus,
            Role, handle_for,
        },
        repo::{self, devices},
    },
    LogInError, SignedIn,
    device::Device,
    sign_in::open_device,
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
        second_factor::{self, model::Proof},
    },
};

/// How often the use of an outside session is written down at most.
const USED_AGAIN: TimeDelta = TimeDelta::minutes(5);

/// The account that belongs to a proven address.
#[derive(Clone, Debug)]
pub enum AccountFor {
    /// It had proven the address itself, or was made just now.
    Trusted(MemberId),
    /// Somebody registered the address without proving it. The account is its owner's now: the password is gone and the
    /// devices are signed out (tell [`App::revoked`] after the commit). What else the stranger added, the caller removes.
    TakenOver {
        /// The account.
        member_id: MemberId,
        /// The stranger's devices.
        signed_out: Vec<AuthSessionId>,
    },
}

/// Finds or makes the account of an address that a provider has proven. The row stays locked until the commit.
///
/// # Errors
/// If the database fails; if somebody registers the address in the same moment, the constraint `credentials_email_key` is
/// broken: do it again.
pub async fn account_for(tx: &mut Tx, email: &str, name: Option<&str>) -> QueryResult<AccountFor> {
    let now = tx.now();
    if let Some(credential) = repo::lock_credential_by_email(tx, email).await? {
        let member_id = credential.member_id;
        if credential.email_verified_at.is_some() {
            return Ok(AccountFor::Trusted(member_id));
        }
        repo::take_over_credential(tx, member_id, now).await?;
        let signed_out = devices::revoke_others(tx, member_id, None, now).await?;
        return Ok(AccountFor::TakenOver { member_id, signed_out });
    }
    let id = MemberId::new();
    let local = email.split('@').next().unwrap_or_default();
    let name: String =
        name.map(str::trim).filter(|name| !name.is_empty()).unwrap_or(local).chars().take(80).collect();
    let member = MemberRow {
        id,
        handle: handle_for(&name, id),
        name,
        avatar_url: None,
        bio: String::new(),
        time_zone: "UTC".to_owned(),
        languages: Vec::new(),
        roles: vec![Role::Learner],
        status: MemberStatus::Active,
        suspended_until: None,
        version: 1,
        created_at: now,
    };
    let credential = CredentialRow {
        member_id: id,
        email: email.to_owned(),
        email_verified_at: Some(now),
        password_hash: None,
        changed_at: now,
    };
    repo::insert_member(tx, &member, &credential).await?;
    Ok(AccountFor::Trusted(id))
}

/// The credential of a member, locked until the commit.
///
/// # Errors
/// Only if the database fails.
pub async fn lock_credential(tx: &mut Tx, member: MemberId) -> QueryResult<Option<CredentialRow>> {
    Ok(repo::lock_credential(tx, member).await?.map(|(credential, _)| credential))
}

/// Signs every device of a member out; tell [`App::revoked`] after the commit.
///
/// # Errors
/// Only if the database fails.
pub async fn sign_out_everywhere(tx: &mut Tx, member: MemberId) -> QueryResult<Vec<AuthSessionId>> {
    let now = tx.now();
    devices::revoke_others(tx, member, None, now).await
}

/// A session at an outside issuer, whose tokens a device uses.
#[derive(Clone, Debug)]
pub struct OutsideSession {
    /// Tells it from all others.
    pub key: Vec<u8>,
    /// Whether the issuer has a name for it, or only for the person.
    pub is_named: bool,
    /// When the token at hand was made.
    pub issued_at: DateTime<Utc>,
}

/// Why a session opens no device.
#[derive(Debug, thiserror::Error)]
pub enum OutsideSessionError {
    /// Its device was signed out here, or the member is banned.
    #[error("signed out")]
    SignedOut,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// The device of a session at an outside issuer, opened by its first token; also the devices that had to make room (tell
/// [`App::revoked`] after the commit). A device that was signed out stays so; where the issuer does not name its sessions,
/// until the person has a token that is younger than that.
///
/// # Errors
/// See [`OutsideSessionError`].
pub async fn open_session(
    tx: &mut Tx,
    member_id: MemberId,
    session: &OutsideSession,
    device: &Device,
) -> Result<(AuthSessionId, Vec<AuthSessionId>), OutsideSessionError> {
    let now = tx.now();
    match devices::latest_of_session(tx, member_id, &session.key).await? {
        Some(AuthSessionRow { id, revoked_at: None, last_used_at, .. }) => {
            if now - last_used_at > USED_AGAIN {
                devices::extend_auth_session(tx, id, now, now + AUTH_SESSION_LIFE).await?;
            }
            return Ok((id, Vec::new()));
        }
        Some(AuthSessionRow { revoked_at: Some(at), .. }) if session.is_named || session.issued_at <= at => {
            return Err(OutsideSessionError::SignedOut);
        }
        _ => {}
    }
    let member = repo::lock_member(tx, member_id).await?.ok_or(OutsideSessionError::SignedOut)?;
    // The suspended may look, and are told so when they act.
    if member.status == MemberStatus::Banned {
        return Err(OutsideSessionError::SignedOut);
    }
    let row = AuthSessionRow { outside_key: Some(session.key.clone()), ..device.signed_in(member_id, now) };
    devices::insert_auth_session(tx, &row).await?;
    let act = Act::by(member_id, Action::SignedIn).on(row.id).about(row.id).with("outside", &true);
    audit::service::record(tx, act).await?;
    let ended = devices::revoke_beyond(tx, member_id, MAX_AUTH_SESSIONS, now).await?;
    Ok((row.id, ended))
}

/// Signs a device of a member in whom a provider has recognised: the second factor, if there is one, is asked for here too.
///
/// # Errors
/// See [`LogInError`].
pub async fn log_in_recognised(
    app: &App,
    member: MemberId,
    factor: Option<Proof>,
    device: &Device,
) -> Result<SignedIn, LogInError> {
    let found = repo::members_by_ids(&mut *app.conn().await?, &[member]).await?.pop();
    let row = found.ok_or(LogInError::InvalidCredentials)?;
    if let Some(suspension) = row.suspension_at(app.clock.now()) {
        return Err(LogInError::Suspended(suspension));
    }
    let proven = second_factor::service::check_at_log_in(app, member, factor).await?;
    let (signed_in, ended) =
        transact(app, async |tx| open_device(app, tx, member, device, proven).await).await?;
    app.revoked.extend(ended);
    Ok(signed_in)
}
