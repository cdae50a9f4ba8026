//! When mentors can be booked.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    db::{
        ids::MemberId,
        tables::{availability_overrides, availability_rules, schedules},
    },
    domains::scheduling::model::{Hours, Schedule, ScheduleSettings},
    statement,
};

/// The schedules of mentors, with rules and with the overrides that still matter. Absent if the member is no mentor who
/// can be booked.
pub async fn schedules(conn: &mut AsyncPgConnection, mentors: &[MemberId]) -> QueryResult<Vec<Schedule>> {
    let rows = ReadSchedules { mentors: mentors.to_vec() }.load(conn).await?;
    with_hours(conn, mentors, rows).await
}

/// A member's schedule, whether or not the member can be booked yet.
pub async fn own_schedule(conn: &mut AsyncPgConnection, mentor: MemberId) -> QueryResult<Schedule> {
    let rows = ReadOwnSchedule { mentor }.load(conn).await?;
    let found = with_hours(conn, &[mentor], rows).await?;
    Ok(found.into_iter().next().unwrap_or_else(|| Schedule::unset(mentor)))
}

async fn with_hours(
    conn: &mut AsyncPgConnection,
    mentors: &[MemberId],
    rows: Vec<ScheduleRow>,
) -> QueryResult<Vec<Schedule>> {
    let mut found: BTreeMap<MemberId, Schedule> = BTreeMap::new();
    for row in rows {
        let schedule = found.entry(row.mentor_id).or_insert_with(|| row.schedule());
        if let (Some(weekday), Some(start), Some(end)) = (row.weekday, row.start_minute, row.end_minute) {
            schedule.open_weekly(weekday, hours(start, end));
        }
    }
    let rows: Vec<OverrideRow> = ReadOverrides { mentors: mentors.to_vec() }.load(conn).await?;
    for row in rows {
        if let Some(schedule) = found.get_mut(&row.mentor_id) {
            let intervals =
                row.start_minutes.into_iter().zip(row.end_minutes).map(|(start, end)| hours(start, end));
            schedule.overrides.insert(row.date, intervals.collect());
        }
    }
    Ok(found.into_values().collect())
}

/// What changes in a schedule; `None` = leave, or the table's default at first.
#[derive(Clone, Debug)]
pub struct ScheduleChanges {
    /// IANA zone.
    pub time_zone: String,
    /// Minutes between starts.
    pub slot_step_minutes: Option<i32>,
    /// Minutes before the start.
    pub min_notice_minutes: Option<i32>,
    /// Days ahead.
    pub booking_window_days: Option<i32>,
}

/// A schedule's version, locked until the end of the transaction. `None` if it was never set.
pub async fn lock_schedule(conn: &mut AsyncPgConnection, mentor: MemberId) -> QueryResult<Option<i64>> {
    schedules::table.find(mentor).select(schedules::version).for_update().first(conn).await.optional()
}

/// Makes or changes a schedule.
pub async fn upsert_schedule(
    conn: &mut AsyncPgConnection,
    mentor: MemberId,
    changes: ScheduleChanges,
) -> QueryResult<()> {
    let default = ScheduleSettings::default();
    let ScheduleChanges { time_zone, slot_step_minutes, min_notice_minutes, booking_window_days } = changes;
    UpsertSchedule {
        mentor,
        time_zone,
        slot_step_minutes,
        min_notice_minutes,
        booking_window_days,
        default_step: default.slot_step_minutes,
        default_notice: default.min_notice_minutes,
        default_window: default.booking_window_days,
    }
    .execute(conn)
    .await
    .map(drop)
}

