//! Every statement of chat: writing here, [`read`]ing there.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{QueryResult, Queryable, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{ConversationRow, MessageRow, Seat};
use crate::{
    db::{
        ids::{ConversationId, MemberId, MessageId, SessionId},
        tables::{conversations, messages},
    },
    statement,
};

type ConversationSql = (
    sql_types::Uuid,
    sql_types::Text,
    sql_types::Nullable<sql_types::Uuid>,
    sql_types::Nullable<sql_types::Array<sql_types::Uuid>>,
    sql_types::BigInt,
    sql_types::Nullable<sql_types::Timestamptz>,
    sql_types::Timestamptz,
);
type SeatSql = (sql_types::BigInt, sql_types::BigInt);
type OpenedSql = (ConversationSql, SeatSql, sql_types::BigInt);
type MessageSql = (
    sql_types::Uuid,
    sql_types::Uuid,
    sql_types::BigInt,
    sql_types::Uuid,
    sql_types::Text,
    sql_types::Text,
    sql_types::Timestamptz,
);

/// The columns of a [`ConversationRow`].
macro_rules! conversation {
    ($of:literal) => {
        concat!(
            $of,
            ".id, ",
            $of,
            ".kind, ",
            $of,
            ".session_id, ",
            $of,
            ".pair, ",
            $of,
            ".last_seq, ",
            $of,
            ".last_message_at, ",
            $of,
            ".created_at"
        )
    };
}

/// The columns of a [`Seat`], of the conversation `c` and its member `m`. A SESSION conversation's unread messages are
/// counted here: those after the last one read, less one's own.
macro_rules! seat {
    () => {
        "m.last_read_seq, case c.kind when 'DIRECT' then m.unread_count::bigint else c.last_seq - m.last_read_seq - (
           select count(*) from messages own
           where own.conversation_id = c.id and own.sender_id = m.member_id and own.seq > m.last_read_seq) end"
    };
}

/// The columns of an [`Opened`].
macro_rules! opened {
    () => {
        concat!(
            conversation!("c"),
            ", ",
            seat!(),
            ", coalesce((select s.last_seq from streams s where s.stream = c.id), 0)"
        )
    };
}

// After the macros that it uses.
pub mod read;

/// A message on its way.
#[derive(Clone, Debug)]
pub struct NewMessage<'a> {
    /// Its id.
    pub id: MessageId,
    /// Where it is sent.
    pub conversation_id: ConversationId,
    /// Who sends it.
    pub sender_id: MemberId,
    /// Chosen by the sender's device.
    pub client_id: &'a str,
    /// The text.
    pub body: &'a str,
}

/// A message that was written: what it did to its conversation.
#[derive(Clone, Debug, Queryable)]
pub struct Written {
    /// The message.
    pub id: MessageId,
    /// The conversation after it.
    pub conversation: ConversationRow,
    /// DIRECT: the sender's place after it.
    pub sender: Option<Seat>,
    /// DIRECT: the other member.
    pub receiver_id: Option<MemberId>,
    /// DIRECT: the other's place after it.
    pub receiver: Option<Seat>,
}

