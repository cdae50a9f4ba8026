//! Rows and events of oversight.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    db::{
        ids::{ConversationId, MemberId},
        tables::conversation_accesses,
    },
    events::EventPayload,
};

/// How long an access lasts.
pub const ACCESS_LIFE: TimeDelta = TimeDelta::minutes(30);
/// Characters of a reason.
pub const REASON_LENGTH: RangeInclusive<usize> = 10..=500;
/// Accesses that the members of a conversation see, newest first.
pub const MOST_SHOWN: usize = 20;

/// An administrator's leave to read a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = conversation_accesses, check_for_backend(diesel::pg::Pg))]
pub struct AccessRow {
    /// Its id.
    pub id: Uuid,
    /// To what.
    pub conversation_id: ConversationId,
    /// Whose.
    pub admin_id: MemberId,
    /// Why, in the administrator's words.
    pub reason: String,
    /// From when.
    pub opened_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// When the members were told.
    pub told_at: Option<DateTime<Utc>>,
}

/// An administrator was given leave to read a conversation. On the conversation's stream and on those of its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationOverseen {
    /// The access.
    pub access_id: Uuid,
    /// To what.
    pub conversation_id: ConversationId,
    /// From when.
    pub opened_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
}

impl EventPayload for ConversationOverseen {
    const KIND: &'static str = "CONVERSATION_OVERSEEN";
}

impl From<&AccessRow> for ConversationOverseen {
    fn from(access: &AccessRow) -> Self {
        Self {
            access_id: access.id,
            conversation_id: access.conversation_id,
            opened_at: access.opened_at,
            ends_at: access.ends_at,
        }
    }
}
