//! Rows of intents.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::{
    db::{
        ids::{IntentId, MemberId},
        tables::intents,
    },
    text_enum,
};

/// How long an intent is good: as long as a repeat of its mutation is recognised.
pub const INTENT_LIFE: TimeDelta = TimeDelta::days(7);

text_enum! {
    /// The mutation that an intent is for.
    pub enum Operation { BookSession = "bookSession", CreateCheckout = "createCheckout" }
}

/// A key that the server made.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = intents, check_for_backend(diesel::pg::Pg))]
pub struct IntentRow {
    /// The key.
    pub id: IntentId,
    /// For whom.
    pub member_id: MemberId,
    /// For what.
    pub operation: Operation,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is good for nothing.
    pub expires_at: DateTime<Utc>,
}
