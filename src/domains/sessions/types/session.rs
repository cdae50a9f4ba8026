//! A session, as its participants see it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Value};
use chrono::{DateTime, Utc};

use super::{Booking, SessionKind, SessionStatus};
use crate::{
    domains::{
        chat::{
            loaders::ConversationOfSession,
            types::{Conversation, conversation_of_viewer},
        },
        profiles::{
            loaders::{MentorById, SkillById},
            types::{Mentor, Skill},
        },
        rooms::{
            loaders::IntervalsOf,
            model::{attendance, present},
            types::{Attendance, Participant},
        },
        sessions::{
            loaders::{BookingsIn, RoleIn},
            model::{SessionAt, SessionCommand, SessionRow, Step},
        },
    },
    events::{Cursor, StreamName},
    graphql::{
        ContextExt, Field, field,
        plain::{PlainFields, Wanted, choice, id, scalar},
    },
};

/// A live meeting of a mentor with learners.
#[derive(Clone, Debug)]
pub struct Session {
    /// The session.
    pub row: Arc<SessionRow>,
    /// Number of the last event of its stream that the row contains, if known.
    pub seq: Option<i64>,
}

impl From<SessionAt> for Session {
    fn from(at: SessionAt) -> Self {
        Self { row: at.row, seq: Some(at.seq) }
    }
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self { row: Arc::new(row), seq: None }
    }
}

/// A live meeting of a mentor with learners. Only its participants see it.
#[Object]
impl Session {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// How it came about and for how many it is.
    async fn kind(&self) -> SessionKind {
        self.row.kind.into()
    }

    /// Where it stands.
    async fn status(&self) -> SessionStatus {
        self.row.status.into()
    }

    /// Planned start.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.row.starts_at
    }

    /// Planned end; the first instant after it.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.row.ends_at
    }

    /// Planned length.
    async fn duration_minutes(&self) -> i32 {
        i32::try_from(self.row.minutes()).unwrap_or(i32::MAX)
    }

    /// When it was started. `null` if it was not (yet).
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.row.started_at
    }

    /// When it was ended. `null` if it was not (yet).
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.row.ended_at
    }

    /// When it was called off. `null` if it was not.
    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.row.cancelled_at
    }

    /// Who leads it. `null` if the mentor was removed.
    async fn mentor(&self, ctx: &Context<'_>) -> Field<Mentor> {
        field(async { Ok(ctx.hot(MentorById(self.row.host_id)).await?.map(Mentor)) }).await
    }

    /// What it is about. `null` if that was left open.
    async fn skill(&self, ctx: &Context<'_>) -> Field<Skill> {
        field(async {
            let Some(id) = self.row.skill_id else { return Ok(None) };
            Ok(ctx.hot(SkillById(id)).await?.map(Skill))
        })
        .await
    }

    /// Who is in the room, longest first. `null` if that cannot be read.
    async fn participants(&self, ctx: &Context<'_>) -> Field<Vec<Participant>> {
        field(async {
            let intervals = ctx.one(IntervalsOf(self.row.id)).await?.unwrap_or_default();
            Ok(Some(present(&intervals).into_iter().map(Participant).collect()))
        })
        .await
    }

    /// Who was in the room, for how long, up to the last sign of life. `null` if that cannot be read.
    async fn attendance(&self, ctx: &Context<'_>) -> Field<Vec<Attendance>> {
        field(async {
            let intervals = ctx.one(IntervalsOf(self.row.id)).await?.unwrap_or_default();
            Ok(Some(attendance(self.row.host_id, &intervals).into_iter().map(Attendance).collect()))
        })
        .await
    }

    /// Where this answer stands in the session's events: give it to `sessionEvents` as `after`, and apply what follows.
    /// `null` unless the session was asked for by its id or by entering or leaving the room, or stands in an event of its
    /// own stream.
    async fn cursor(&self) -> Option<String> {
        self.seq.map(|seq| Cursor { stream: StreamName::Session(self.row.id), seq }.to_string())
    }

    /// The conversation of its participants, as the caller finds it. `null` before the first booking, and if the caller is
    /// not in it.
    async fn viewer_conversation(&self, ctx: &Context<'_>) -> Field<Conversation> {
        field(async {
            let Some(id) = ctx.one(ConversationOfSession(self.row.id)).await? else { return Ok(None) };
            conversation_of_viewer(ctx, id).await
        })
        .await
    }

    /// The seats that the caller may see: all of them for the mentor, the own one for a learner. `null` if they cannot be
    /// read.
    async fn viewer_bookings(&self, ctx: &Context<'_>) -> Field<Vec<Booking>> {
        field(async {
            let viewer = ctx.signed_in()?;
            let rows = ctx.one(BookingsIn(self.row.id, viewer.member_id)).await?.unwrap_or_default();
            Ok(Some(rows.into_iter().map(|row| Booking { row, session: Some(self.clone()) }).collect()))
        })
        .await
    }

    /// Whether the caller may start it now: the mentor, from 10 minutes before the start until the planned end.
    async fn viewer_can_start(&self, ctx: &Context<'_>) -> bool {
        self.viewer_hosts(ctx)
            && matches!(self.row.phase(ctx.now()).after(SessionCommand::Start), Ok(Step::To(_)))
    }

    /// Whether the caller may enter the room now: a participant, from 10 minutes before the start until the end. `null`
    /// if that cannot be found out.
    async fn viewer_can_join(&self, ctx: &Context<'_>) -> Field<bool> {
        field(async {
            if self.row.phase(ctx.now()).after(SessionCommand::Join).is_err() {
                return Ok(Some(false));
            }
            if self.viewer_hosts(ctx) {
                return Ok(Some(true));
            }
            let Some(viewer) = ctx.viewer() else { return Ok(Some(false)) };
            Ok(Some(ctx.one(RoleIn(self.row.id, viewer.member_id)).await?.is_some()))
        })
        .await
    }

    /// Whether the caller may end it now: the mentor, while it is live.
    async fn viewer_can_end(&self, ctx: &Context<'_>) -> bool {
        self.viewer_hosts(ctx)
            && matches!(self.row.phase(ctx.now()).after(SessionCommand::End), Ok(Step::To(_)))
    }
}

impl PlainFields for Session {
    const PLAIN: &'static [&'static str] = &["id", "kind", "status", "startsAt", "endsAt", "mentor", "skill"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        let row = &*self.row;
        match field.name() {
            "id" => id(row.id),
            "kind" => choice(SessionKind::from(row.kind)),
            "status" => choice(SessionStatus::from(row.status)),
            "startsAt" => scalar(&row.starts_at),
            "endsAt" => scalar(&row.ends_at),
            "mentor" => field.object(&Mentor(field.kept(MentorById(row.host_id))?)),
            "skill" => match row.skill_id {
                Some(id) => field.object(&Skill(field.kept(SkillById(id))?)),
                None => Some(Value::Null),
            },
            _ => None,
        }
    }
}

impl Session {
    fn viewer_hosts(&self, ctx: &Context<'_>) -> bool {
        ctx.viewer().is_some_and(|viewer| viewer.member_id == self.row.host_id)
    }
}
