//! Root mutations of scheduling.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{Days, TimeDelta};
use chrono_tz::Tz;
use serde_json::json;

use super::{
    loaders::ScheduleOf,
    model::{
        Hours, InvalidHours, MEETING_MINUTES, MOST_INTERVALS, MOST_RULES, OfferedSlot, Slot, wall_minutes,
    },
    repo::ScheduleChanges,
    service::{self, AvailabilityError, ClaimError, HoldError, HoldSlot, ReleaseError, SetRules},
    types,
    types::{
        Availability, AvailabilityRuleInput, ClearAvailabilityOverrideInput,
        ClearAvailabilityOverridePayload, Hold, HoldSlotInput, HoldSlotPayload, OpenHoursInput,
        ReleaseSlotInput, ReleaseSlotPayload, SetAvailabilityOverrideInput, SetAvailabilityOverridePayload,
        SetAvailabilityRulesInput, SetAvailabilityRulesPayload,
    },
};
use crate::{
    db::ids::{EntityId, MemberId, MentorId},
    domains::{
        input::{attempt, id, list, not_found, number},
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field, scalars::Date},
};

/// Mutations of scheduling.
#[derive(Debug, Default)]
pub struct SchedulingMutation;

/// Mutations of scheduling.
#[Object]
impl SchedulingMutation {
    /// Replaces the caller's weekly hours; dates with hours of their own stay. Needs the role MENTOR.
    async fn set_availability_rules(
        &self,
        ctx: &Context<'_>,
        input: SetAvailabilityRulesInput,
    ) -> Field<SetAvailabilityRulesPayload> {
        answer(async {
            let mentor = ctx.signed_in()?.member_id;
            let command = rules(input)?;
            let schedule = service::set_rules(ctx.app(), mentor, &command).await?;
            Ok(SetAvailabilityRulesPayload {
                availability: Some(Availability(Arc::new(schedule))),
                ..Default::default()
            })
        })
        .await
    }

    /// Sets the hours of one date instead of the weekly ones, for example a holiday. Needs the role MENTOR.
    async fn set_availability_override(
        &self,
        ctx: &Context<'_>,
        input: SetAvailabilityOverrideInput,
    ) -> Field<SetAvailabilityOverridePayload> {
        answer(async {
            let mentor = ctx.signed_in()?.member_id;
            let today = ctx.now().date_naive();
            let Date(date) = input.date;
            if date < today - Days::new(1) || date > today + Days::new(731) {
                let message = "Give a date from yesterday to two years ahead.";
                return Err(UserError::validation("date", "RANGE", message).into());
            }
            let hours = override_hours(input.hours)?;
            let expected = input.expected_version.map(i64::from);
            let schedule = service::set_override(ctx.app(), mentor, date, &hours, expected).await?;
            Ok(SetAvailabilityOverridePayload {
                availability: Some(Availability(Arc::new(schedule))),
                ..Default::default()
            })
        })
        .await
    }

    /// Gives one date its weekly hours back. Needs the role MENTOR.
    async fn clear_availability_override(
        &self,
        ctx: &Context<'_>,
        input: ClearAvailabilityOverrideInput,
    ) -> Field<ClearAvailabilityOverridePayload> {
        answer(async {
            let mentor = ctx.signed_in()?.member_id;
            let expected = input.expected_version.map(i64::from);
            let schedule = service::clear_override(ctx.app(), mentor, input.date.0, expected).await?;
            Ok(ClearAvailabilityOverridePayload {
                availability: Some(Availability(Arc::new(schedule))),
                ..Default::default()
            })
        })
        .await
    }

