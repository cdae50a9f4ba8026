//! GraphQL types of oversight.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    model::{self, AccessRow},
    service::{self, Overseen, Reading},
};
use crate::{
    config,
    db::ids::ConversationId,
    domains::{
        access::{self, Needs},
        accounts::model::Permission,
        chat::types::Conversation,
        event::Happened,
        user_error::UserError,
    },
    events::StreamName,
    graphql::{ApiError, ContextExt, feed::Course},
    payloads,
};

/// When the members of a conversation are told that an administrator may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "config::OversightNotice")]
pub enum OversightNotice {
    /// When it is opened.
    AtOnce,
    /// When the time is over.
    Afterwards,
}

/// An administrator may read the conversation, or could.
#[derive(Clone, Debug)]
pub struct ConversationOversight(pub AccessRow);

/// An administrator may read the conversation, or could. Each reading stands in the audit log.
#[Object]
impl ConversationOversight {
    /// From when.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.opened_at
    }

    /// Until when.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.0.ends_at
    }
}

/// A conversation, as an administrator reads it who has opened it.
#[derive(Clone, Debug)]
pub struct AdminConversation(pub Overseen);

/// A conversation, as an administrator reads it who has opened it. Needs the permission `OVERSEE_CONVERSATIONS`.
#[Object(guard = "Needs(\"AdminConversation\")")]
impl AdminConversation {
    /// The conversation: to read, not to write.
    async fn conversation(&self, ctx: &Context<'_>) -> Option<Conversation> {
        let admin = ctx.viewer()?.member_id;
        Some(Conversation::overseen(self.0.conversation.clone(), self.0.cursor, admin))
    }

    /// Why it was opened.
    async fn reason(&self) -> &str {
        &self.0.access.reason
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.access.opened_at
    }

    /// Until when it can be read.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.0.access.ends_at
    }
}

/// The stream of a conversation for an administrator who has opened it, until that ends.
///
/// # Errors
/// `FORBIDDEN` for everybody else.
pub async fn listening(ctx: &Context<'_>, conversation: ConversationId) -> Result<Course, ApiError> {
    access::guard::privileged(ctx, Permission::OverseeConversations).await?;
    let viewer = ctx.signed_in()?;
    let overseen = service::read(ctx.app(), viewer, conversation, Reading::Live).await?;
    let overseen = overseen.ok_or_else(ApiError::forbidden)?;
    Ok(Course {
        stream: StreamName::Conversation(conversation),
        beat: None,
        until: Some(overseen.access.ends_at),
    })
}

/// An administrator was given leave to read a conversation of the caller.
#[derive(Clone, Debug)]
pub struct ConversationOverseen(pub Happened, pub model::ConversationOverseen);

/// An administrator was given leave to read a conversation of the caller.
#[Object]
impl ConversationOverseen {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it was told.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// Global id of the conversation.
    async fn conversation_id(&self) -> ID {
        ID(self.1.conversation_id.to_string())
    }

    /// From when.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.1.opened_at
    }

    /// Until when.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.1.ends_at
    }
}

/// Which conversation is opened, and why.
#[derive(Clone, Debug, InputObject)]
pub struct AdminOpenConversationInput {
    /// The conversation.
    pub conversation_id: ID,
    /// Why, for the audit log: 10 to 500 characters.
    pub reason: String,
}

/// What `adminOpenConversation` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct AdminOpenConversationPayload {
    /// Until when `adminConversation` and `conversationEvents` are open to the caller. `null` if it was refused.
    pub ends_at: Option<DateTime<Utc>>,
    /// Whether it was open to the caller before: nothing new was opened.
    pub replayed: Option<bool>,
    /// Why it was not opened.
    pub user_errors: Vec<UserError>,
}

payloads!(AdminOpenConversationPayload);
