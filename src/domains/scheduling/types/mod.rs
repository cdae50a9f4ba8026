//! GraphQL types of scheduling.

mod availability;
mod inputs;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Offset, SecondsFormat, TimeDelta, Utc};

pub use availability::{
    Availability, AvailabilityChanged, AvailabilityOverride, AvailabilityRule, OpenHours, Weekday,
};
pub use inputs::{
    AvailabilityRuleInput, ClearAvailabilityOverrideInput, ClearAvailabilityOverridePayload, HoldSlotInput,
    HoldSlotPayload, OpenHoursInput, ReleaseSlotInput, ReleaseSlotPayload, SetAvailabilityOverrideInput,
    SetAvailabilityOverridePayload, SetAvailabilityRulesInput, SetAvailabilityRulesPayload,
};

use super::{
    loaders::{BusyIn, HoldById, ScheduleOf},
    model::{BusyRow, HoldRow, LONGEST_LOOK, Look, MEETING_MINUTES, MOST_SLOTS, OfferedSlot, Span},
};
use crate::{
    db::ids::{ClaimId, MemberId},
    domains::profiles::{loaders::MentorById, types::Mentor},
    graphql::{ApiError, ContextExt, Field, error::ApiCode, field, scalars::TimeZone},
};

/// A piece of a mentor's time that can be booked as it is.
#[derive(Clone, Debug)]
pub struct Slot(pub OfferedSlot, pub Option<HoldRow>);

/// A piece of a mentor's time that can be booked as it is.
#[Object]
impl Slot {
    /// Its first instant.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.slot.starts_at
    }

    /// The first instant after it.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.0.slot.ends_at
    }

    /// What the mentor's clock reads when it starts, with its offset: `2026-11-23T09:00:00+01:00`.
    async fn local_start(&self) -> String {
        self.0.slot.starts_at.with_timezone(&self.0.zone).to_rfc3339_opts(SecondsFormat::Secs, false)
    }

    /// The mentor's time zone.
    async fn zone(&self) -> TimeZone {
        TimeZone(self.0.zone.name().to_owned())
    }

    /// The zone's offset from UTC when it starts: `+01:00`.
    #[graphql(deprecation = "Use `localStart`, which ends with the offset. Removed after 2027-06-30.")]
    async fn offset(&self) -> String {
        self.0.slot.starts_at.with_timezone(&self.0.zone).offset().fix().to_string()
    }

    /// The version of the IANA time zone database that the times were worked out with.
    async fn tzdb_version(&self) -> &str {
        chrono_tz::IANA_TZDB_VERSION
    }

    /// The caller's own hold of it. `null` if the caller does not hold it.
    async fn viewer_hold(&self) -> Option<Hold> {
        self.1.clone().map(|row| Hold { zone: self.0.zone, row })
    }
}

/// A slot kept for its holder for some minutes: nobody else can take it, and booking it turns it into the booking.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The hold.
    pub row: HoldRow,
    /// The mentor's zone.
    pub zone: chrono_tz::Tz,
}

/// A slot kept for its holder for some minutes: nobody else can take it, and booking it turns it into the booking.
#[Object]
impl Hold {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// What is held.
    async fn slot(&self) -> Slot {
        Slot(OfferedSlot { slot: self.row.slot(), zone: self.zone }, Some(self.row.clone()))
    }

    /// When others can take it again.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.row.expires_at
    }

    /// Whose time it is. `null` if the mentor was removed.
    async fn mentor(&self, ctx: &Context<'_>) -> Field<Mentor> {
        field(async { Ok(ctx.hot(MentorById(self.row.mentor_id)).await?.map(Mentor)) }).await
    }
}

/// The free slots of a mentor that lie in a piece of time, as the caller sees them: the caller's own holds are free to
/// the caller. `None` if the mentor cannot be booked.
///
/// # Errors
/// `VALIDATION` for a piece of time that ends before it starts or is too long, or a length that no meeting has.
pub async fn slots_of(
    ctx: &Context<'_>,
    mentor: MemberId,
    within: Span,
    minutes: i32,
) -> Result<Option<Vec<Slot>>, ApiError> {
    let length = check_slots(within, minutes)?;
    free_slots(ctx, mentor, within, length, MOST_SLOTS).await
}