/// Replaces the weekly hours.
pub async fn replace_rules(
    conn: &mut AsyncPgConnection,
    mentor: MemberId,
    rules: &[(i16, Hours)],
) -> QueryResult<()> {
    diesel::delete(availability_rules::table.filter(availability_rules::mentor_id.eq(mentor)))
        .execute(conn)
        .await?;
    let rows: Vec<_> = rules
        .iter()
        .map(|(weekday, hours)| {
            (
                availability_rules::mentor_id.eq(mentor),
                availability_rules::weekday.eq(weekday),
                availability_rules::start_minute.eq(minute(hours.start)),
                availability_rules::end_minute.eq(minute(hours.end)),
            )
        })
        .collect();
    diesel::insert_into(availability_rules::table).values(rows).execute(conn).await.map(drop)
}

/// Sets the hours of a date instead of the weekly ones.
pub async fn upsert_override(
    conn: &mut AsyncPgConnection,
    mentor: MemberId,
    date: NaiveDate,
    hours: &[Hours],
) -> QueryResult<()> {
    let starts: Vec<i16> = hours.iter().map(|hours| minute(hours.start)).collect();
    let ends: Vec<i16> = hours.iter().map(|hours| minute(hours.end)).collect();
    let minutes =
        (availability_overrides::start_minutes.eq(starts), availability_overrides::end_minutes.eq(ends));
    diesel::insert_into(availability_overrides::table)
        .values((
            availability_overrides::mentor_id.eq(mentor),
            availability_overrides::date.eq(date),
            minutes.clone(),
        ))
        .on_conflict((availability_overrides::mentor_id, availability_overrides::date))
        .do_update()
        .set(minutes)
        .execute(conn)
        .await
        .map(drop)
}

/// Removes the hours of a date; `false` if there were none.
pub async fn delete_override(
    conn: &mut AsyncPgConnection,
    mentor: MemberId,
    date: NaiveDate,
) -> QueryResult<bool> {
    Ok(diesel::delete(availability_overrides::table.find((mentor, date))).execute(conn).await? == 1)
}

/// How many dates from `date` on have hours of their own.
pub async fn count_overrides(
    conn: &mut AsyncPgConnection,
    mentor: MemberId,
    date: NaiveDate,
) -> QueryResult<i64> {
    availability_overrides::table
        .filter(availability_overrides::mentor_id.eq(mentor))
        .filter(availability_overrides::date.ge(date))
        .count()
        .get_result(conn)
        .await
}

/// Says that a schedule changed.
pub async fn bump_version(conn: &mut AsyncPgConnection, mentor: MemberId) -> QueryResult<()> {
    diesel::update(schedules::table.find(mentor))
        .set(schedules::version.eq(schedules::version + 1))
        .execute(conn)
        .await
        .map(drop)
}

#[derive(Queryable)]
struct ScheduleRow {
    mentor_id: MemberId,
    time_zone: Option<String>,
    slot_step_minutes: Option<i32>,
    min_notice_minutes: Option<i32>,
    booking_window_days: Option<i32>,
    version: Option<i64>,
    weekday: Option<i16>,
    start_minute: Option<i16>,
    end_minute: Option<i16>,
}

impl ScheduleRow {
    /// The schedule without its hours. One in a zone that is not known any more counts as never set.
    fn schedule(&self) -> Schedule {
        let unset = Schedule::unset(self.mentor_id);
        let Some(zone) = self.time_zone.as_deref().and_then(|zone| zone.parse().ok()) else { return unset };
        let default = ScheduleSettings::default();
        Schedule {
            settings: ScheduleSettings {
                zone,
                slot_step_minutes: self.slot_step_minutes.unwrap_or(default.slot_step_minutes),
                min_notice_minutes: self.min_notice_minutes.unwrap_or(default.min_notice_minutes),
                booking_window_days: self.booking_window_days.unwrap_or(default.booking_window_days),
            },
            version: self.version.unwrap_or_default(),
            ..unset
        }
    }
}

#[derive(Queryable)]
struct OverrideRow {
    mentor_id: MemberId,
    date: NaiveDate,
    start_minutes: Vec<i16>,
    end_minutes: Vec<i16>,
}

/// At most 1440.
fn minute(minute: u16) -> i16 {
    i16::try_from(minute).unwrap_or(i16::MAX)
}