    /// Keeps a slot for the caller for five minutes: nobody else can take it. At most three at a time. Holding the same
    /// slot again gives the same hold and does not prolong it. Needs a signed-in caller.
    pub(crate) async fn hold_slot(&self, ctx: &Context<'_>, input: HoldSlotInput) -> Field<HoldSlotPayload> {
        answer(async {
            let learner_id = ctx.signed_in()?.member_id;
            let slot = wanted_slot(&input)?;
            let key = json!({
                "mentorId": slot.mentor_id,
                "startsAt": slot.starts_at,
                "durationMinutes": input.duration_minutes,
            });
            let attempt = attempt(learner_id, "holdSlot", &input.idempotency_key, &key)?;
            let held = service::hold(ctx.app(), &HoldSlot { slot, learner_id, attempt }).await?;
            let zone =
                ctx.hot(ScheduleOf(slot.mentor_id)).await?.map_or(Tz::UTC, |schedule| schedule.settings.zone);
            let hold = Some(Hold { row: held.hold, zone });
            Ok(HoldSlotPayload { hold, replayed: Some(held.replayed), ..Default::default() })
        })
        .await
    }

    /// Gives a held slot back at once. Again is fine. Needs the hold's own caller.
    pub(crate) async fn release_slot(
        &self,
        ctx: &Context<'_>,
        input: ReleaseSlotInput,
    ) -> Field<ReleaseSlotPayload> {
        answer(async {
            let learner = ctx.signed_in()?.member_id;
            let hold = id(&input.hold_id, "holdId")?;
            let before = service::release(ctx.app(), learner, hold).await?;
            let released_hold_id = Some(ID(hold.to_string()));
            Ok(ReleaseSlotPayload { released_hold_id, replayed: Some(before), ..Default::default() })
        })
        .await
    }
}

fn rules(input: SetAvailabilityRulesInput) -> Result<SetRules, UserError> {
    if input.time_zone.parse::<Tz>().is_err() {
        let message = "Give a zone of the IANA database, such as Europe/Berlin.";
        return Err(UserError::validation("timeZone", "TIME_ZONE", message));
    }
    let optional = |value: Option<i32>, path: &str, range| {
        let checked = value.map(|value| number(value.into(), path, range)).transpose();
        checked.map(|value| value.and_then(|value| i32::try_from(value).ok()))
    };
    Ok(SetRules {
        changes: ScheduleChanges {
            slot_step_minutes: optional(input.slot_step_minutes, "slotStepMinutes", 5..=240)?,
            min_notice_minutes: optional(input.min_notice_minutes, "minNoticeMinutes", 0..=43_200)?,
            booking_window_days: optional(input.booking_window_days, "bookingWindowDays", 1..=730)?,
            time_zone: input.time_zone,
        },
        rules: weekly_hours(input.rules)?,
        expected_version: input.expected_version.map(i64::from),
    })
}

fn weekly_hours(input: Vec<AvailabilityRuleInput>) -> Result<Vec<(i16, Hours)>, UserError> {
    let mut rules: Vec<(i16, Hours)> = Vec::new();
    for (place, rule) in list(input, "rules", MOST_RULES)?.into_iter().enumerate() {
        rules.push((rule.weekday.number(), hours(&rule.start, &rule.end, &format!("rules.{place}"))?));
    }
    for weekday in 1..=7 {
        let day = rules.iter().enumerate().filter(|(_, (other, _))| *other == weekday);
        let (places, day): (Vec<usize>, Vec<Hours>) = day.map(|(place, (_, hours))| (place, *hours)).unzip();
        check_day(&day, |place| format!("rules.{}", places.get(place).copied().unwrap_or_default()))?;
    }
    Ok(rules)
}

fn override_hours(input: Vec<OpenHoursInput>) -> Result<Vec<Hours>, UserError> {
    let input = list(input, "hours", MOST_INTERVALS)?;
    let parsed =
        input.iter().enumerate().map(|(place, one)| hours(&one.start, &one.end, &format!("hours.{place}")));
    let mut day = parsed.collect::<Result<Vec<Hours>, UserError>>()?;
    check_day(&day, |place| format!("hours.{place}"))?;
    day.sort_unstable();
    Ok(day)
}