/// Whether [`slots_of`] a mentor would not be empty.
///
/// # Errors
/// Only if the database fails.
pub async fn has_slot(
    ctx: &Context<'_>,
    mentor: MemberId,
    within: Span,
    length: TimeDelta,
) -> Result<bool, ApiError> {
    Ok(free_slots(ctx, mentor, within, length, 1).await?.is_some_and(|slots| !slots.is_empty()))
}

async fn free_slots(
    ctx: &Context<'_>,
    mentor: MemberId,
    within: Span,
    length: TimeDelta,
    limit: usize,
) -> Result<Option<Vec<Slot>>, ApiError> {
    let (now, viewer) = (ctx.now(), ctx.viewer());
    let Some(schedule) = ctx.hot(ScheduleOf(mentor)).await? else { return Ok(None) };
    let look = Look { length, now, limit };
    let Some(span) = schedule.reach(within, &look) else { return Ok(Some(Vec::new())) };
    let taken = ctx.one(BusyIn { mentor_id: mentor, span, now }).await?.unwrap_or_default();
    let own = |row: &BusyRow| viewer.and_then(|viewer| row.hold_of(viewer.member_id));
    let busy: Vec<Span> = taken.iter().filter(|row| own(row).is_none()).map(BusyRow::span).collect();
    let free = schedule.slots_within(&busy, within, &look);
    let zone = schedule.settings.zone;
    let slots = free.into_iter().map(|slot| {
        let hold = taken.iter().filter_map(own).find(|hold| hold.slot() == slot);
        Slot(OfferedSlot { slot, zone }, hold)
    });
    Ok(Some(slots.collect()))
}

/// Checks a question for slots; gives the length of a slot.
///
/// # Errors
/// `VALIDATION`, see [`slots_of`].
pub fn check_slots(within: Span, minutes: i32) -> Result<TimeDelta, ApiError> {
    let refuse = |message: String| Err(ApiError::told(ApiCode::Validation, message));
    if !MEETING_MINUTES.contains(&i64::from(minutes)) {
        let (shortest, longest) = (MEETING_MINUTES.start(), MEETING_MINUTES.end());
        return refuse(format!(
            "`durationMinutes` must be between {shortest} and {longest}; it was {minutes}."
        ));
    }
    if within.ends_at <= within.starts_at {
        return refuse("`to` must be later than `from`.".to_owned());
    }
    if within.ends_at - within.starts_at > LONGEST_LOOK {
        return refuse(format!("`from` and `to` may be at most {} days apart.", LONGEST_LOOK.num_days()));
    }
    Ok(TimeDelta::minutes(minutes.into()))
}

/// One of the caller's own live holds. `None` for every other id.
///
/// # Errors
/// Only if the database fails.
pub async fn hold_of_caller(ctx: &Context<'_>, id: ClaimId) -> Result<Option<Hold>, ApiError> {
    let (Some(viewer), now) = (ctx.viewer(), ctx.now()) else { return Ok(None) };
    let Some(row) = ctx.one(HoldById { id, now }).await?.filter(|row| row.learner_id == viewer.member_id)
    else {
        return Ok(None);
    };
    let schedule = ctx.hot(ScheduleOf(row.mentor_id)).await?;
    Ok(schedule.map(|schedule| Hold { row: HoldRow::clone(&row), zone: schedule.settings.zone }))
}

/// When a mentor can be booked. `None` if the mentor never said.
///
/// # Errors
/// Only if the database fails.
pub async fn availability_of(ctx: &Context<'_>, mentor: MemberId) -> Result<Option<Availability>, ApiError> {
    let schedule = ctx.hot(ScheduleOf(mentor)).await?;
    Ok(schedule.filter(|schedule| schedule.is_set()).map(Availability))
}
