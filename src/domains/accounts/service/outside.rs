//! Accounts of people whom somebody else has recognised.

use diesel::QueryResult;

use super::{
    super::{
        model::{CredentialRow, MemberRow, MemberStatus, Role, handle_for},
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
    domains::second_factor::{self, model::Proof},
};

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
