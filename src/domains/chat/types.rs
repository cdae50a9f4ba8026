//! GraphQL types of chat.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject, Value};
use chrono::{DateTime, Utc};

use super::{
    loaders::{ConversationFor, EdgeOfMessages, FirstMembers},
    model::{self, ConversationRow, MessageRow, Opened, Seat},
    repo,
};
use crate::{
    db::{
        ids::{ConversationId, MemberId},
        keyset::Keyset,
    },
    domains::{
        accounts::loaders::MemberById,
        event::Happened,
        oversight::{loaders::OversightOf, types::ConversationOversight},
        profiles::types::Member,
        sessions::{loaders::SessionSeenBy, types::Session},
        user_error::UserError,
    },
    events::{Cursor, StreamName},
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, DEFAULT_PAGE, PageArgs, page},
        field,
        plain::{PlainFields, Wanted, id, scalar, text},
    },
    payloads,
};

/// Between whom a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::ConversationKind")]
pub enum ConversationKind {
    /// Two members; one per pair.
    Direct,
    /// The host and the learners of a session; one per session.
    Session,
}

/// A conversation as one of its members finds it.
#[derive(Clone, Debug)]
pub struct Conversation {
    row: ConversationRow,
    /// Who looks.
    member: MemberId,
    /// Their place, if it was read with the row.
    seat: Option<Seat>,
    /// Number of the last event of its stream, if it was read with the row.
    stream_seq: Option<i64>,
}

impl Conversation {
    /// A conversation that was read.
    #[must_use]
    pub fn opened(opened: &Opened, member: MemberId) -> Self {
        let Opened { conversation, seat, stream_seq } = opened.clone();
        Self { row: conversation, member, seat: Some(seat), stream_seq: Some(stream_seq) }
    }

    /// A conversation that a mutation has just changed.
    #[must_use]
    pub const fn changed(row: ConversationRow, seat: Option<Seat>, member: MemberId) -> Self {
        Self { row, member, seat, stream_seq: None }
    }

    /// A conversation that somebody reads who is not in it.
    #[must_use]
    pub const fn overseen(row: ConversationRow, cursor: Cursor, reader: MemberId) -> Self {
        Self { row, member: reader, seat: None, stream_seq: Some(cursor.seq) }
    }

    async fn seat(&self, ctx: &Context<'_>) -> Result<Option<Seat>, ApiError> {
        if self.seat.is_some() {
            return Ok(self.seat);
        }
        let key = ConversationFor { conversation: self.row.id, member: self.member };
        Ok(ctx.one(key).await?.map(|opened| opened.seat))
    }

    async fn page_of_members(
        &self,
        ctx: &Context<'_>,
        keyset: &Keyset<MemberId>,
    ) -> Result<Vec<MemberId>, ApiError> {
        if let Some(pair) = &self.row.pair {
            return Ok(within(pair, keyset));
        }
        let from_start = keyset.after.is_none() && keyset.before.is_none() && !keyset.backward;
        if from_start {
            let key = FirstMembers { conversation: self.row.id, limit: keyset.fetch() };
            return Ok(ctx.one(key).await?.unwrap_or_default());
        }
        Ok(repo::read::page_of_members(&mut *ctx.conn().await?, self.row.id, keyset).await?)
    }

    async fn page_of_messages(
        &self,
        ctx: &Context<'_>,
        keyset: Keyset<i64>,
    ) -> Result<Vec<Arc<MessageRow>>, ApiError> {
        let conversation = self.row.id;
        if keyset.after.is_none() && keyset.before.is_none() {
            let key = EdgeOfMessages { conversation, from_end: keyset.backward, limit: keyset.fetch() };
            return Ok(ctx.one(key).await?.unwrap_or_default());
        }
        // A cursor belongs to one conversation, so this runs at most once in a list of them.
        let rows = repo::read::page_of_messages(&mut *ctx.conn().await?, conversation, &keyset).await?;
        Ok(rows.into_iter().map(Arc::new).collect())
    }
}

/// A page of a list in memory, as a repo would answer it.
fn within(pair: &[MemberId], keyset: &Keyset<MemberId>) -> Vec<MemberId> {
    let mut found: Vec<MemberId> = pair
        .iter()
        .copied()
        .filter(|member| {
            keyset.after.is_none_or(|after| *member > after)
                && keyset.before.is_none_or(|before| *member < before)
        })
        .collect();
    if keyset.backward {
        found.reverse();
    }
    found.truncate(usize::try_from(keyset.fetch()).unwrap_or_default());
    found
}

