//! The one way to write: a transaction that knows what it has to tell when it commits.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use diesel::{QueryResult, result::Error};
use diesel_async::{AsyncConnection, AsyncPgConnection, TransactionManager};
use futures_util::FutureExt;

use super::{constraint, hot::Tag, ids::MemberId};
use crate::{
    app::App,
    events::{Event, EventPayload, StreamName, log},
};

/// How often a transaction that met a deadlock or a serialization failure is run again.
const RETRIES: usize = 5;

/// An open transaction. Derefs to the connection, so that repos take it as it is.
pub struct Tx<'c> {
    conn: &'c mut AsyncPgConnection,
    now: DateTime<Utc>,
    actor: Option<MemberId>,
    pending: Vec<log::Pending>,
    told: usize,
    changed: Vec<Tag>,
    wakes_workers: bool,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("now", &self.now).field("pending", &self.pending.len()).finish_non_exhaustive()
    }
}

impl Deref for Tx<'_> {
    type Target = AsyncPgConnection;
    fn deref(&self) -> &AsyncPgConnection {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.conn
    }
}

impl Tx<'_> {
    /// The instant of this transaction: one value for everything it writes.
    #[must_use]
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Says who acts; recorded in the events that follow.
    pub const fn acting(&mut self, member: MemberId) {
        self.actor = Some(member);
    }

    /// Appends an event to a stream. It is written right before the commit and delivered right after it.
    pub fn tell<P: EventPayload>(&mut self, stream: StreamName, payload: &P) {
        self.pending.push(log::Pending {
            stream,
            kind: P::KIND,
            payload: serde_json::to_value(payload).unwrap_or_default(),
            actor: self.actor,
        });
    }

    /// Says that an entity's public row or a public list changed: kept copies become stale at the commit.
    pub fn changed(&mut self, tag: Tag) {
        self.changed.push(tag);
    }

    /// Says that a job was enqueued: workers look at the queue after the commit.
    pub const fn wake_workers(&mut self) {
        self.wakes_workers = true;
    }

    /// Lets the listeners see what was told, and writes it.
    async fn flush(&mut self, app: &App) -> QueryResult<Vec<Arc<Event>>> {
        while self.told < self.pending.len() {
            let fresh: Vec<log::Pending> = self.pending.get(self.told..).unwrap_or_default().to_vec();
            self.told = self.pending.len();
            for listener in app.listeners() {
                listener.on_events(self, &fresh).await?;
            }
        }
        log::append(self.conn, std::mem::take(&mut self.pending), self.now).await
    }
}

/// Does `work` in one transaction: all of it or nothing. A deadlock or serialization failure runs it again (so `work`
/// must not act outside the database); after the commit its events are delivered and its changes made known.
///
/// # Errors
/// What `work` returned, after rolling back; or the database's error.
pub async fn transact<T, E, F>(app: &App, mut work: F) -> Result<T, E>
where
    F: AsyncFnMut(&mut Tx<'_>) -> Result<T, E>,
    E: From<Error> + std::error::Error + 'static,
{
    let mut conn = app.conn().await?;
    let mut attempt = 0;
    loop {
        match once(app, &mut conn, &mut work).await {
            Err(error) if attempt < RETRIES && may_retry(&error) => {
                attempt += 1;
                metrics::counter!("skillswap_transaction_retries_total").increment(1);
                if constraint_error(&error).is_some_and(constraint::is_disconnected) {
                    conn = app.conn().await?;
                }
            }
            other => return other,
        }
    }
}

async fn once<T, E, F>(app: &App, conn: &mut AsyncPgConnection, work: &mut F) -> Result<T, E>
where
    F: AsyncFnMut(&mut Tx<'_>) -> Result<T, E>,
    E: From<Error> + std::error::Error + 'static,
{
    type Manager = <AsyncPgConnection as AsyncConnection>::TransactionManager;
    Manager::begin_transaction(conn).await?;
    let mut tx = Tx {
        conn,
        now: app.clock.now(),
        actor: None,
        pending: Vec::new(),
        told: 0,
        changed: Vec::new(),
        wakes_workers: false,
    };
    // A panic inside must not leave the connection in a transaction that looks open.
    let done = match std::panic::AssertUnwindSafe(work(&mut tx)).catch_unwind().await {
        Ok(Ok(value)) => tx.flush(app).await.map(|events| (value, events)).map_err(E::from),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(E::from(Error::RollbackTransaction)),
    };
    let Tx { changed, wakes_workers, .. } = tx;
    match done {
        Ok((value, events)) => {
            Manager::commit_transaction(conn).await?;
            for tag in changed {
                app.hot.versions.bump(tag);
            }
            app.hub.publish(app, events).await;
            if wakes_workers {
                app.wake_workers();
            }
            Ok(value)
        }
        Err(error) => {
            // A failed rollback means a dead connection, which the pool throws away.
            Manager::rollback_transaction(conn).await.ok();
            Err(error)
        }
    }
}

fn may_retry<E: std::error::Error + 'static>(error: &E) -> bool {
    constraint_error(error).is_some_and(constraint::is_transient)
}

/// The database's error behind a use-case's.
fn constraint_error<'e, E: std::error::Error + 'static>(error: &'e E) -> Option<&'e Error> {
    let direct: &(dyn std::error::Error + 'static) = error;
    direct.downcast_ref().or_else(|| error.source()?.downcast_ref())
}
