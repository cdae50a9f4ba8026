//! The reading statements.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    super::model::{ConversationRow, MessageRow, Opened},
    MessageSql, OpenedSql,
};
use crate::{
    db::{
        ids::{ConversationId, MemberId, MessageId, SessionId},
        keyset::Keyset,
        tables::{conversation_members, conversations, messages},
    },
    statement,
};

/// Conversations as a member finds them: only those in which the member has a seat.
pub async fn opened(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    conversations: &[ConversationId],
) -> QueryResult<Vec<Opened>> {
    OpenedBy { member_id: member, conversations: conversations.to_vec() }.load(conn).await
}

/// A conversation, whoever looks.
pub async fn conversation(
    conn: &mut AsyncPgConnection,
    id: ConversationId,
) -> QueryResult<Option<ConversationRow>> {
    conversations::table
        .find(id)
        .select((
            conversations::id,
            conversations::kind,
            conversations::session_id,
            conversations::pair,
            conversations::last_seq,
            conversations::last_message_at,
            conversations::created_at,
        ))
        .first(conn)
        .await
        .optional()
}

/// The key of a member's list of conversations: latest activity first.
pub type ConversationKey = (DateTime<Utc>, ConversationId);

/// A page of a member's conversations, latest activity first.
pub async fn page_of_conversations(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    page: &Keyset<ConversationKey>,
) -> QueryResult<Vec<Opened>> {
    let (after_at, after_id) = page.after.unzip();
    let (before_at, before_id) = page.before.unzip();
    let limit = page.fetch();
    if page.backward {
        return OldestConversations { member_id: member, after_at, after_id, before_at, before_id, limit }
            .load(conn)
            .await;
    }
    LatestConversations { member_id: member, after_at, after_id, before_at, before_id, limit }
        .load(conn)
        .await
}