/// A conversation as one of its members finds it.
#[Object]
impl Conversation {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// Between whom it is.
    async fn kind(&self) -> ConversationKind {
        self.row.kind.into()
    }

    /// The session of a `SESSION` conversation. `null` in a `DIRECT` one.
    async fn session(&self, ctx: &Context<'_>) -> Field<Session> {
        field(async {
            let Some(id) = self.row.session_id else { return Ok(None) };
            Ok(ctx.one(SessionSeenBy(id, self.member)).await?.map(Session::from))
        })
        .await
    }

    /// Its members. `null` if they cannot be read.
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Member>> {
        field(async {
            let read = async |keyset| {
                let ids = self.page_of_members(ctx, &keyset).await?;
                let cards =
                    futures_util::future::try_join_all(ids.into_iter().map(|id| ctx.hot(MemberById(id))))
                        .await?;
                Ok(cards.into_iter().flatten().collect())
            };
            let args = PageArgs::new(first, after, last, before);
            page(args, &format!("members:{}", self.row.id), read, |card| card.id, Member).await.map(Some)
        })
        .await
    }

    /// The other member of a `DIRECT` conversation. `null` in a `SESSION` one, and for an administrator.
    async fn viewer_peer(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async {
            let pair = self.row.pair.as_deref().unwrap_or_default();
            let peer = pair.iter().find(|member| **member != self.member);
            let Some(peer) = peer.filter(|_| pair.contains(&self.member)) else { return Ok(None) };
            Ok(ctx.hot(MemberById(*peer)).await?.map(Member))
        })
        .await
    }

    /// Its messages, oldest first; the last 20 unless asked otherwise. `null` if they cannot be read.
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 50.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor; then the next 20 by default.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50; 20 by default.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Message>> {
        field(async {
            let newest = first.is_none() && last.is_none() && after.is_none();
            let last = if newest { Some(DEFAULT_PAGE) } else { last };
            let args = PageArgs::new(first, after, last, before);
            let read = async |keyset| self.page_of_messages(ctx, keyset).await;
            page(args, &format!("messages:{}", self.row.id), read, |row| row.seq, Message).await.map(Some)
        })
        .await
    }

    /// When the last message was sent. `null` if there is none yet.
    async fn last_message_at(&self) -> Option<DateTime<Utc>> {
        self.row.last_message_at
    }

    /// Number of the last message; 0 if there is none yet.
    async fn last_seq(&self) -> i32 {
        int(self.row.last_seq)
    }

    /// When it was opened.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// Messages of others that the caller has not read. `null` if they cannot be counted.
    async fn viewer_unread_count(&self, ctx: &Context<'_>) -> Field<i32> {
        field(async { Ok(self.seat(ctx).await?.map(|seat| int(seat.unread))) }).await
    }

    /// Number of the last message that the caller has read; 0 if none. `null` if it cannot be read.
    async fn viewer_last_read_seq(&self, ctx: &Context<'_>) -> Field<i32> {
        field(async { Ok(self.seat(ctx).await?.map(|seat| int(seat.last_read_seq))) }).await
    }

    /// When administrators had leave to read it, newest first, at most 20: its members are told of each (see
    /// `policies.chat`). `null` if it cannot be read.
    async fn oversight(&self, ctx: &Context<'_>) -> Field<Vec<ConversationOversight>> {
        field(async {
            let accesses = ctx.one(OversightOf(self.row.id)).await?;
            Ok(accesses.map(|accesses| accesses.into_iter().map(ConversationOversight).collect()))
        })
        .await
    }

    /// Opaque place in the stream of the conversation at which everything here is true: give it to `conversationEvents`
    /// as `after`. `null` in the payload of a mutation, which is no snapshot.
    async fn cursor(&self) -> Option<String> {
        let stream = StreamName::Conversation(self.row.id);
        self.stream_seq.map(|seq| Cursor { stream, seq }.to_string())
    }
}

impl PlainFields for Conversation {}

/// A conversation as the caller finds it. `None` if the caller is not in it.
pub(crate) async fn conversation_of_viewer(
    ctx: &Context<'_>,
    conversation: ConversationId,
) -> Result<Option<Conversation>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let member = viewer.member_id;
    let opened = ctx.one(ConversationFor { conversation, member }).await?;
    Ok(opened.map(|opened| Conversation::opened(&opened, member)))
}

/// A message of a conversation.
#[derive(Clone, Debug)]
pub struct Message(pub Arc<MessageRow>);

/// A message of a conversation.
#[Object]
impl Message {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Its number in the conversation: 1, 2, 3, … without gaps.
    async fn seq(&self) -> i32 {
        int(self.0.seq)
    }

