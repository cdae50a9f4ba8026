//! Applications to become a mentor.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{MemberId, MentorApplicationId},
        tables::mentor_applications,
    },
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// Where an application stands.
    pub enum ApplicationStatus { Pending = "PENDING", Approved = "APPROVED", Rejected = "REJECTED" }
}

/// How long a rejected applicant waits before the next application.
pub const REAPPLY_WAIT: TimeDelta = TimeDelta::days(30);
/// Characters of a statement.
pub const STATEMENT_LENGTH: std::ops::RangeInclusive<usize> = 50..=2000;

/// An application to become a mentor.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = mentor_applications, check_for_backend(diesel::pg::Pg))]
pub struct ApplicationRow {
    /// Its id.
    pub id: MentorApplicationId,
    /// Who applies.
    pub member_id: MemberId,
    /// What the member wants to teach, and why others should learn it from them.
    pub statement: String,
    /// Where it stands.
    pub status: ApplicationStatus,
    /// Why it was decided so; empty while it is pending.
    pub reason: String,
    /// Who decided.
    pub reviewed_by: Option<MemberId>,
    /// When.
    pub reviewed_at: Option<DateTime<Utc>>,
    /// After a rejection: when the member may try again.
    pub reapply_after: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A member has applied. On the administrators' stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MentorApplicationReceived {
    /// The application.
    pub application: ApplicationRow,
}

impl EventPayload for MentorApplicationReceived {
    const KIND: &'static str = "MENTOR_APPLICATION_RECEIVED";
}

/// An application was decided. On the applicant's and the administrators' streams.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MentorApplicationReviewed {
    /// The application.
    pub application: ApplicationRow,
}

impl EventPayload for MentorApplicationReviewed {
    const KIND: &'static str = "MENTOR_APPLICATION_REVIEWED";
}
