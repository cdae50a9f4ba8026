//! Setting when a mentor can be booked.

use chrono::NaiveDate;

use crate::{
    app::App,
    db::{Tx, hot::HotKey, ids::MemberId, transact},
    domains::scheduling::{
        loaders::ScheduleOf,
        model::{AvailabilityChanged, Hours, MOST_OVERRIDES, Schedule},
        repo::{self, ScheduleChanges},
    },
    events::StreamName,
};

/// Why availability was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AvailabilityError {
    /// It was changed since the caller read it.
    #[error("stale version")]
    Stale {
        /// The present version; 0 = never set.
        current: i64,
    },
    /// There are no weekly hours to override.
    #[error("no schedule")]
    NoSchedule,
    /// Too many dates have hours of their own.
    #[error("too many overrides")]
    TooManyOverrides,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// A mentor's new weekly hours.
#[derive(Clone, Debug)]
pub struct SetRules {
    /// Zone, step, notice and window.
    pub changes: ScheduleChanges,
    /// Weekday, 1 = Monday, with hours that do not overlap.
    pub rules: Vec<(i16, Hours)>,
    /// Refuse if the version is another one; 0 = never set.
    pub expected_version: Option<i64>,
}

/// Replaces a mentor's weekly hours. The caller checked the role.
///
/// # Errors
/// See [`AvailabilityError`].
pub async fn set_rules(
    app: &App,
    mentor: MemberId,
    command: &SetRules,
) -> Result<Schedule, AvailabilityError> {
    transact(app, async |tx| {
        check_version(repo::lock_schedule(tx, mentor).await?, command.expected_version)?;
        repo::upsert_schedule(tx, mentor, command.changes.clone()).await?;
        repo::replace_rules(tx, mentor, &command.rules).await?;
        changed(tx, mentor).await
    })
    .await
}

/// Sets the hours of one date instead of the weekly ones; none = closed. The caller checked the role.
///
/// # Errors
/// See [`AvailabilityError`].
pub async fn set_override(
    app: &App,
    mentor: MemberId,
    date: NaiveDate,
    hours: &[Hours],
    expected_version: Option<i64>,
) -> Result<Schedule, AvailabilityError> {
    transact(app, async |tx| {
        let version = repo::lock_schedule(tx, mentor).await?;
        check_version(version, expected_version)?;
        version.ok_or(AvailabilityError::NoSchedule)?;
        repo::upsert_override(tx, mentor, date, hours).await?;
        // Yesterday in UTC is still today somewhere.
        let from = tx.now().date_naive() - chrono::Days::new(1);
        if repo::count_overrides(tx, mentor, from).await? > MOST_OVERRIDES {
            return Err(AvailabilityError::TooManyOverrides);
        }
        repo::bump_version(tx, mentor).await?;
        changed(tx, mentor).await
    })
    .await
}

/// Gives a date its weekly hours back. A date without hours of its own is fine. The caller checked the role.
///
/// # Errors
/// See [`AvailabilityError`].
pub async fn clear_override(
    app: &App,
    mentor: MemberId,
    date: NaiveDate,
    expected_version: Option<i64>,
) -> Result<Schedule, AvailabilityError> {
    transact(app, async |tx| {
        let version = repo::lock_schedule(tx, mentor).await?;
        check_version(version, expected_version)?;
        version.ok_or(AvailabilityError::NoSchedule)?;
        if !repo::delete_override(tx, mentor, date).await? {
            return Ok(repo::own_schedule(tx, mentor).await?);
        }
        repo::bump_version(tx, mentor).await?;
        changed(tx, mentor).await
    })
    .await
}

fn check_version(version: Option<i64>, expected: Option<i64>) -> Result<(), AvailabilityError> {
    let current = version.unwrap_or_default();
    if expected.is_some_and(|expected| expected != current) {
        return Err(AvailabilityError::Stale { current });
    }
    Ok(())
}

async fn changed(tx: &mut Tx, mentor: MemberId) -> Result<Schedule, AvailabilityError> {
    tx.changed(ScheduleOf(mentor).tag());
    tx.tell(StreamName::User(mentor), &AvailabilityChanged { mentor_id: mentor });
    Ok(repo::own_schedule(tx, mentor).await?)
}
