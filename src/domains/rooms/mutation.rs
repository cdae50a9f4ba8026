//! Root mutations of rooms.

use async_graphql::{Context, ID, Object};

use super::{
    model::MOST_CONNECTIONS,
    service::{self, RoomError},
    types::{JoinSessionInput, JoinSessionPayload, LeaveSessionInput, LeaveSessionPayload},
};
use crate::{
    db::ids::{PresenceId, SessionId},
    domains::{
        input::{id, not_found},
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Mutations of rooms.
#[derive(Debug, Default)]
pub struct RoomsMutation;

/// Mutations of rooms.
#[Object]
impl RoomsMutation {
    /// Enters a session's room, from 10 minutes before the start until the end: opens a presence for this connection, or
    /// gives the presence in the input a sign of life. A presence without a sign of life for a minute is lost. For the
    /// session's participants.
    async fn join_session(&self, ctx: &Context<'_>, input: JoinSessionInput) -> Field<JoinSessionPayload> {
        answer(async {
            let caller = ctx.signed_in()?.member_id;
            let session: SessionId = id(&input.session_id, "sessionId")?;
            let presence: Option<PresenceId> =
                input.presence_id.as_ref().map(|value| id(value, "presenceId")).transpose()?;
            let entered = service::join(ctx.app(), caller, session, presence).await?;
            ctx.wrote();
            Ok(JoinSessionPayload {
                session: Some(entered.session.into()),
                presence_id: Some(ID(entered.presence_id.to_string())),
                user_errors: Vec::new(),
            })
        })
        .await
    }

    /// Leaves a session's room: closes the presence. For its owner; a closed presence stays as it is.
    async fn leave_session(&self, ctx: &Context<'_>, input: LeaveSessionInput) -> Field<LeaveSessionPayload> {
        answer(async {
            let caller = ctx.signed_in()?.member_id;
            let presence: PresenceId = id(&input.presence_id, "presenceId")?;
            let left = service::leave(ctx.app(), caller, presence).await?;
            ctx.wrote();
            Ok(LeaveSessionPayload {
                session: Some(left.session.into()),
                presence_id: Some(ID(left.presence_id.to_string())),
                user_errors: Vec::new(),
            })
        })
        .await
    }
}

impl From<RoomError> for Refusal {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::SessionNotFound => not_found("sessionId", "session").into(),
            RoomError::PresenceNotFound => not_found("presenceId", "presence").into(),
            RoomError::Illegal(illegal) => UserError::transition(illegal.from, illegal.allowed).into(),
            RoomError::TooMany => {
                let message = format!(
                    "You are in this room with {MOST_CONNECTIONS} devices already. Leave with one of them first."
                );
                UserError::basic(ErrorCode::TooMany, "", message).into()
            }
            RoomError::Database(_) => Self::Api(error.into()),
        }
    }
}
