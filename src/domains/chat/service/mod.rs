//! Use-cases of chat.

mod digest;

use diesel_async::AsyncPgConnection;

use super::{
    model::{ConversationRow, ConversationUpdated, MessageRow, MessageSent, Seat, pair},
    repo::{self, NewMessage, Written},
};
use crate::{
    app::App,
    db::{
        Tx, constraint,
        gather::{Gather, Gathering, apart},
        ids::{ConversationId, MemberId, MessageId, SessionId},
        transact,
    },
    events::{Cursor, StreamName, log},
};

pub use digest::{ConversationDigest, digest_of_session};

/// To whom a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Into a conversation.
    Conversation(ConversationId),
    /// To a member, in the DIRECT conversation with them; the first message makes it.
    Member(MemberId),
}

/// A message to send.
#[derive(Clone, Debug)]
pub struct SendMessage {
    /// Who sends it.
    pub sender: MemberId,
    /// To whom.
    pub to: Target,
    /// The text, checked.
    pub body: String,
    /// Chosen by the sender's device.
    pub client_id: String,
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The message.
    pub message: MessageRow,
    /// Its conversation after it. `None` for a repeat: the conversation has moved on.
    pub conversation: Option<(ConversationRow, Option<Seat>)>,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No such conversation or member, or the sender is not in it.
    #[error("unknown conversation or member")]
    NotFound,
    /// To the sender.
    #[error("to oneself")]
    ToOneself,
    /// The `client_id` stands for another text.
    #[error("another text under the same client id")]
    Conflict,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Sends a message; a repeat with the same `client_id` finds the first one. Messages of other callers share the
/// transaction.
///
/// # Errors
/// See [`SendError`].
pub async fn send(app: &App, command: SendMessage) -> Result<Sent, SendError> {
    match command.to {
        Target::Member(member) if member == command.sender => Err(SendError::ToOneself),
        Target::Member(_) => send_alone(app, &command).await,
        Target::Conversation(_) => {
            let ended = diesel::result::Error::BrokenTransactionManager;
            Gathering::wish(app, command).await.unwrap_or(Err(SendError::Database(ended)))
        }
    }
}

impl Gather for SendMessage {
    type Done = Result<Sent, SendError>;
    type Key = Target;

    fn key(&self) -> Target {
        self.to
    }

    async fn together(app: &App, wishes: &[Self]) -> Vec<Self::Done> {
        if wishes.len() > 1
            && let Ok(sent) = send_together(app, wishes).await
        {
            return sent;
        }
        apart(wishes.iter().map(|wish| send_alone(app, wish))).await
    }
}

/// Sends messages into different conversations.
///
/// # Errors
/// If one of them broke the transaction of all: nothing was sent.
async fn send_together(
    app: &App,
    commands: &[SendMessage],
) -> diesel::QueryResult<Vec<Result<Sent, SendError>>> {
    transact(app, async |tx| {
        let messages: Vec<NewMessage<'_>> = commands
            .iter()
            .filter_map(|command| match command.to {
                Target::Conversation(id) => Some(command.to_conversation(id)),
                Target::Member(_) => None,
            })
            .collect();
        let now = tx.now();
        let mut written = repo::write_messages(tx, &messages, now).await?;
        let mut sent = Vec::with_capacity(commands.len());
        for (message, command) in messages.iter().zip(commands) {
            sent.push(match written.remove(&message.id) {
                Some(written) => Ok(tell(tx, message, written)),
                None => match sent_before(tx, command).await {
                    Err(SendError::Database(error)) => return Err(error),
                    other => other,
                },
            });
        }
        Ok(sent)
    })
    .await
}

async fn send_alone(app: &App, command: &SendMessage) -> Result<Sent, SendError> {
    let sent = transact(app, async |tx| {
        tx.acting(command.sender);
        let conversation = match command.to {
            Target::Conversation(id) => id,
            Target::Member(member) => direct_conversation(tx, command.sender, member).await?,
        };
        let (new, now) = (command.to_conversation(conversation), tx.now());
        match repo::write_messages(tx, std::slice::from_ref(&new), now).await?.remove(&new.id) {
            Some(written) => Ok(tell(tx, &new, written)),
            None => sent_before(tx, command).await,
        }
    })
    .await;
    match sent {
        Err(SendError::Database(error)) => match constraint::broken(&error) {
            // The same message arrived twice in one moment, and the other one was first.
            Some("messages_conversation_id_sender_id_client_id_key") => {
                sent_before(&mut *app.conn().await?, command).await
            }
            Some("conversation_members_member_id_fkey") => Err(SendError::NotFound),
            _ => Err(error.into()),
        },
        other => other,
    }
}

impl SendMessage {
    fn to_conversation(&self, conversation_id: ConversationId) -> NewMessage<'_> {
        let Self { sender, client_id, body, .. } = self;
        NewMessage { id: MessageId::new(), conversation_id, sender_id: *sender, client_id, body }
    }
}

