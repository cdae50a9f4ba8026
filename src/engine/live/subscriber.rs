//! One subscriber: live from its group, or from the log where it is behind.

use std::sync::Arc;

use bytes::Bytes;
use diesel::QueryResult;
use tokio::sync::broadcast;

use super::{
    Delivery,
    program::{Executor, Program},
};
use crate::{
    db::hot::Seen,
    engine::{
        Caller, Engine,
        run::{Answer, limited, refuse},
    },
    events::{Event, StreamName, log},
    graphql::{Viewer, error::ApiCode, rights_of},
    limits::{Caller as Payer, Exhausted},
};

/// Events read at once when a subscriber catches up.
const REPLAY_PAGE: i64 = 200;

/// One subscriber's way through the stream.
pub(super) struct Subscriber {
    pub(super) engine: Engine,
    pub(super) viewer: Option<Viewer>,
    /// The version of the subscriber's rights under which it was let in.
    pub(super) rights: Option<Seen>,
    pub(super) stream: StreamName,
    pub(super) program: Program,
    pub(super) receiver: broadcast::Receiver<Delivery>,
    /// Made when an event must be executed for this subscriber alone.
    pub(super) executor: Option<Box<Executor>>,
    /// Number of the last event answered; -1 = its cursor cannot be continued.
    pub(super) sent: i64,
    /// Up to here it reads the log.
    pub(super) position: i64,
    pub(super) replay: std::vec::IntoIter<Arc<Event>>,
    /// Whether the last answer came from the log.
    pub(super) replaying: bool,
    pub(super) ended: bool,
}

impl Subscriber {
    /// The next answer, if the subscriber may still have it: once the rights have changed, the resolver is asked again
    /// before anything else is delivered.
    pub(super) async fn next_allowed(&mut self) -> Option<Bytes> {
        let bytes = self.next().await?;
        let versions = &self.engine.app.hot.versions;
        if self.ended || self.rights.is_none_or(|rights| versions.holds(rights)) {
            return Some(bytes);
        }
        match Box::pin(self.plan_again()).await {
            Ok(()) => Some(bytes),
            Err(refused) => {
                self.ended = true;
                self.executor = None;
                Some(refused.body)
            }
        }
    }

    async fn plan_again(&mut self) -> Result<(), Answer> {
        self.rights = self.viewer.map(|viewer| self.engine.app.hot.versions.see(rights_of(viewer.member_id)));
        let caller = Caller { viewer: self.viewer, ..Caller::default() };
        let plan = self.engine.plan(&caller, self.program.operation()).await?;
        if plan.stream == self.stream {
            return Ok(());
        }
        Err(refuse(ApiCode::Forbidden, "Your rights have changed: subscribe again."))
    }

    /// The next answer. What happens rarely is boxed: this future is kept for as long as the subscription lasts, so its
    /// size counts once for every subscriber.
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        if self.sent < 0 {
            return Box::pin(self.resync()).await;
        }
        loop {
            if (self.sent < self.position || self.replay.len() > 0)
                && let Some(replayed) = Box::pin(self.next_replayed()).await
            {
                return replayed;
            }
            if self.replaying {
                self.executor = None;
            }
            let (seq, delivery) = match self.receiver.recv().await {
                Ok(Delivery::Shared(seq, bytes)) => (seq, Ok(bytes)),
                Ok(Delivery::Alone(event)) => (event.seq, Err(event)),
                // It was reading the log while too much happened: it goes on reading.
                Ok(Delivery::Lost) | Err(broadcast::error::RecvError::Lagged(_)) if self.replaying => {
                    if Box::pin(self.read_on()).await.is_err() {
                        return Box::pin(self.resync()).await;
                    }
                    continue;
                }
                Ok(Delivery::Lost) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    return Box::pin(self.resync()).await;
                }
                // The group ended without this subscriber: found it again, from where this one stands.
                Err(broadcast::error::RecvError::Closed) => {
                    if Box::pin(self.rejoin()).await.is_err() {
                        return Box::pin(self.resync()).await;
                    }
                    continue;
                }
            };
            if seq <= self.sent {
                continue;
            }
            if seq > self.sent + 1 {
                // A gap: what is missing is in the log.
                self.position = seq;
                continue;
            }
            self.replaying = false;
            match delivery {
                Ok(bytes) => {
                    self.sent = seq;
                    return Some(bytes);
                }
                Err(event) => return Box::pin(self.alone(event)).await,
            }
        }
    }

    async fn rejoin(&mut self) -> QueryResult<()> {
        (self.receiver, self.program) = self.engine.join(self.program.clone(), self.stream).await?;
        self.read_on().await
    }

    /// Reads the log up to what the hub has delivered by now.
    async fn read_on(&mut self) -> QueryResult<()> {
        self.position = self.engine.app.hub.attach(&self.engine.app, self.stream).await?.position;
        Ok(())
    }

    /// The next answer from the log; `None` once the log is read up to the position.
    async fn next_replayed(&mut self) -> Option<Option<Bytes>> {
        loop {
            if let Some(event) = self.replay.next() {
                self.replaying = true;
                return Some(self.alone(event).await);
            }
            if self.sent >= self.position {
                return None;
            }
            let page = async {
                let mut conn = self.engine.app.conn().await?;
                log::read(&mut conn, self.stream, self.sent, self.position, REPLAY_PAGE).await
            };
            match page.await {
                Ok(events) if follows(&events, self.sent) => self.replay = events.into_iter(),
                // Trimmed while it was read, or unreadable.
                Ok(_) | Err(_) => return Some(self.resync().await),
            }
        }
    }

    async fn alone(&mut self, event: Arc<Event>) -> Option<Bytes> {
        let seq = event.seq;
        if let Some(exhausted) = self.pay() {
            self.ended = true;
            self.executor = None;
            return Some(limited(exhausted).body);
        }
        let executor = self
            .executor
            .get_or_insert_with(|| Box::new(Executor::new(&self.engine, &self.program, self.viewer)));
        let Some((bytes, _)) = executor.execute(event).await else {
            self.ended = true;
            return None;
        };
        self.sent = seq;
        Some(bytes)
    }

    /// Charges the member for an execution of their own: shared answers cost nothing.
    fn pay(&self) -> Option<Exhausted> {
        let (app, viewer) = (&self.engine.app, self.viewer?);
        let member = Payer::Member(viewer.member_id);
        app.limits.spend(member, self.program.cost.points, app.clock.now()).err()
    }

    /// Tells the subscriber to read the snapshot again, and ends.
    async fn resync(&mut self) -> Option<Bytes> {
        let position = match self.engine.app.conn().await {
            Ok(mut conn) => {
                log::position(&mut conn, self.stream).await.map_or(self.position, |at| at.last_seq)
            }
            Err(_) => self.position,
        };
        let event = Event::resync(self.stream, position, self.engine.app.clock.now());
        self.executor = None;
        let bytes = self.alone(Arc::new(event)).await;
        self.ended = true;
        bytes
    }
}

/// Whether there are events and they continue a stream without a gap.
fn follows(events: &[Arc<Event>], sent: i64) -> bool {
    !events.is_empty() && events.iter().zip(sent + 1..).all(|(event, seq)| event.seq == seq)
}
