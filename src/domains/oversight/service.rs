//! Use-cases of oversight.

use diesel::QueryResult;

use super::{
    model::{ACCESS_LIFE, AccessRow, ConversationOverseen},
    repo,
};
use crate::{
    app::App,
    config::OversightNotice,
    db::{
        Tx,
        ids::{ConversationId, MemberId, new_uuid},
        transact,
    },
    domains::{
        accounts::service::rights::{self, RightsError},
        audit::{
            self,
            model::{Act, Action},
        },
        chat::{self, model::ConversationRow},
    },
    events::{Cursor, StreamName},
    graphql::Viewer,
};

/// Accesses told of in one go.
const BATCH: i64 = 50;

/// Why a conversation was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No such conversation.
    #[error("unknown conversation")]
    NotFound,
    /// The administrator is in it.
    #[error("the administrator's own")]
    Own,
    /// Whoever asks is no administrator any more.
    #[error("rights")]
    Rights(#[from] RightsError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Gives an administrator leave to read a conversation for [`ACCESS_LIFE`]. While one is open, another call gives the
/// same; the flag tells.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(
    app: &App,
    by: Viewer,
    conversation: ConversationId,
    reason: &str,
) -> Result<(AccessRow, bool), OpenError> {
    let at_once = app.config.oversight_notice == OversightNotice::AtOnce;
    transact(app, async |tx| {
        let now = tx.now();
        // It locks the administrators: of two calls at once the second sees the first.
        rights::still_admin(tx, by).await?;
        let members = chat::service::members(tx, conversation).await?;
        if members.is_empty() {
            return Err(OpenError::NotFound);
        }
        if members.contains(&by.member_id) {
            return Err(OpenError::Own);
        }
        if let Some(access) = repo::open_access(tx, by.member_id, conversation, now).await? {
            return Ok((access, true));
        }
        let access = AccessRow {
            id: new_uuid(),
            conversation_id: conversation,
            admin_id: by.member_id,
            reason: reason.to_owned(),
            opened_at: now,
            ends_at: now + ACCESS_LIFE,
            told_at: at_once.then_some(now),
        };
        repo::insert(tx, &access).await?;
        let act = Act::by(by.member_id, Action::ConversationOpened)
            .on(by.auth_session_id)
            .about(conversation)
            .because(reason)
            .with("until", &access.ends_at.to_rfc3339());
        audit::service::record(tx, act).await?;
        if at_once {
            tell(tx, &access, &members);
        }
        Ok((access, false))
    })
    .await
}

/// How an administrator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Once.
    Once,
    /// As it goes on.
    Live,
}

/// A conversation that an administrator may read now.
#[derive(Clone, Debug)]
pub struct Overseen {
    /// The conversation.
    pub conversation: ConversationRow,
    /// The place in its stream, read before the conversation.
    pub cursor: Cursor,
    /// The leave.
    pub access: AccessRow,
}

/// Lets an administrator read a conversation that they have opened, and writes it down. `None` if it is not open to them.
///
/// # Errors
/// Only if the database fails.
pub async fn read(
    app: &App,
    by: Viewer,
    conversation: ConversationId,
    how: Reading,
) -> QueryResult<Option<Overseen>> {
    transact(app, async |tx| {
        let now = tx.now();
        let Some(access) = repo::open_access(tx, by.member_id, conversation, now).await? else {
            return Ok(None);
        };
        let act = Act::by(by.member_id, Action::ConversationRead)
            .on(by.auth_session_id)
            .about(conversation)
            .because(&access.reason)
            .with("how", if how == Reading::Live { "live" } else { "once" });
        audit::service::record(tx, act).await?;
        let Some((cursor, conversation)) = chat::service::overseen(tx, conversation).await? else {
            return Ok(None);
        };
        Ok(Some(Overseen { conversation, cursor, access }))
    })
    .await
}

fn tell(tx: &mut Tx, access: &AccessRow, members: &[MemberId]) {
    // Nobody acts: whoever it was stands in the audit log.
    let told = ConversationOverseen::from(access);
    tx.tell(StreamName::Conversation(access.conversation_id), &told);
    for &member in members {
        tx.tell(StreamName::User(member), &told);
    }
}

/// Tells the members of conversations of accesses that have ended, if they were not told at once.
///
/// # Errors
/// Only if the database fails.
pub async fn tell_ended(app: &App) -> QueryResult<()> {
    loop {
        let told = transact(app, async |tx| {
            let now = tx.now();
            let ended = repo::lock_untold(tx, now, BATCH).await?;
            for access in &ended {
                let members = chat::service::members(tx, access.conversation_id).await?;
                repo::set_told(tx, access, now).await?;
                tell(tx, access, &members);
            }
            Ok::<_, diesel::result::Error>(ended.len())
        })
        .await?;
        if i64::try_from(told) != Ok(BATCH) {
            return Ok(());
        }
    }
}