/// Writes messages of different conversations: numbers each under its conversation's lock and counts it for the other.
/// Leaves out those whose sender has no seat in the conversation, or has sent a message with this `client_id` before.
pub async fn write_messages(
    conn: &mut AsyncPgConnection,
    messages: &[NewMessage<'_>],
    now: DateTime<Utc>,
) -> QueryResult<HashMap<MessageId, Written>> {
    let statement = WriteMessages {
        ids: messages.iter().map(|message| message.id).collect(),
        conversations: messages.iter().map(|message| message.conversation_id).collect(),
        senders: messages.iter().map(|message| message.sender_id).collect(),
        client_ids: messages.iter().map(|message| message.client_id.to_owned()).collect(),
        bodies: messages.iter().map(|message| message.body.to_owned()).collect(),
        now,
    };
    let rows: Vec<Written> = statement.load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The message that a member sent to a conversation with a `client_id`.
pub async fn message_by_client_id(
    conn: &mut AsyncPgConnection,
    conversation: ConversationId,
    sender: MemberId,
    client_id: &str,
) -> QueryResult<Option<MessageRow>> {
    messages::table
        .filter(messages::conversation_id.eq(conversation))
        .filter(messages::sender_id.eq(sender))
        .filter(messages::client_id.eq(client_id))
        .select(MessageRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The DIRECT conversation of a pair.
pub async fn direct(conn: &mut AsyncPgConnection, pair: &[MemberId]) -> QueryResult<Option<ConversationId>> {
    conversations::table
        .filter(conversations::pair.eq(pair))
        .select(conversations::id)
        .first(conn)
        .await
        .optional()
}

/// Makes the DIRECT conversation of a pair. `None` if somebody else has just made it.
pub async fn insert_direct(
    conn: &mut AsyncPgConnection,
    id: ConversationId,
    pair: &[MemberId],
    now: DateTime<Utc>,
) -> QueryResult<Option<ConversationId>> {
    let made: Vec<ConversationId> = InsertDirect { id, pair: pair.to_vec(), now }.load(conn).await?;
    Ok(made.into_iter().next())
}

/// Opens the conversations of sessions for some of their members. Returns who was not in them before.
pub async fn open_sessions(
    conn: &mut AsyncPgConnection,
    admitted: &[(SessionId, MemberId)],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Admitted>> {
    let mut sessions: Vec<SessionId> = admitted.iter().map(|(session, _)| *session).collect();
    // In the order of ids, so that two transactions cannot wait for each other.
    sessions.sort_unstable();
    sessions.dedup();
    let statement = OpenSessions {
        ids: sessions.iter().map(|_| ConversationId::new()).collect(),
        sessions,
        seat_sessions: admitted.iter().map(|(session, _)| *session).collect(),
        seat_members: admitted.iter().map(|(_, member)| *member).collect(),
        now,
    };
    statement.load(conn).await
}

/// A member who was given a seat.
#[derive(Clone, Debug, Queryable)]
pub struct Admitted {
    /// The conversation.
    pub conversation: ConversationRow,
    /// Who.
    pub member_id: MemberId,
    /// Their place.
    pub seat: Seat,
}

/// Locks a DIRECT conversation, so that what is told of its seats comes in the order in which they changed. A SESSION
/// conversation tells nothing of its messages to its members, and its many readers must not wait for each other.
pub async fn lock_direct(conn: &mut AsyncPgConnection, conversation: ConversationId) -> QueryResult<()> {
    LockDirect { conversation_id: conversation }.execute(conn).await.map(drop)
}

/// Moves how far a member has read, forward only and no further than the last message. `None` if nothing moved.
pub async fn mark_read(
    conn: &mut AsyncPgConnection,
    conversation: ConversationId,
    member: MemberId,
    up_to: i64,
) -> QueryResult<Option<(ConversationRow, Seat)>> {
    MarkRead { conversation_id: conversation, member_id: member, up_to }.get_result(conn).await.optional()
}

statement! {
    /// Numbers messages under their conversations' locks, which are taken in the order of ids, writes them, and counts each
    /// for the other member of a DIRECT one. Both seats are updated, because an update waits for a concurrent one and then
    /// sees its result: what is told of them is true at this place of their streams.
    WriteMessages(
        ids: Vec<MessageId> => sql_types::Array<sql_types::Uuid>,
        conversations: Vec<ConversationId> => sql_types::Array<sql_types::Uuid>,
        senders: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        client_ids: Vec<String> => sql_types::Array<sql_types::Text>,
        bodies: Vec<String> => sql_types::Array<sql_types::Text>,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> (
        sql_types::Uuid,
        ConversationSql,
        sql_types::Nullable<SeatSql>,
        sql_types::Nullable<sql_types::Uuid>,
        sql_types::Nullable<SeatSql>,
    ) = concat!(
        "with wanted as (
           select * from unnest($1, $2, $3, $4, $5) as w(message_id, conversation_id, sender_id, client_id, body)
         ), locked as materialized (
           select c.id from conversations c where c.id = any($2) order by c.id for no key update
         ), numbered as (
           update conversations c set last_seq = c.last_seq + 1, last_message_at = greatest(c.last_message_at, $6)
           from wanted w join locked l on l.id = w.conversation_id
           where c.id = w.conversation_id
             and exists (select from conversation_members m
                         where m.conversation_id = w.conversation_id and m.member_id = w.sender_id)
             and not exists (select from messages x
                             where x.conversation_id = w.conversation_id and x.sender_id = w.sender_id and x.client_id = w.client_id)
           returning c.*, w.message_id, w.sender_id, w.client_id, w.body
         ), written as (
           insert into messages (id, conversation_id, seq, sender_id, client_id, body, created_at)
           select n.message_id, n.id, n.last_seq, n.sender_id, n.client_id, n.body, n.last_message_at from numbered n
         ), seats as (
           update conversation_members m set unread_count = m.unread_count + (m.member_id <> n.sender_id)::int
           from numbered n where m.conversation_id = n.id and n.kind = 'DIRECT'
           returning m.conversation_id, m.member_id, m.last_read_seq, m.unread_count::bigint as unread
         )
         select n.message_id, ", conversation!("n"), ", s.last_read_seq, s.unread, r.member_id, r.last_read_seq, r.unread
         from numbered n
         left join seats s on s.conversation_id = n.id and s.member_id = n.sender_id
         left join seats r on r.conversation_id = n.id and r.member_id <> n.sender_id"
    )
}

statement! {
    /// Makes a DIRECT conversation with its two seats.
    InsertDirect(
        id: ConversationId => sql_types::Uuid,
        pair: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> sql_types::Uuid =
    "with made as (
       insert into conversations (id, kind, pair, created_at) values ($1, 'DIRECT', $2, $3)
       on conflict (pair) do nothing returning id
     ), seats as (
       insert into conversation_members (conversation_id, member_id, joined_at)
       select made.id, member_id, $3 from made, unnest($2) as member_id
     )
     select id from made"
}

statement! {
    /// Opens a session's conversation, unless it is open, and seats members who have none. They begin behind what was
    /// said before. The update that changes nothing makes a concurrent opening wait and then find the same row.
    OpenSessions(
        ids: Vec<ConversationId> => sql_types::Array<sql_types::Uuid>,
        sessions: Vec<SessionId> => sql_types::Array<sql_types::Uuid>,
        seat_sessions: Vec<SessionId> => sql_types::Array<sql_types::Uuid>,
        seat_members: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> (ConversationSql, sql_types::Uuid, SeatSql) = concat!(
        "with c as (
           insert into conversations as old (id, kind, session_id, created_at)
           select id, 'SESSION', session_id, $5 from unnest($1, $2) as s(id, session_id)
           on conflict (session_id) do update set session_id = old.session_id
           returning old.*
         ), seated as (
           insert into conversation_members (conversation_id, member_id, last_read_seq, joined_at)
           select c.id, s.member_id, c.last_seq, $5
           from unnest($3, $4) as s(session_id, member_id) join c on c.session_id = s.session_id
           on conflict do nothing
           returning conversation_id, member_id, last_read_seq
         )
         select ", conversation!("c"), ", m.member_id, m.last_read_seq, 0::bigint
         from seated m join c on c.id = m.conversation_id"
    )
}

statement! {
    /// Waits for a message that is being written.
    LockDirect(conversation_id: ConversationId => sql_types::Uuid) -> () =
    "select from conversations where id = $1 and kind = 'DIRECT' for no key update"
}

statement! {
    /// Takes the messages of others between the old and the new place off what is unread. Everything but the seat itself
    /// is read at one instant and only up to the last message of that instant, so a message sent meanwhile stays counted.
    MarkRead(
        conversation_id: ConversationId => sql_types::Uuid,
        member_id: MemberId => sql_types::Uuid,
        up_to: i64 => sql_types::BigInt,
    ) -> (ConversationSql, SeatSql) = concat!(
        "update conversation_members m
         set last_read_seq = least($3, c.last_seq),
             unread_count = case c.kind when 'DIRECT' then m.unread_count - (
               select count(*) from messages x
               where x.conversation_id = c.id and x.seq > m.last_read_seq and x.seq <= least($3, c.last_seq)
                 and x.sender_id <> m.member_id)::int else 0 end
         from conversations c
         where c.id = $1 and m.conversation_id = $1 and m.member_id = $2 and m.last_read_seq < least($3, c.last_seq)
         returning ", conversation!("c"), ", ", seat!()
    )
}