/// Unread messages of a member over all conversations.
pub async fn unread_messages(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<i64> {
    UnreadMessages { member_id: member }.get_result(conn).await
}

/// The first or last messages of conversations, at most `limit` of each, in list order or reversed if from the end.
pub async fn edges_of_messages(
    conn: &mut AsyncPgConnection,
    conversations: &[ConversationId],
    from_end: bool,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    let conversations = conversations.to_vec();
    if from_end {
        return LastMessages { conversations, limit }.load(conn).await;
    }
    FirstMessages { conversations, limit }.load(conn).await
}

/// A page of a conversation's messages, oldest first.
pub async fn page_of_messages(
    conn: &mut AsyncPgConnection,
    conversation: ConversationId,
    page: &Keyset<i64>,
) -> QueryResult<Vec<MessageRow>> {
    let (after, before) = (page.after.unwrap_or(0), page.before.unwrap_or(i64::MAX));
    let query = messages::table
        .filter(messages::conversation_id.eq(conversation))
        .filter(messages::seq.gt(after))
        .filter(messages::seq.lt(before))
        .select(MessageRow::as_select())
        .limit(page.fetch());
    if page.backward {
        return query.order(messages::seq.desc()).load(conn).await;
    }
    query.order(messages::seq.asc()).load(conn).await
}

/// Messages by id.
pub async fn messages_by_ids(
    conn: &mut AsyncPgConnection,
    ids: &[MessageId],
) -> QueryResult<Vec<MessageRow>> {
    messages::table.filter(messages::id.eq_any(ids)).select(MessageRow::as_select()).load(conn).await
}

/// The conversations of sessions.
pub async fn by_sessions(
    conn: &mut AsyncPgConnection,
    sessions: &[SessionId],
) -> QueryResult<Vec<(Option<SessionId>, ConversationId)>> {
    conversations::table
        .filter(conversations::session_id.eq_any(sessions))
        .select((conversations::session_id, conversations::id))
        .load(conn)
        .await
}

/// The first members of conversations, in id order, at most `limit` of each.
pub async fn first_members(
    conn: &mut AsyncPgConnection,
    conversations: &[ConversationId],
    limit: i64,
) -> QueryResult<Vec<(ConversationId, MemberId)>> {
    FirstMembers { conversations: conversations.to_vec(), limit }.load(conn).await
}

/// A page of a conversation's members, in id order.
pub async fn page_of_members(
    conn: &mut AsyncPgConnection,
    conversation: ConversationId,
    page: &Keyset<MemberId>,
) -> QueryResult<Vec<MemberId>> {
    let mut query = conversation_members::table
        .filter(conversation_members::conversation_id.eq(conversation))
        .select(conversation_members::member_id)
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(conversation_members::member_id.gt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(conversation_members::member_id.lt(before));
    }
    if page.backward {
        return query.order(conversation_members::member_id.desc()).load(conn).await;
    }
    query.order(conversation_members::member_id.asc()).load(conn).await
}

statement! {
    /// Conversations as a member finds them.
    OpenedBy(
        member_id: MemberId => sql_types::Uuid,
        conversations: Vec<ConversationId> => sql_types::Array<sql_types::Uuid>,
    ) -> OpenedSql = concat!(
        "select ", opened!(), " from conversation_members m join conversations c on c.id = m.conversation_id
         where m.member_id = $1 and m.conversation_id = any($2)"
    )
}

macro_rules! conversations_page {
    ($name:ident, $doc:literal, $order:literal) => {
        statement! {
            #[doc = $doc]
            $name(
                member_id: MemberId => sql_types::Uuid,
                after_at: Option<DateTime<Utc>> => sql_types::Nullable<sql_types::Timestamptz>,
                after_id: Option<ConversationId> => sql_types::Nullable<sql_types::Uuid>,
                before_at: Option<DateTime<Utc>> => sql_types::Nullable<sql_types::Timestamptz>,
                before_id: Option<ConversationId> => sql_types::Nullable<sql_types::Uuid>,
                limit: i64 => sql_types::BigInt,
            ) -> OpenedSql = concat!(
                "select ", opened!(), "
                 from (
                   select m.member_id, m.conversation_id, m.last_read_seq, m.unread_count,
                          coalesce(l.last_message_at, l.created_at) as active_at
                   from conversation_members m join conversations l on l.id = m.conversation_id
                   where m.member_id = $1
                     and ($2::timestamptz is null or (coalesce(l.last_message_at, l.created_at), l.id) < ($2, $3))
                     and ($4::timestamptz is null or (coalesce(l.last_message_at, l.created_at), l.id) > ($4, $5))
                   order by ", $order, " limit $6
                 ) m
                 join conversations c on c.id = m.conversation_id
                 order by ", $order
            )
        }
    };
}

conversations_page!(
    LatestConversations,
    "A member's conversations, latest activity first.",
    "active_at desc, conversation_id desc"
);
conversations_page!(
    OldestConversations,
    "A member's conversations, oldest activity first.",
    "active_at, conversation_id"
);

statement! {
    /// What a member has not read.
    UnreadMessages(member_id: MemberId => sql_types::Uuid) -> sql_types::BigInt = concat!(
        "select coalesce(sum(unread), 0)::bigint from (
           select ", seat!(), " from conversation_members m join conversations c on c.id = m.conversation_id
           where m.member_id = $1 and m.last_read_seq < c.last_seq
         ) as seats(last_read_seq, unread)"
    )
}

macro_rules! messages_edge {
    ($name:ident, $doc:literal, $order:literal) => {
        statement! {
            #[doc = $doc]
            $name(
                conversations: Vec<ConversationId> => sql_types::Array<sql_types::Uuid>,
                limit: i64 => sql_types::BigInt,
            ) -> MessageSql = concat!(
                "select x.id, x.conversation_id, x.seq, x.sender_id, x.client_id, x.body, x.created_at
                 from unnest($1) as wanted(id) cross join lateral (
                   select * from messages where conversation_id = wanted.id order by seq ", $order, " limit $2
                 ) x"
            )
        }
    };
}

messages_edge!(FirstMessages, "The first messages of conversations, oldest first.", "asc");
messages_edge!(LastMessages, "The last messages of conversations, newest first.", "desc");

statement! {
    /// The first members of conversations.
    FirstMembers(
        conversations: Vec<ConversationId> => sql_types::Array<sql_types::Uuid>,
        limit: i64 => sql_types::BigInt,
    ) -> (sql_types::Uuid, sql_types::Uuid) =
    "select x.conversation_id, x.member_id
     from unnest($1) as wanted(id) cross join lateral (
       select conversation_id, member_id from conversation_members where conversation_id = wanted.id order by member_id limit $2
     ) x"
}
