//! The root mutation of oversight.

use async_graphql::{Context, Object};

use super::{
    model::REASON_LENGTH,
    service::{self, OpenError},
    types::{AdminOpenConversationInput, AdminOpenConversationPayload},
};
use crate::{
    domains::{
        input::{id, not_found, text},
        second_factor::mutation::stepped_up,
        user_error::{Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Mutations of oversight.
#[derive(Debug, Default)]
pub struct OversightMutation;

/// Mutations of oversight.
#[Object]
impl OversightMutation {
    /// Opens a conversation of others to the caller, to read for a time (`policies.chat`). The reason and every reading go
    /// into the audit log, and the members of the conversation are told. Needs a step-up in the last ten minutes. While it
    /// is open, another call changes nothing.
    async fn admin_open_conversation(
        &self,
        ctx: &Context<'_>,
        input: AdminOpenConversationInput,
    ) -> Field<AdminOpenConversationPayload> {
        answer(async {
            let viewer = stepped_up(ctx).await?;
            let conversation = id(&input.conversation_id, "conversationId")?;
            let reason = text(&input.reason, "reason", REASON_LENGTH)?;
            let (access, replayed) = service::open(ctx.app(), viewer, conversation, &reason).await?;
            ctx.wrote();
            Ok(AdminOpenConversationPayload {
                ends_at: Some(access.ends_at),
                replayed: Some(replayed),
                user_errors: Vec::new(),
            })
        })
        .await
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotFound => not_found("conversationId", "conversation").into(),
            OpenError::Own => {
                let message = "You are in this conversation: read it with `conversation`.";
                UserError::validation("conversationId", "OWN", message).into()
            }
            OpenError::Rights(error) => error.into(),
            OpenError::Database(_) => Self::Api(error.into()),
        }
    }
}
