//! The one way to write: a transaction that knows what it has to tell when it commits.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use diesel::{QueryResult, result::Error};
use diesel_async::{AsyncConnection, AsyncPgConnection, TransactionManager};
use futures_util::FutureExt;

use super::{
    Conn, constraint,
    hot::{HotKey, Seen, Tag},
    ids::MemberId,
};
use crate::{
    app::App,
    events::{Event, EventPayload, StreamName, log},
};

/// How often a transaction that met a deadlock or a serialization failure is run again.
const RETRIES: usize = 5;

/// An open transaction. Derefs to the connection, so that repos take it as it is.
pub struct Tx {
    conn: Conn,
    app: App,
    now: DateTime<Utc>,
    actor: Option<MemberId>,
    pending: Vec<log::Pending>,
    told: usize,
    changed: Vec<Tag>,
    wakes_workers: bool,
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx")
            .field("now", &self.now)
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}

impl Deref for Tx {
    type Target = AsyncPgConnection;
    fn deref(&self) -> &AsyncPgConnection {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.conn
    }
}

impl Tx {
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

    /// A hot public row from this process's memory, if it is there and this transaction did not change it.
    #[must_use]
    pub fn kept<K: HotKey>(&self, key: K) -> Option<K::Row> {
        if self.changed.contains(&key.tag()) { None } else { self.app.hot.get(key) }
    }

    /// The version of a tag: see it before reading what [`Tx::keep`] is to keep.
    #[must_use]
    pub fn see(&self, tag: Tag) -> Seen {
        self.app.hot.versions.see(tag)
    }

    /// Keeps a row that this transaction read after `seen`, unless it changed the row itself.
    pub fn keep<K: HotKey>(&self, key: K, seen: Seen, row: K::Row) {
        if !self.changed.contains(&key.tag()) {
            self.app.hot.put(key, seen, row);
        }
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
        let (pending, now) = (std::mem::take(&mut self.pending), self.now);
        log::append(self, pending, now).await
    }
}

/// What an `async |tx| …` closure is, with a future that may move between threads.
pub trait Work<Arg, Out>: AsyncFn(Arg) -> Out + Fn(Arg) -> <Self as Work<Arg, Out>>::Fut {
    /// The closure's future.
    type Fut: Future<Output = Out>;
}

impl<F, Arg, Fut, Out> Work<Arg, Out> for F
where
    F: AsyncFn(Arg) -> Out + Fn(Arg) -> Fut,
    Fut: Future<Output = Out>,
{
    type Fut = Fut;
}

/// Does `work` in one transaction: all of it or nothing. A deadlock or serialization failure runs it again (so `work`
/// must not act outside the database); after the commit its events are delivered and its changes made known.
///
/// # Errors
/// What `work` returned, after rolling back; or the database's error.
pub fn transact<'a, T, E, F>(app: &'a App, work: F) -> impl Future<Output = Result<T, E>> + Send + 'a
where
    for<'r> F:
        AsyncFn(&'r mut Tx) -> Result<T, E> + Work<&'r mut Tx, Result<T, E>, Fut: Send> + Send + Sync + 'a,
    T: Send + 'a,
    E: From<Error> + std::error::Error + Send + 'static,
{
    // In a place of its own: it is large, and whoever waits for it is moved about.
    Box::pin(async move {
        let mut attempt = 0;
        loop {
            match once(app, &work).await {
                Err(error)
                    if attempt < RETRIES && database_error(&error).is_some_and(constraint::is_transient) =>
                {
                    attempt += 1;
                    metrics::counter!("skillswap_transaction_retries_total").increment(1);
                }
                other => return other,
            }
        }
    })
}

async fn once<T, E, F>(app: &App, work: &F) -> Result<T, E>
where
    for<'r> F: AsyncFn(&'r mut Tx) -> Result<T, E> + Work<&'r mut Tx, Result<T, E>, Fut: Send> + Send + Sync,
    T: Send,
    E: From<Error> + std::error::Error + Send + 'static,
{
    let mut tx = Tx {
        conn: begin(app).await?,
        app: app.clone(),
        now: app.clock.now(),
        actor: None,
        pending: Vec::new(),
        told: 0,
        changed: Vec::new(),
        wakes_workers: false,
    };
    // A panic inside must not leave the connection in a transaction that looks open.
    let done = match AssertUnwindSafe(work(&mut tx)).catch_unwind().await {
        Ok(Ok(value)) => tx.flush(app).await.map(|events| (value, events)).map_err(E::from),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(E::from(Error::RollbackTransaction)),
    };
    match done {
        Ok((value, events)) => {
            Manager::commit_transaction(&mut *tx.conn).await?;
            let Tx { conn, changed, wakes_workers, .. } = tx;
            drop(conn);
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
            Manager::rollback_transaction(&mut *tx.conn).await.ok();
            Err(error)
        }
    }
}

type Manager = <AsyncPgConnection as AsyncConnection>::TransactionManager;

/// A connection with an open transaction. A connection that died in the pool is replaced once.
async fn begin(app: &App) -> Result<Conn, Error> {
    let mut conn = app.conn().await?;
    match Manager::begin_transaction(&mut *conn).await {
        Err(error) if constraint::is_disconnected(&error) => {
            drop(conn);
            conn = app.conn().await?;
            Manager::begin_transaction(&mut *conn).await?;
        }
        other => other?,
    }
    Ok(conn)
}

/// The database's error behind a use-case's.
fn database_error<E: std::error::Error + 'static>(error: &E) -> Option<&Error> {
    let direct: &(dyn std::error::Error + 'static) = error;
    direct.downcast_ref().or_else(|| error.source()?.downcast_ref())
}
