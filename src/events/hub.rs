//! Live delivery inside this process: one entry per stream that somebody listens to.
//!
//! Publishing follows each commit; two commits may publish in the wrong order, and a crash or another process may
//! commit without publishing here. So the hub trusts numbers, not arrivals: a gap is read from the log, a repeat is
//! dropped, and a sweep asks for all live streams at once whether anything was missed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use diesel::QueryResult;
use tokio::sync::broadcast;

use super::{Event, StreamName, log};
use crate::app::App;

/// How many events a slow receiver may be behind before it must read the snapshot again.
const BACKLOG: usize = 256;
/// Events read at once when a gap is closed.
const GAP_PAGE: i64 = 500;

/// The live streams of this process.
#[derive(Debug, Default)]
pub struct Hub {
    live: Mutex<HashMap<StreamName, Arc<Live>>>,
}

#[derive(Debug)]
struct Live {
    /// Number of the last event delivered. `None` until it was read.
    delivered: tokio::sync::Mutex<Option<i64>>,
    sender: broadcast::Sender<Arc<Event>>,
}

/// A receiver attached to a stream.
#[derive(Debug)]
pub struct Attached {
    /// Everything up to here is in the log; what the receiver gets comes after it.
    pub position: i64,
    /// The live events.
    pub receiver: broadcast::Receiver<Arc<Event>>,
}

impl Hub {
    /// Attaches to a stream.
    ///
    /// # Errors
    /// Only if the database fails.
    pub async fn attach(&self, app: &App, stream: StreamName) -> QueryResult<Attached> {
        let live = self.entry(stream);
        let mut delivered = live.delivered.lock().await;
        let receiver = live.sender.subscribe();
        let position = if let Some(position) = *delivered {
            position
        } else {
            let mut conn = app.conn().await?;
            log::position(&mut conn, stream).await?.last_seq
        };
        *delivered = Some(position);
        Ok(Attached { position, receiver })
    }

    /// Delivers committed events to whoever listens here.
    pub async fn publish(&self, app: &App, events: Vec<Arc<Event>>) {
        for event in events {
            let Some(live) = self.get(event.stream) else { continue };
            if let Err(error) = live.deliver(app, event).await {
                // The sweep delivers it later.
                tracing::warn!(%error, "a gap in a live stream could not be read");
            }
        }
    }

    /// Forgets streams without receivers and catches up on whatever this process was not told: one statement for all.
    ///
    /// # Errors
    /// Only if the database fails.
    pub async fn sweep(&self, app: &App) -> QueryResult<()> {
        let streams: Vec<StreamName> = {
            let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
            live.retain(|_, entry| entry.sender.receiver_count() > 0 || Arc::strong_count(entry) > 1);
            live.keys().copied().collect()
        };
        if streams.is_empty() {
            return Ok(());
        }
        let mut conn = app.conn().await?;
        let positions = log::positions(&mut conn, &streams).await?;
        drop(conn);
        for stream in streams {
            if let (Some(live), Some(&last_seq)) = (self.get(stream), positions.get(&stream.key())) {
                live.catch_up(app, stream, last_seq).await?;
            }
        }
        Ok(())
    }

    /// How many streams are live here.
    #[must_use]
    pub fn live_streams(&self) -> usize {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn get(&self, stream: StreamName) -> Option<Arc<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).get(&stream).cloned()
    }

    fn entry(&self, stream: StreamName) -> Arc<Live> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(live.entry(stream).or_insert_with(|| {
            Arc::new(Live {
                delivered: tokio::sync::Mutex::new(None),
                sender: broadcast::Sender::new(BACKLOG),
            })
        }))
    }
}

impl Live {
    async fn deliver(&self, app: &App, event: Arc<Event>) -> QueryResult<()> {
        let mut delivered = self.delivered.lock().await;
        // Nobody has attached yet: whoever does will start behind this event.
        let Some(last) = *delivered else { return Ok(()) };
        if event.seq == last + 1 {
            *delivered = Some(event.seq);
            // No receiver left is no fault.
            self.sender.send(event).ok();
            return Ok(());
        }
        self.close_gap(app, event.stream, &mut delivered, event.seq).await
    }

    async fn catch_up(&self, app: &App, stream: StreamName, last_seq: i64) -> QueryResult<()> {
        let mut delivered = self.delivered.lock().await;
        self.close_gap(app, stream, &mut delivered, last_seq).await
    }

    /// Reads and delivers what lies between the last delivered number and `until`. Numbers follow commit order, so
    /// everything before a visible event is visible.
    async fn close_gap(
        &self,
        app: &App,
        stream: StreamName,
        delivered: &mut Option<i64>,
        until: i64,
    ) -> QueryResult<()> {
        while let Some(last) = *delivered
            && last < until
        {
            let mut conn = app.conn().await?;
            let missed = log::read(&mut conn, stream, last, until, GAP_PAGE).await?;
            drop(conn);
            let Some(newest) = missed.last().map(|event| event.seq) else {
                *delivered = Some(until); // trimmed meanwhile
                break;
            };
            for event in missed {
                self.sender.send(event).ok();
            }
            *delivered = Some(newest);
        }
        Ok(())
    }
}
