//! The events of one connection.

use std::{convert::Infallible, pin::Pin, time::Duration};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::{Bytes, Data},
};
use futures_util::{future::LocalBoxFuture, stream::unfold};
use tokio::{
    sync::mpsc,
    time::{Instant, Sleep, sleep_until},
};

use super::reservations::Seat;
use crate::graphql::Viewer;
use crate::http::{
    auth::{self, RECHECK},
    long_lived::Kept,
    meters::Present,
    operations::{Happening, Operations, Order},
    server::Shared,
};

/// The media type.
pub(super) const MEDIA: &str = "text/event-stream";
/// How often a comment is sent, so that proxies keep the connection and a client that is gone is noticed.
const BEAT: Duration = Duration::from_secs(12);
/// A comment: nothing to a client. The first one makes browsers open the stream.
const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// What another request asks a reserved stream to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Start this operation.
    Start(Box<Order>),
    /// End the operation with this id.
    Stop(String),
}

/// A stream of events. The connection's task asks it for bytes to send, and that drives everything in it.
pub(super) struct EventStream {
    shared: Data<Shared>,
    operations: Operations,
    /// Absent if the stream belongs to one operation.
    orders: Option<(mpsc::Receiver<Command>, Seat)>,
    /// Who opened it: it lasts no longer than the token.
    viewer: Option<Viewer>,
    timer: Pin<Box<Sleep>>,
    next_beat: Instant,
    stopped: LocalBoxFuture<'static, ()>,
    opened: bool,
    _open: Present,
    _kept: Kept,
}

impl EventStream {
    /// The stream of one operation.
    pub(super) fn of_one(shared: Data<Shared>, kept: Kept, order: Order) -> Self {
        let mut stream = Self::new(shared, kept, order.caller.viewer, Operations::new(distinct));
        stream.start(order);
        stream
    }

    /// The stream that was reserved.
    pub(super) fn of_many(
        shared: Data<Shared>,
        kept: Kept,
        viewer: Option<Viewer>,
        orders: mpsc::Receiver<Command>,
        seat: Seat,
    ) -> Self {
        Self { orders: Some((orders, seat)), ..Self::new(shared, kept, viewer, Operations::new(single)) }
    }

    fn new(shared: Data<Shared>, kept: Kept, viewer: Option<Viewer>, operations: Operations) -> Self {
        let now = Instant::now();
        let app = shared.engine.app.clone();
        Self {
            operations,
            orders: None,
            viewer,
            timer: Box::pin(sleep_until(now + RECHECK)),
            next_beat: now + BEAT,
            stopped: Box::pin(async move { app.stopped().await }),
            opened: false,
            _open: shared.meters.socket(),
            _kept: kept,
            shared,
        }
    }

    pub(super) fn into_response(self) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/event-stream; charset=utf-8"))
            .insert_header((CACHE_CONTROL, "no-cache, no-transform"))
            .insert_header(("x-accel-buffering", "no"))
            .streaming(unfold(Box::new(self), Self::next_bytes))
    }

    async fn next_bytes(mut self: Box<Self>) -> Option<(Result<Bytes, Infallible>, Box<Self>)> {
        if !std::mem::replace(&mut self.opened, true) {
            return Some((Ok(COMMENT), self));
        }
        loop {
            if self.is_over() {
                return None;
            }
            let command = async {
                match &mut self.orders {
                    Some((orders, _)) => orders.recv().await,
                    None => std::future::pending().await,
                }
            };
            let bytes = tokio::select! {
                told = self.operations.next(&self.shared) => match told {
                    Some(bytes) => bytes,
                    None => continue,
                },
                command = command => {
                    self.obey(command?);
                    continue;
                }
                () = self.timer.as_mut() => {
                    self.timer.as_mut().reset(Instant::now() + RECHECK);
                    if auth::is_signed_out(&self.shared.engine.app, self.viewer) {
                        return None;
                    }
                    if Instant::now() < self.next_beat {
                        continue;
                    }
                    self.next_beat = Instant::now() + BEAT;
                    COMMENT
                }
                () = self.stopped.as_mut() => return None,
            };
            // What became ready after the device was signed out is withheld.
            if auth::is_signed_out(&self.shared.engine.app, self.viewer) {
                return None;
            }
            return Some((Ok(bytes), self));
        }
    }

    /// Whether its only operation is, or the token it was opened with: the client connects again with a new one.
    fn is_over(&self) -> bool {
        auth::is_expired(&self.shared.engine.app, self.viewer)
            || (self.orders.is_none() && self.operations.is_empty())
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start(order) => self.start(*order),
            Command::Stop(id) => self.operations.stop(&id),
        }
    }

    fn start(&mut self, order: Order) {
        // The id is the client's own: it spoils nobody else's operation.
        if let Err(reason) = self.operations.start(&self.shared, order) {
            tracing::debug!(?reason, "an operation on a reserved stream was not started");
        }
    }
}

fn distinct(_: &str, happening: Happening<'_>) -> Bytes {
    match happening {
        Happening::Next(answer) => [b"event: next\ndata: ", answer, b"\n\n"].concat(),
        Happening::Result(answer) | Happening::Refused(answer) => {
            [b"event: next\ndata: ", answer, b"\n\nevent: complete\ndata: \n\n"].concat()
        }
        Happening::Complete => b"event: complete\ndata: \n\n".to_vec(),
    }
    .into()
}

fn single(id: &str, happening: Happening<'_>) -> Bytes {
    let id = id.as_bytes();
    let next = |answer| [b"event: next\ndata: {\"id\":", id, b",\"payload\":", answer, b"}\n\n"].concat();
    let complete = [b"event: complete\ndata: {\"id\":", id, b"}\n\n"].concat();
    match happening {
        Happening::Next(answer) => next(answer),
        Happening::Result(answer) | Happening::Refused(answer) => [next(answer), complete].concat(),
        Happening::Complete => complete,
    }
    .into()
}