/// The DIRECT conversation of two members, made if it is missing.
async fn direct_conversation(
    tx: &mut Tx,
    sender: MemberId,
    receiver: MemberId,
) -> Result<ConversationId, SendError> {
    let (pair, now) = (pair(sender, receiver), tx.now());
    if let Some(id) = repo::direct(tx, &pair).await? {
        return Ok(id);
    }
    if let Some(id) = repo::insert_direct(tx, ConversationId::new(), &pair, now).await? {
        return Ok(id);
    }
    // The insert waited for the transaction that made it.
    repo::direct(tx, &pair).await?.ok_or(SendError::NotFound)
}

fn tell(tx: &mut Tx, new: &NewMessage<'_>, written: Written) -> Sent {
    tx.acting(new.sender_id);
    let Written { conversation, sender, receiver_id, receiver, .. } = written;
    let message = MessageRow {
        id: new.id,
        conversation_id: new.conversation_id,
        seq: conversation.last_seq,
        sender_id: new.sender_id,
        client_id: new.client_id.to_owned(),
        body: new.body.to_owned(),
        created_at: conversation.active_at(),
    };
    let sent = MessageSent { message };
    tx.tell(StreamName::Conversation(conversation.id), &sent);
    for (member, seat) in [(Some(new.sender_id), sender), (receiver_id, receiver)] {
        if let (Some(member), Some(seat)) = (member, seat) {
            tx.tell(StreamName::User(member), &ConversationUpdated::new(&conversation, seat));
        }
    }
    Sent { message: sent.message, conversation: Some((conversation, sender)) }
}

/// The message that an earlier call sent with this `client_id`, if it had the same text.
async fn sent_before(conn: &mut AsyncPgConnection, command: &SendMessage) -> Result<Sent, SendError> {
    let conversation = match command.to {
        Target::Conversation(id) => Some(id),
        Target::Member(member) => repo::direct(conn, &pair(command.sender, member)).await?,
    };
    let Some(conversation) = conversation else { return Err(SendError::NotFound) };
    match repo::message_by_client_id(conn, conversation, command.sender, &command.client_id).await? {
        Some(message) if message.body == command.body => Ok(Sent { message, conversation: None }),
        Some(_) => Err(SendError::Conflict),
        None => Err(SendError::NotFound),
    }
}

/// Why nothing was marked as read.
#[derive(Debug, thiserror::Error)]
pub enum MarkReadError {
    /// No such conversation, or the member is not in it.
    #[error("unknown conversation")]
    NotFound,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Moves how far a member has read: forward only, and no further than the last message.
///
/// # Errors
/// See [`MarkReadError`].
pub async fn mark_read(
    app: &App,
    member: MemberId,
    conversation: ConversationId,
    up_to: i64,
) -> Result<(ConversationRow, Seat), MarkReadError> {
    transact(app, async |tx| {
        tx.acting(member);
        repo::lock_direct(tx, conversation).await?;
        if let Some((conversation, seat)) = repo::mark_read(tx, conversation, member, up_to).await? {
            tx.tell(StreamName::User(member), &ConversationUpdated::new(&conversation, seat));
            return Ok((conversation, seat));
        }
        let opened =
            repo::read::opened(tx, member, &[conversation]).await?.pop().ok_or(MarkReadError::NotFound)?;
        Ok((opened.conversation, opened.seat))
    })
    .await
}

/// Opens the conversations of sessions for some of their members, inside the transaction that admitted them.
///
/// # Errors
/// Only if the database fails.
pub async fn open_sessions(tx: &mut Tx, admitted: &[(SessionId, MemberId)]) -> diesel::QueryResult<()> {
    if admitted.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    for admitted in repo::open_sessions(tx, admitted, now).await? {
        let updated = ConversationUpdated::new(&admitted.conversation, admitted.seat);
        tx.tell(StreamName::User(admitted.member_id), &updated);
    }
    Ok(())
}

/// Everybody who has a seat in a conversation; empty if there is no such conversation.
///
/// # Errors
/// Only if the database fails.
pub async fn members(
    conn: &mut AsyncPgConnection,
    conversation: ConversationId,
) -> diesel::QueryResult<Vec<MemberId>> {
    let seats = repo::read::first_members(conn, &[conversation], i64::MAX).await?;
    Ok(seats.into_iter().map(|(_, member)| member).collect())
}

/// A conversation with the place in its stream at which it is true, for somebody who has no seat in it.
///
/// # Errors
/// Only if the database fails.
pub async fn overseen(
    conn: &mut AsyncPgConnection,
    conversation: ConversationId,
) -> diesel::QueryResult<Option<(Cursor, ConversationRow)>> {
    let cursor = log::snapshot_cursor(conn, StreamName::Conversation(conversation)).await?;
    Ok(repo::read::conversation(conn, conversation).await?.map(|row| (cursor, row)))
}
