//! Use-cases of administration.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use crate::{
    app::App,
    db::{hot::HotKey, ids::MemberId, keyset::Keyset, transact},
    domains::{
        accounts::{
            self,
            model::{MemberRow, MemberSearch, Role},
            service::rights::{self, Changed, NewStatus, RightsError},
        },
        audit::{
            self,
            model::{Act, Action},
        },
        profiles,
        scheduling::loaders::ScheduleOf,
        sessions::{self, model::BookingRow},
    },
    graphql::Viewer,
};

/// Open bookings that are listed at once.
pub const MOST_BOOKINGS: i64 = 50;
/// Suspensions ended by one round of the job.
const BATCH: i64 = 100;

/// Sets a member's roles.
///
/// # Errors
/// See [`RightsError`].
pub async fn set_roles(
    app: &App,
    by: Viewer,
    member: MemberId,
    roles: &[Role],
    reason: &str,
) -> Result<Changed, RightsError> {
    transact(app, async |tx| {
        tx.acting(by.member_id);
        let changed = rights::set_roles(tx, by, member, roles, reason).await?;
        if changed == Changed::Yes {
            profiles::service::announce(tx, member);
        }
        Ok(changed)
    })
    .await
}

/// Sets a member's status. A ban ends everything that the member has open.
///
/// # Errors
/// See [`RightsError`].
pub async fn set_status(
    app: &App,
    by: Viewer,
    member: MemberId,
    new: &NewStatus,
) -> Result<Changed, RightsError> {
    let (changed, devices) = transact(app, async |tx| {
        tx.acting(by.member_id);
        let (changed, devices) = rights::set_status(tx, by, member, new).await?;
        if changed == Changed::Yes {
            profiles::service::announce(tx, member);
            tx.changed(ScheduleOf(member).tag());
        }
        Ok::<_, RightsError>((changed, devices))
    })
    .await?;
    rights::forget_devices(app, &devices);
    Ok(changed)
}

/// Records that members' private data are read, and which were looked for.
///
/// # Errors
/// Only if the database fails.
pub async fn record_reading(app: &App, by: Viewer, search: &MemberSearch) -> QueryResult<()> {
    let mut act = Act::by(by.member_id, Action::MemberDataRead).on(by.auth_session_id);
    if let Some(text) = &search.text {
        act = act.with("text", text);
    }
    if let Some(role) = search.role {
        act = act.with("role", role.as_str());
    }
    if let Some(status) = search.status {
        act = act.with("status", status.as_str());
    }
    transact(app, async |tx| audit::service::record(tx, act.clone()).await).await
}

/// What a member leaves open: confirmed bookings, soonest first, at most [`MOST_BOOKINGS`].
///
/// # Errors
/// Only if the database fails.
pub async fn open_bookings(app: &App, member: MemberId) -> QueryResult<Vec<BookingRow>> {
    sessions::service::open_bookings(&mut *app.conn().await?, member, MOST_BOOKINGS).await
}

/// Writes down which suspensions are over.
///
/// # Errors
/// Only if the database fails.
pub async fn end_suspensions(app: &App) -> QueryResult<()> {
    loop {
        let members = rights::suspensions_over(app, BATCH).await?;
        for &member in &members {
            transact(app, async |tx| {
                if rights::end_suspension(tx, member).await? {
                    profiles::service::announce(tx, member);
                    tx.changed(ScheduleOf(member).tag());
                }
                Ok::<_, diesel::result::Error>(())
            })
            .await?;
        }
        if i64::try_from(members.len()) != Ok(BATCH) {
            return Ok(());
        }
    }
}

/// A page of the members, newest first.
///
/// # Errors
/// Only if the database fails.
pub async fn members(
    app: &App,
    search: &MemberSearch,
    page: &Keyset<(DateTime<Utc>, MemberId)>,
) -> QueryResult<Vec<MemberRow>> {
    accounts::service::members(&mut *app.conn().await?, search, page, app.clock.now()).await
}
