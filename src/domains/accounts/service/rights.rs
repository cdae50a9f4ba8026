//! Changes of roles and status: always with a row in the audit log, an event on the member's stream, and at once for
//! what is open.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::super::{
    loaders::MemberById,
    model::{MemberRow, MemberStatus, RightsChanged, Role},
    repo,
};
use crate::{
    app::App,
    db::{
        Tx,
        hot::HotKey,
        ids::{AuthSessionId, MemberId},
    },
    domains::audit::{
        self,
        model::{Act, Action},
    },
    events::StreamName,
    graphql::{Viewer, rights_of},
};

/// Why rights were not changed.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// No such member.
    #[error("unknown member")]
    NotFound,
    /// Whoever asks has lost the right in this moment.
    #[error("no administrator any more")]
    NotAllowed,
    /// There would be nobody left to administrate.
    #[error("the last administrator")]
    LastAdmin,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Whether something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It did.
    Yes,
    /// It was so already.
    No,
}

/// Sets a member's roles, inside a transaction. Roles that are held already change nothing.
///
/// # Errors
/// See [`RightsError`].
pub async fn set_roles(
    tx: &mut Tx,
    by: Viewer,
    member: MemberId,
    roles: &[Role],
    reason: &str,
) -> Result<Changed, RightsError> {
    let admins = admins_with(tx, by).await?;
    let member = repo::lock_member(tx, member).await?.ok_or(RightsError::NotFound)?;
    let mut wanted = roles.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let mut held = member.roles.clone();
    held.sort_unstable();
    if wanted == held {
        return Ok(Changed::No);
    }
    if !wanted.contains(&Role::Admin) && admins == [member.id] {
        return Err(RightsError::LastAdmin);
    }
    write_roles(tx, &member, wanted, Some(by), reason).await?;
    Ok(Changed::Yes)
}

/// The administrators, locked, if `by` is one of them. Of two who take the role from each other, the second is none any
/// more when its turn comes.
async fn admins_with(tx: &mut Tx, by: Viewer) -> Result<Vec<MemberId>, RightsError> {
    let admins = repo::rights::lock_active_admins(tx).await?;
    if admins.contains(&by.member_id) { Ok(admins) } else { Err(RightsError::NotAllowed) }
}

/// Whether `by` still is an administrator, inside a transaction that locks the administrators.
///
/// # Errors
/// [`RightsError::NotAllowed`] if not.
pub async fn still_admin(tx: &mut Tx, by: Viewer) -> Result<(), RightsError> {
    admins_with(tx, by).await.map(drop)
}

/// Adds a role, inside a transaction. A role that is held already changes nothing.
///
/// # Errors
/// See [`RightsError`].
pub async fn add_role(
    tx: &mut Tx,
    by: Viewer,
    member: MemberId,
    role: Role,
    reason: &str,
) -> Result<Changed, RightsError> {
    admins_with(tx, by).await?;
    let member = repo::lock_member(tx, member).await?.ok_or(RightsError::NotFound)?;
    if member.has_role(role) {
        return Ok(Changed::No);
    }
    let roles = member.roles.iter().copied().chain([role]).collect();
    write_roles(tx, &member, roles, Some(by), reason).await?;
    Ok(Changed::Yes)
}

pub(super) async fn write_roles(
    tx: &mut Tx,
    member: &MemberRow,
    roles: Vec<Role>,
    by: Option<Viewer>,
    reason: &str,
) -> QueryResult<()> {
    let now = tx.now();
    repo::rights::set_roles(tx, member.id, &roles, now).await?;
    let act = act(by, Action::RolesChanged)
        .about(member.id)
        .because(reason)
        .with("before", &names(&member.roles))
        .with("after", &names(&roles));
    audit::service::record(tx, act).await?;
    tell(tx, member, &RightsChanged { roles, ..RightsChanged::of(member) });
    Ok(())
}

