//! Use-cases of rooms.

pub mod close;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::{
    model::{IntervalRow, LOST_AFTER, MOST_CONNECTIONS, ParticipantJoined},
    repo,
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{MemberId, PresenceId, SessionId},
        transact,
    },
    domains::sessions::{
        self,
        model::{Illegal, SessionAt, SessionCommand},
    },
    events::StreamName,
};

pub use close::{close_all, close_lost};

/// Why nobody came or went.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// Absent, or the caller takes no part in it.
    #[error("no such session")]
    SessionNotFound,
    /// Absent, or not the caller's.
    #[error("no such presence")]
    PresenceNotFound,
    /// The state of the session does not permit it.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The member has too many connections.
    #[error("too many connections")]
    TooMany,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// The room after coming or going, with the connection that came or went.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The session, as of a place in its stream that contains the step.
    pub session: SessionAt,
    /// The connection.
    pub presence_id: PresenceId,
}

/// Opens a presence. One that is open already gets a sign of life; one that was closed or lost is replaced by a new one.
///
/// # Errors
/// See [`RoomError`].
pub async fn join(
    app: &App,
    member: MemberId,
    session: SessionId,
    presence: Option<PresenceId>,
) -> Result<Entered, RoomError> {
    let presence_id: PresenceId = transact(app, async |tx| {
        tx.acting(member);
        let row = sessions::service::lock(tx, session).await?.ok_or(RoomError::SessionNotFound)?;
        sessions::service::role_in(tx, session, member).await?.ok_or(RoomError::SessionNotFound)?;
        row.phase(tx.now()).after(SessionCommand::Join)?;
        if let Some(id) = presence {
            let known = repo::find(tx, id, member).await?.filter(|interval| interval.session_id == session);
            let interval = known.ok_or(RoomError::PresenceNotFound)?;
            if interval.left_at.is_none() && !interval.is_lost(tx.now()) {
                note_life(tx, id, member).await?;
                return Ok(id);
            }
        }
        open(tx, session, member).await
    })
    .await?;
    Ok(Entered { session: snapshot(app, session).await?, presence_id })
}

/// Closes a presence of the member's own; a closed one stays as it is.
///
/// # Errors
/// See [`RoomError`].
pub async fn leave(app: &App, member: MemberId, presence_id: PresenceId) -> Result<Entered, RoomError> {
    let session: SessionId = transact(app, async |tx| {
        tx.acting(member);
        let session =
            repo::find(tx, presence_id, member).await?.ok_or(RoomError::PresenceNotFound)?.session_id;
        sessions::service::lock(tx, session).await?.ok_or(RoomError::SessionNotFound)?;
        close::close(tx, session, |interval| interval.id == presence_id).await?;
        Ok::<_, RoomError>(session)
    })
    .await?;
    Ok(Entered { session: snapshot(app, session).await?, presence_id })
}

/// Whether a presence is the member's, in this session; closed or not.
///
/// # Errors
/// Only if the database fails.
pub async fn owns(
    conn: &mut AsyncPgConnection,
    presence: PresenceId,
    session: SessionId,
    member: MemberId,
) -> QueryResult<bool> {
    Ok(repo::find(conn, presence, member).await?.is_some_and(|interval| interval.session_id == session))
}

/// Notes a sign of life of a presence, if it is open and not lost.
///
/// # Errors
/// Only if the database fails.
pub async fn beat(app: &App, presence: PresenceId, member: MemberId) -> QueryResult<()> {
    let now = app.clock.now();
    repo::touch(&mut *app.conn().await?, presence, member, now, now - LOST_AFTER).await
}

async fn note_life(tx: &mut Tx, presence: PresenceId, member: MemberId) -> QueryResult<()> {
    let now = tx.now();
    repo::touch(tx, presence, member, now, now - LOST_AFTER).await
}

/// Opens an interval under the session's lock, and tells if it is the member's first.
async fn open(tx: &mut Tx, session: SessionId, member: MemberId) -> Result<PresenceId, RoomError> {
    let now = tx.now();
    // A lost connection must not lengthen the new stay.
    close::close(tx, session, |interval| interval.member_id == member && interval.is_lost(now)).await?;
    let mut others = repo::open_in(tx, session).await?;
    others.retain(|interval| interval.member_id == member);
    if others.len() >= MOST_CONNECTIONS {
        return Err(RoomError::TooMany);
    }
    let stay = others.first().map(|interval| interval.stay_since);
    let row = IntervalRow {
        id: PresenceId::new(),
        session_id: session,
        member_id: member,
        joined_at: stay.map_or(now, |since| now.max(since)),
        stay_since: stay.unwrap_or(now),
        last_seen_at: stay.map_or(now, |since| now.max(since)),
        left_at: None,
    };
    repo::insert(tx, &row).await?;
    if stay.is_none() {
        let joined = ParticipantJoined {
            presence_id: row.id,
            session_id: session,
            member_id: member,
            joined_at: row.joined_at,
        };
        tx.tell(StreamName::Session(session), &joined);
    }
    Ok(row.id)
}

async fn snapshot(app: &App, session: SessionId) -> Result<SessionAt, RoomError> {
    let at = sessions::service::snapshot(&mut *app.conn().await?, session).await?;
    at.ok_or(RoomError::SessionNotFound)
}
