mod availability;
mod holds;
mod slots;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::{Client, Reply};

const HOLD: &str = "mutation($input: HoldSlotInput!) { holdSlot(input: $input) { replayed
    hold { id expiresAt slot { startsAt endsAt zone viewerHold { id } } mentor { id } }
    userErrors { __typename code path ... on SlotTakenError { nextFree { startsAt endsAt } } ... on SlotUnavailableError { nextFree { startsAt endsAt } } } } }";
const RELEASE: &str = "mutation($id: ID!) { releaseSlot(input: { holdId: $id }) { releasedHoldId replayed userErrors { code path } } }";
const RULES: &str = "mutation($input: SetAvailabilityRulesInput!) { setAvailabilityRules(input: $input) {
    availability { timeZone version slotStepMinutes minNoticeMinutes bookingWindowDays tzdbVersion rules { weekday start end } overrides { date hours { start end } } }
    userErrors { code path ... on ValidationError { rule } ... on StaleVersionError { current } } } }";
const OVERRIDE: &str = "mutation($input: SetAvailabilityOverrideInput!) { setAvailabilityOverride(input: $input) {
    availability { version overrides { date hours { start end } } } userErrors { code path ... on ValidationError { rule } ... on InvalidTransitionError { allowed } } } }";
const SLOTS: &str = "query($id: ID!, $from: DateTime!, $to: DateTime!, $minutes: Int!) { node(id: $id) { ... on Mentor {
    slots(from: $from, to: $to, durationMinutes: $minutes) { startsAt endsAt localStart zone offset tzdbVersion viewerHold { id } } } } }";

pub async fn hold(
    learner: &Client,
    mentor: &Client,
    starts_at: DateTime<Utc>,
    minutes: i64,
    key: &str,
) -> Reply {
    let input = json!({ "mentorId": mentor.mentor_id(), "startsAt": starts_at, "durationMinutes": minutes, "idempotencyKey": key });
    learner.run(HOLD, json!({ "input": input })).await
}

async fn slots(
    viewer: &Client,
    mentor: &Client,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    minutes: i64,
) -> Vec<Value> {
    let variables = json!({ "id": mentor.mentor_id(), "from": from, "to": to, "minutes": minutes });
    viewer.run(SLOTS, variables).await.data("node")["slots"].as_array().expect("slots").clone()
}

fn starts(slots: &[Value]) -> Vec<DateTime<Utc>> {
    slots
        .iter()
        .map(|slot| slot["startsAt"].as_str().expect("a start").parse().expect("an instant"))
        .collect()
}