    /// Who sent it. `null` if the account was removed.
    async fn sender(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.0.sender_id)).await?.map(Member)) }).await
    }

    /// The text, exactly as it was sent.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Chosen by the sender's device, which finds its own message by it.
    async fn client_id(&self) -> ID {
        ID(self.0.client_id.clone())
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Its conversation. `null` if the caller is not in it.
    async fn conversation(&self, ctx: &Context<'_>) -> Field<Conversation> {
        field(conversation_of_viewer(ctx, self.0.conversation_id)).await
    }
}

impl PlainFields for Message {
    const PLAIN: &'static [&'static str] = &["id", "seq", "body", "createdAt", "sender"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        let row = &*self.0;
        match field.name() {
            "id" => id(row.id),
            "seq" => scalar(&int(row.seq)),
            "body" => text(&*row.body),
            "createdAt" => scalar(&row.created_at),
            "sender" => field.object(&Member(field.kept(MemberById(row.sender_id))?)),
            _ => None,
        }
    }
}

/// A message was sent.
#[derive(Clone, Debug)]
pub struct MessageSent(pub Happened, pub model::MessageSent);

/// A message was sent.
#[Object]
impl MessageSent {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The message.
    async fn message(&self) -> Message {
        Message(Arc::new(self.1.message.clone()))
    }
}

/// One of the caller's conversations was opened, has a new message or was read. Of the messages of a `SESSION`
/// conversation only `conversationEvents` tells.
#[derive(Clone, Debug)]
pub struct ConversationUpdated(pub Happened, pub model::ConversationUpdated);

/// One of the caller's conversations was opened, has a new message or was read. Of the messages of a `SESSION`
/// conversation only `conversationEvents` tells.
#[Object]
impl ConversationUpdated {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// Global id of the conversation.
    async fn conversation_id(&self) -> ID {
        ID(self.1.conversation_id.to_string())
    }

    /// Number of its last message, right after this event.
    async fn last_seq(&self) -> i32 {
        int(self.1.last_seq)
    }

    /// When that message was sent. `null` if there is none yet.
    async fn last_message_at(&self) -> Option<DateTime<Utc>> {
        self.1.last_message_at
    }

    /// Messages of others that the caller has not read, right after this event.
    async fn viewer_unread_count(&self) -> i32 {
        int(self.1.unread_count)
    }

    /// Number of the last message that the caller has read, right after this event.
    async fn viewer_last_read_seq(&self) -> i32 {
        int(self.1.last_read_seq)
    }

    /// The conversation, as of now. `null` if it cannot be read.
    async fn conversation(&self, ctx: &Context<'_>) -> Field<Conversation> {
        field(async {
            let StreamName::User(member) = self.0.0.stream else { return Ok(None) };
            let key = ConversationFor { conversation: self.1.conversation_id, member };
            Ok(ctx.one(key).await?.map(|opened| Conversation::opened(&opened, member)))
        })
        .await
    }
}

/// To whom a message goes.
#[derive(Clone, Debug, OneofObject)]
pub enum MessageTarget {
    /// Into this conversation of the caller.
    ConversationId(ID),
    /// To this member, in the `DIRECT` conversation with them.
    MemberId(ID),
}

/// A message to send.
#[derive(Clone, Debug, InputObject)]
pub struct SendMessageInput {
    /// To whom.
    pub to: MessageTarget,
    /// The text, 1 to 4000 characters; kept exactly as it is. No control characters but line breaks and tabs.
    pub body: String,
    /// Chosen by the caller, 1 to 128 characters, new for every message of the caller in a conversation: sending again
    /// with the same one gives the first message.
    pub client_id: ID,
}

/// What `sendMessage` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct SendMessagePayload {
    /// The message.
    pub message: Option<Message>,
    /// Its conversation.
    pub conversation: Option<Conversation>,
    /// Whether an earlier call had sent it. `null` if it was refused.
    pub replayed: Option<bool>,
    /// Why it was not sent.
    pub user_errors: Vec<UserError>,
}

/// How far the caller has read.
#[derive(Clone, Debug, InputObject)]
pub struct MarkReadInput {
    /// Which conversation.
    pub conversation_id: ID,
    /// Number of the last message read, 0 or more.
    pub up_to_seq: i32,
}

/// What `markRead` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct MarkReadPayload {
    /// The conversation, with what is unread now.
    pub conversation: Option<Conversation>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

payloads!(SendMessagePayload, MarkReadPayload);

fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
