//! A session that ended or was cancelled has nobody in it.

use diesel::QueryResult;
use futures_util::future::{BoxFuture, FutureExt};

use super::service;
use crate::{
    db::Tx,
    domains::sessions::model::{SessionCancelled, SessionEnded},
    events::{EventPayload, Listener, StreamName, log::Pending},
};

/// Empties rooms.
#[derive(Clone, Copy, Debug)]
pub struct EmptyRooms;

impl Listener for EmptyRooms {
    fn on_events<'a>(&'a self, tx: &'a mut Tx, events: &'a [Pending]) -> BoxFuture<'a, QueryResult<()>> {
        async move {
            for event in events {
                // Told on the streams of the people too: the session's own one counts.
                if let StreamName::Session(session) = event.stream
                    && matches!(event.kind, SessionEnded::KIND | SessionCancelled::KIND)
                {
                    service::close_all(tx, session).await?;
                }
            }
            Ok(())
        }
        .boxed()
    }
}
