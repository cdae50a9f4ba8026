//! The soonest slots of many mentors.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use crate::{
    db::ids::MemberId,
    domains::scheduling::{
        model::{ClaimKind, Look, MEETING_MINUTES, Span},
        repo,
    },
};

/// When the soonest slot of the shortest length starts that no booking takes. Holds are left out: they pass. Absent if a
/// mentor has none in the booking window. Three statements, whatever the number of mentors.
///
/// # Errors
/// Only if the database fails.
pub async fn soonest(
    conn: &mut AsyncPgConnection,
    mentors: &[MemberId],
    now: DateTime<Utc>,
) -> QueryResult<HashMap<MemberId, DateTime<Utc>>> {
    let schedules = repo::schedules(conn, mentors).await?;
    let window = |days: i32| Span { starts_at: now, ends_at: now + TimeDelta::days(days.into()) };
    let wanted: Vec<(MemberId, Span)> = schedules
        .iter()
        .map(|schedule| (schedule.mentor_id, window(schedule.settings.booking_window_days)))
        .collect();
    let mut busy: HashMap<MemberId, Vec<Span>> = HashMap::new();
    for row in repo::busy(conn, &wanted, now).await?.iter().filter(|row| row.kind != ClaimKind::Hold) {
        busy.entry(row.mentor_id).or_default().push(row.span());
    }
    let look = Look { length: TimeDelta::minutes(*MEETING_MINUTES.start()), now, limit: 1 };
    let found = schedules.iter().zip(wanted).filter_map(|(schedule, (mentor, window))| {
        let taken = busy.get(&mentor).map_or(&[][..], Vec::as_slice);
        schedule.slots_from(taken, window, &look).first().map(|slot| (mentor, slot.starts_at))
    });
    Ok(found.collect())
}