fn hours(start: &str, end: &str, path: &str) -> Result<Hours, UserError> {
    let minutes = |text: &str, name: &str| {
        wall_minutes(text).ok_or_else(|| {
            let message = "Give a time on the wall as HH:MM, from 00:00 to 24:00.";
            UserError::validation(&format!("{path}.{name}"), "WALL_TIME", message)
        })
    };
    Ok(Hours { start: minutes(start, "start")?, end: minutes(end, "end")? })
}

fn check_day(hours: &[Hours], path: impl Fn(usize) -> String) -> Result<(), UserError> {
    Hours::check_day(hours).map_err(|error| match error {
        InvalidHours::Empty(place) => {
            let message = "Hours must end after they start. For hours across midnight give two: until 24:00 and from 00:00.";
            UserError::validation(&path(place), "ORDER", message)
        }
        InvalidHours::Overlap(place) => {
            let message = "These hours overlap others of the same day. Join them, or make them touch.";
            UserError::validation(&path(place), "OVERLAP", message)
        }
    })
}

fn wanted_slot(input: &HoldSlotInput) -> Result<Slot, UserError> {
    let mentor: MentorId = id(&input.mentor_id, "mentorId")?;
    let minutes = number(input.duration_minutes.into(), "durationMinutes", MEETING_MINUTES)?;
    let ends_at = input.starts_at.checked_add_signed(TimeDelta::minutes(minutes));
    let ends_at =
        ends_at.ok_or_else(|| UserError::validation("startsAt", "RANGE", "That is too far away."))?;
    Ok(Slot { mentor_id: MemberId::from_uuid(mentor.uuid()), starts_at: input.starts_at, ends_at })
}

/// Says why a slot was not taken; `at` is where the input names its start.
#[must_use]
pub fn refuse_claim(error: ClaimError, at: &str) -> Refusal {
    let slots = |free: Vec<OfferedSlot>| free.into_iter().map(|slot| types::Slot(slot, None)).collect();
    match error {
        ClaimError::Taken { next_free } => UserError::slot_taken(at, slots(next_free)).into(),
        ClaimError::NotOffered { next_free } => UserError::slot_unavailable(at, slots(next_free)).into(),
        ClaimError::OwnTimeConflict => {
            let message = "You have something else at that time. Choose another time, or cancel the other meeting first.";
            UserError::basic(ErrorCode::TimeConflict, at, message).into()
        }
        ClaimError::OwnSlot => UserError::basic(
            ErrorCode::Forbidden,
            "mentorId",
            "You cannot book yourself. Choose another mentor.",
        )
        .into(),
        ClaimError::UnknownMentor => not_found("mentorId", "mentor").into(),
        ClaimError::Database(_) => Refusal::Api(error.into()),
    }
}

impl From<HoldError> for Refusal {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Claim(error) => refuse_claim(error, "startsAt"),
            HoldError::TooMany => {
                let message =
                    "You hold three slots. Release one with releaseSlot, or wait until one expires.";
                UserError::basic(ErrorCode::TooMany, "", message).into()
            }
            HoldError::IdempotencyConflict(difference) => UserError::idempotency_conflict(difference).into(),
            HoldError::Ended => {
                let message =
                    "This request made a hold that has ended. Hold the slot again with a new idempotencyKey.";
                UserError::basic(ErrorCode::AlreadyDone, "idempotencyKey", message).into()
            }
            HoldError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<ReleaseError> for Refusal {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::NotFound => not_found("holdId", "hold").into(),
            ReleaseError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<AvailabilityError> for Refusal {
    fn from(error: AvailabilityError) -> Self {
        match error {
            AvailabilityError::Stale { current } => UserError::stale("expectedVersion", current).into(),
            AvailabilityError::NoSchedule => {
                UserError::transition("NO_WEEKLY_HOURS", &["setAvailabilityRules"]).into()
            }
            AvailabilityError::TooManyOverrides => {
                let message = "366 dates have hours of their own. Clear some with clearAvailabilityOverride.";
                UserError::basic(ErrorCode::TooMany, "date", message).into()
            }
            AvailabilityError::Database(_) => Self::Api(error.into()),
        }
    }
}
