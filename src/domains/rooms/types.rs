//! GraphQL types of rooms.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};

use super::model;
use crate::{
    domains::{
        accounts::loaders::MemberById, event::Happened, profiles::types::Member, sessions::types::Session,
        user_error::UserError,
    },
    graphql::{ContextExt, Field, field},
    payloads,
};

/// A member who is in the room.
#[derive(Clone, Copy, Debug)]
pub struct Participant(pub model::Present);

/// A member who is in the room, once however many devices they use.
#[Object]
impl Participant {
    /// Who. `null` if the account was removed.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.0.member_id)).await?.map(Member)) }).await
    }

    /// Since when, without a break.
    async fn joined_at(&self) -> DateTime<Utc> {
        self.0.since
    }
}

/// A member's time in a room.
#[derive(Clone, Debug)]
pub struct Attendance(pub model::Attendance);

/// A member's time in a room, up to the last sign of life.
#[Object]
impl Attendance {
    /// Who. `null` if the account was removed.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.0.member_id)).await?.map(Member)) }).await
    }

    /// How long, in whole seconds; two devices at a time count once.
    async fn seconds(&self) -> i32 {
        seconds(self.0.total)
    }

    /// How long together with the other side, in whole seconds: with a learner for the mentor, with the mentor for a
    /// learner.
    async fn overlap_seconds(&self) -> i32 {
        seconds(self.0.overlap)
    }

    /// When, in order.
    async fn intervals(&self) -> Vec<AttendanceInterval> {
        let interval = |stretch: &model::Stretch| AttendanceInterval {
            joined_at: stretch.from,
            left_at: (!stretch.open).then_some(stretch.until),
        };
        self.0.stretches.iter().map(interval).collect()
    }
}

fn seconds(delta: TimeDelta) -> i32 {
    i32::try_from(delta.num_seconds()).unwrap_or(i32::MAX)
}

/// A time in the room without a break.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct AttendanceInterval {
    /// Its first instant.
    pub joined_at: DateTime<Utc>,
    /// Its end; the last sign of life if the connection was lost. `null` while it goes on.
    pub left_at: Option<DateTime<Utc>>,
}

/// A member came into the room.
#[derive(Clone, Debug)]
pub struct ParticipantJoined(pub Happened, pub model::ParticipantJoined);

/// A member came into the room, with the first of their devices.
#[Object]
impl ParticipantJoined {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The connection.
    async fn presence_id(&self) -> ID {
        ID(self.1.presence_id.to_string())
    }

    /// Add it to `Session.participants`.
    async fn participant(&self) -> Participant {
        Participant(model::Present { member_id: self.1.member_id, since: self.1.joined_at })
    }
}

/// A member left the room.
#[derive(Clone, Debug)]
pub struct ParticipantLeft(pub Happened, pub model::ParticipantLeft);

/// A member left the room: the last of their devices left or was lost.
#[Object]
impl ParticipantLeft {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it was found out.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The connection.
    async fn presence_id(&self) -> ID {
        ID(self.1.presence_id.to_string())
    }

    /// Remove it from `Session.participants`, by the member's id.
    async fn participant(&self) -> Participant {
        Participant(model::Present { member_id: self.1.member_id, since: self.1.joined_at })
    }

    /// When the member left; the last sign of life if the connection was lost.
    async fn left_at(&self) -> DateTime<Utc> {
        self.1.left_at
    }
}

/// A room to enter.
#[derive(Clone, Debug, InputObject)]
pub struct JoinSessionInput {
    /// The session's global id.
    pub session_id: ID,
    /// The caller's presence from an earlier `joinSession`: gives it a sign of life, or replaces it if it was lost.
    pub presence_id: Option<ID>,
}

/// What `joinSession` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct JoinSessionPayload {
    /// The session with the caller in it; its `cursor` is where `sessionEvents` continues.
    pub session: Option<Session>,
    /// This connection: give it to `sessionEvents`, which keeps it alive, and to `leaveSession`.
    pub presence_id: Option<ID>,
    /// Why the caller did not enter.
    pub user_errors: Vec<UserError>,
}

/// A connection to end.
#[derive(Clone, Debug, InputObject)]
pub struct LeaveSessionInput {
    /// The presence from `joinSession`.
    pub presence_id: ID,
}

/// What `leaveSession` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct LeaveSessionPayload {
    /// The session without this connection.
    pub session: Option<Session>,
    /// The connection, closed.
    pub presence_id: Option<ID>,
    /// Why the caller did not leave.
    pub user_errors: Vec<UserError>,
}

payloads!(JoinSessionPayload, LeaveSessionPayload);