/// A change of status.
#[derive(Clone, Debug)]
pub struct NewStatus {
    /// The status.
    pub status: MemberStatus,
    /// When a suspension ends by itself.
    pub until: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
}

/// Sets a member's status, inside a transaction. The same status with the same end changes nothing. A ban signs every
/// device out: give them to [`forget_devices`] after the commit.
///
/// # Errors
/// See [`RightsError`].
pub async fn set_status(
    tx: &mut Tx,
    by: Viewer,
    member: MemberId,
    new: &NewStatus,
) -> Result<(Changed, Vec<AuthSessionId>), RightsError> {
    let now = tx.now();
    let admins = admins_with(tx, by).await?;
    let member = repo::lock_member(tx, member).await?.ok_or(RightsError::NotFound)?;
    let same_end = new.status != MemberStatus::Suspended || member.suspended_until == new.until;
    if member.status_at(now) == new.status && same_end {
        return Ok((Changed::No, Vec::new()));
    }
    if new.status != MemberStatus::Active && admins == [member.id] {
        return Err(RightsError::LastAdmin);
    }
    repo::rights::set_status(tx, member.id, new.status, new.until, now).await?;
    let devices = match new.status {
        MemberStatus::Banned => repo::devices::revoke_others(tx, member.id, None, now).await?,
        MemberStatus::Active | MemberStatus::Inactive | MemberStatus::Suspended => Vec::new(),
    };
    let mut act = act(Some(by), Action::StatusChanged)
        .about(member.id)
        .because(&new.reason)
        .with("before", &member.status_at(now))
        .with("after", &new.status);
    if let Some(until) = new.until {
        act = act.with("until", &until.to_rfc3339());
    }
    audit::service::record(tx, act).await?;
    let (status, suspended_until) = (new.status, new.until);
    tell(tx, &member, &RightsChanged { status, suspended_until, ..RightsChanged::of(&member) });
    Ok((Changed::Yes, devices))
}

/// Makes tokens of devices that were signed out worthless in this process, after the commit; the others learn it from the
/// database.
pub fn forget_devices(app: &App, devices: &[AuthSessionId]) {
    for &device in devices {
        app.revoked.insert(device);
    }
}

/// Writes down that a suspension is over, inside a transaction; `false` if it is not, or was written down before.
///
/// # Errors
/// Only if the database fails.
pub async fn end_suspension(tx: &mut Tx, member: MemberId) -> QueryResult<bool> {
    let now = tx.now();
    let Some(member) = repo::lock_member(tx, member).await? else { return Ok(false) };
    if member.status != MemberStatus::Suspended || member.status_at(now) != MemberStatus::Active {
        return Ok(false);
    }
    repo::rights::set_status(tx, member.id, MemberStatus::Active, None, now).await?;
    audit::service::record(tx, Act::by_system(Action::SuspensionEnded).about(member.id)).await?;
    let (status, suspended_until) = (MemberStatus::Active, None);
    tell(tx, &member, &RightsChanged { status, suspended_until, ..RightsChanged::of(&member) });
    Ok(true)
}

/// Members whose suspension is over, at most `limit`.
///
/// # Errors
/// Only if the database fails.
pub async fn suspensions_over(app: &App, limit: i64) -> QueryResult<Vec<MemberId>> {
    repo::rights::suspensions_over(&mut *app.conn().await?, app.clock.now(), limit).await
}

fn act(by: Option<Viewer>, action: Action) -> Act {
    by.map_or_else(
        || Act::by_system(action),
        |viewer| Act::by(viewer.member_id, action).on(viewer.auth_session_id),
    )
}

fn tell(tx: &mut Tx, member: &MemberRow, event: &RightsChanged) {
    tx.changed(MemberById(member.id).tag());
    tx.changed(rights_of(member.id));
    tx.tell(StreamName::User(member.id), event);
    tx.tell(StreamName::Admin, event);
}

fn names(roles: &[Role]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ")
}
