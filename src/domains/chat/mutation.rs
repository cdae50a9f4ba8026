//! Root mutations of chat.

use async_graphql::{Context, Object};

use super::{
    loaders::ConversationFor,
    model::{BODY_LENGTH, BadBody, CLIENT_ID_LENGTH, check_body},
    service::{self, MarkReadError, SendError, SendMessage, Target},
    types::{
        Conversation, MarkReadInput, MarkReadPayload, Message, MessageTarget, SendMessageInput,
        SendMessagePayload,
    },
};
use crate::{
    db::{idempotency::Difference, ids::MemberId},
    domains::{
        accounts::{loaders::MemberById, model::MemberStatus},
        input::{id, not_found, number, text},
        user_error::{Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Mutations of chat.
#[derive(Debug, Default)]
pub struct ChatMutation;

/// Mutations of chat.
#[Object]
impl ChatMutation {
    /// Sends a message into a conversation or to a member; the first message to a member makes the conversation. Needs a
    /// signed-in caller. Safe to send twice: the same `clientId` gives the first message again.
    pub(crate) async fn send_message(
        &self,
        ctx: &Context<'_>,
        input: SendMessageInput,
    ) -> Field<SendMessagePayload> {
        answer(async {
            let sender = ctx.signed_in()?.member_id;
            let client_id = text(&input.client_id, "clientId", CLIENT_ID_LENGTH)?;
            check_body(&input.body).map_err(bad_body)?;
            let to = target(ctx, &input.to).await?;
            let command = SendMessage { sender, to, body: input.body, client_id };
            let sent = service::send(ctx.app(), command).await.map_err(|error| refused(error, to))?;
            let replayed = sent.conversation.is_none();
            let conversation = if let Some((row, seat)) = sent.conversation {
                Some(Conversation::changed(row, seat, sender))
            } else {
                let key = ConversationFor { conversation: sent.message.conversation_id, member: sender };
                ctx.one(key).await?.map(|opened| Conversation::opened(&opened, sender))
            };
            let message = Some(Message(sent.message.into()));
            Ok(SendMessagePayload {
                message,
                conversation,
                replayed: Some(replayed),
                user_errors: Vec::new(),
            })
        })
        .await
    }

    /// Says how far the caller has read a conversation. Older places change nothing, later ones than the last message
    /// count as the last message. Needs a signed-in caller who is in the conversation.
    pub(crate) async fn mark_read(&self, ctx: &Context<'_>, input: MarkReadInput) -> Field<MarkReadPayload> {
        answer(async {
            let member = ctx.signed_in()?.member_id;
            let conversation = id(&input.conversation_id, "conversationId")?;
            let up_to = number(input.up_to_seq.into(), "upToSeq", 0..=i64::from(i32::MAX))?;
            let (row, seat) = service::mark_read(ctx.app(), member, conversation, up_to).await?;
            let conversation = Some(Conversation::changed(row, Some(seat), member));
            Ok(MarkReadPayload { conversation, ..Default::default() })
        })
        .await
    }
}

async fn target(ctx: &Context<'_>, to: &MessageTarget) -> Result<Target, Refusal> {
    match to {
        MessageTarget::ConversationId(conversation) => {
            Ok(Target::Conversation(id(conversation, "to.conversationId")?))
        }
        MessageTarget::MemberId(member) => {
            let member: MemberId = id(member, "to.memberId")?;
            let card = ctx.hot(MemberById(member)).await?;
            if card.is_none_or(|card| card.status == MemberStatus::Banned) {
                return Err(not_found("to.memberId", "member").into());
            }
            Ok(Target::Member(member))
        }
    }
}

fn bad_body(error: BadBody) -> UserError {
    match error {
        BadBody::Length => {
            let message = format!(
                "A message has {} to {} characters, not only spaces.",
                BODY_LENGTH.start(),
                BODY_LENGTH.end()
            );
            UserError::validation("body", "LENGTH", message)
        }
        BadBody::ControlCharacter => UserError::validation(
            "body",
            "CONTROL_CHARACTERS",
            "A message must not contain control characters.",
        ),
    }
}

fn refused(error: SendError, to: Target) -> Refusal {
    match error {
        SendError::NotFound => match to {
            Target::Conversation(_) => not_found("to.conversationId", "conversation").into(),
            Target::Member(_) => not_found("to.memberId", "member").into(),
        },
        SendError::ToOneself => {
            UserError::validation("to.memberId", "ONESELF", "Send it to somebody else.").into()
        }
        SendError::Conflict => {
            UserError::key_conflict("clientId", Difference(vec!["body".to_owned()])).into()
        }
        SendError::Database(_) => Refusal::Api(error.into()),
    }
}

impl From<MarkReadError> for Refusal {
    fn from(error: MarkReadError) -> Self {
        match error {
            MarkReadError::NotFound => not_found("conversationId", "conversation").into(),
            MarkReadError::Database(_) => Self::Api(error.into()),
        }
    }
}
