//! Opens the conversation of a session in the transaction that books its first seat, and admits whoever books one.

use diesel::QueryResult;
use futures_util::future::{BoxFuture, FutureExt};

use super::service;
use crate::{
    db::Tx,
    domains::sessions::model::BookingConfirmed,
    events::{Listener, StreamName, log::Pending},
};

/// Opens conversations of sessions.
#[derive(Clone, Copy, Debug)]
pub struct SessionConversations;

impl Listener for SessionConversations {
    fn on_events<'a>(&'a self, tx: &'a mut Tx, events: &'a [Pending]) -> BoxFuture<'a, QueryResult<()>> {
        async move {
            let mut admitted = Vec::new();
            for event in events {
                let Some(BookingConfirmed { booking, session }) = event.payload() else { continue };
                // Told to host and learner: acts once.
                if event.stream == StreamName::User(session.host_id) {
                    admitted.extend([(session.id, session.host_id), (session.id, booking.learner_id)]);
                }
            }
            service::open_sessions(tx, &admitted).await
        }
        .boxed()
    }
}