/// The table's checks keep both within a day.
fn hours(start: i16, end: i16) -> Hours {
    Hours { start: start.unsigned_abs(), end: end.unsigned_abs() }
}

statement! {
    /// Schedules with their weekly rules, one row per rule.
    ReadSchedules(mentors: Vec<MemberId> => sql_types::Array<sql_types::Uuid>) -> (
        sql_types::Uuid, sql_types::Nullable<sql_types::Text>, sql_types::Nullable<sql_types::Integer>,
        sql_types::Nullable<sql_types::Integer>, sql_types::Nullable<sql_types::Integer>, sql_types::Nullable<sql_types::BigInt>,
        sql_types::Nullable<sql_types::SmallInt>, sql_types::Nullable<sql_types::SmallInt>, sql_types::Nullable<sql_types::SmallInt>
    ) =
    "select m.member_id, s.time_zone, s.slot_step_minutes, s.min_notice_minutes, s.booking_window_days, s.version,
            r.weekday, r.start_minute, r.end_minute
     from mentors m
     join members p on p.id = m.member_id and p.status = 'ACTIVE'
     left join schedules s on s.mentor_id = m.member_id
     left join availability_rules r on r.mentor_id = s.mentor_id
     where m.member_id = any($1)
     order by m.member_id, r.weekday, r.start_minute"
}

statement! {
    /// One schedule with its weekly rules, one row per rule.
    ReadOwnSchedule(mentor: MemberId => sql_types::Uuid) -> (
        sql_types::Uuid, sql_types::Nullable<sql_types::Text>, sql_types::Nullable<sql_types::Integer>,
        sql_types::Nullable<sql_types::Integer>, sql_types::Nullable<sql_types::Integer>, sql_types::Nullable<sql_types::BigInt>,
        sql_types::Nullable<sql_types::SmallInt>, sql_types::Nullable<sql_types::SmallInt>, sql_types::Nullable<sql_types::SmallInt>
    ) =
    "select s.mentor_id, s.time_zone, s.slot_step_minutes, s.min_notice_minutes, s.booking_window_days, s.version,
            r.weekday, r.start_minute, r.end_minute
     from schedules s left join availability_rules r on r.mentor_id = s.mentor_id
     where s.mentor_id = $1
     order by r.weekday, r.start_minute"
}

statement! {
    /// Makes or changes a schedule; what is not given stays, or becomes the default.
    UpsertSchedule(
        mentor: MemberId => sql_types::Uuid,
        time_zone: String => sql_types::Text,
        slot_step_minutes: Option<i32> => sql_types::Nullable<sql_types::Integer>,
        min_notice_minutes: Option<i32> => sql_types::Nullable<sql_types::Integer>,
        booking_window_days: Option<i32> => sql_types::Nullable<sql_types::Integer>,
        default_step: i32 => sql_types::Integer,
        default_notice: i32 => sql_types::Integer,
        default_window: i32 => sql_types::Integer,
    ) -> () =
    "insert into schedules as s (mentor_id, time_zone, slot_step_minutes, min_notice_minutes, booking_window_days)
     values ($1, $2, coalesce($3, $6), coalesce($4, $7), coalesce($5, $8))
     on conflict (mentor_id) do update set
       time_zone = excluded.time_zone,
       slot_step_minutes = coalesce($3, s.slot_step_minutes),
       min_notice_minutes = coalesce($4, s.min_notice_minutes),
       booking_window_days = coalesce($5, s.booking_window_days),
       version = s.version + 1"
}

statement! {
    /// Overrides of dates that are not over anywhere on Earth.
    ReadOverrides(mentors: Vec<MemberId> => sql_types::Array<sql_types::Uuid>) -> (
        sql_types::Uuid, sql_types::Date, sql_types::Array<sql_types::SmallInt>, sql_types::Array<sql_types::SmallInt>
    ) =
    "select mentor_id, date, start_minutes, end_minutes from availability_overrides
     where mentor_id = any($1) and date >= current_date - 2"
}
