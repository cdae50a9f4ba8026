//! The life of a socket.

use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use actix_web::{
    dev::Payload,
    web::{Bytes, Data},
};
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};
use tokio::time::{Instant, Sleep, sleep_until};
use uuid::Uuid;

use super::{
    close::Close,
    messages::{self, Message},
    reader::{Frames, Incoming},
    writer,
};
use crate::{
    engine::{Caller, run::Answer},
    graphql::{Client, ClientApp, Viewer, pass::Pass},
    http::{
        auth::{self, BadToken, RECHECK},
        limits,
        long_lived::Kept,
        meters::Present,
        operations::{Happening, NotStarted, Operations, Order, too_many},
        server::Shared,
    },
};

/// How long a client may take to send `connection_init`.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the client is asked whether it is still there.
const PING: Duration = Duration::from_secs(15);
/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(45);

/// Messages of any kind that a client may send within [`FLOOD_PERIOD`].
const FLOOD: u32 = 1_000;
const FLOOD_PERIOD: Duration = Duration::from_secs(10);

/// An open socket. The connection's task asks it for bytes to send, and that drives everything in it.
pub(super) struct Socket {
    shared: Data<Shared>,
    /// Names it in the log.
    id: Uuid,
    frames: Frames,
    operations: Operations,
    client: Client,
    /// Used if the first message has no token.
    token: Option<Token>,
    phase: Phase,
    timer: Pin<Box<Sleep>>,
    heard: Instant,
    /// Messages since then.
    counted: u32,
    counted_since: Instant,
    next_ping: Instant,
    /// When an operation was last running.
    busy: Instant,
    stopped: LocalBoxFuture<'static, ()>,
    _open: Present,
    /// Of the place, then of the member.
    kept: Kept,
}

/// A token that came with the request to open the socket.
#[derive(Clone, Debug)]
pub(super) enum Token {
    InAddress(String),
    InCookie(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Until `connection_init`.
    Greeting,
    /// Operations run.
    Open,
    /// The last frame was sent.
    Closed,
}

/// What to do next.
enum Step {
    Send(Bytes),
    Wait,
    Close(Close),
    /// Send this last and end.
    Bye(Bytes),
    /// Nobody is there to be told.
    Vanish,
}

impl Socket {
    pub(super) fn new(
        shared: Data<Shared>,
        id: Uuid,
        payload: Payload,
        client: Client,
        token: Option<Token>,
        kept: Kept,
    ) -> Self {
        let now = Instant::now();
        let app = shared.engine.app.clone();
        Self {
            id,
            frames: Frames::new(payload),
            operations: Operations::new(messages::dialect),
            client,
            token,
            phase: Phase::Greeting,
            timer: Box::pin(sleep_until(now + INIT_TIMEOUT)),
            heard: now,
            counted: 0,
            counted_since: now,
            next_ping: now + PING,
            busy: now,
            stopped: Box::pin(async move { app.stopped().await }),
            _open: shared.meters.socket(),
            kept,
            shared,
        }
    }

    /// The next bytes to send, with the socket to ask again; `None` once it has ended.
    pub(super) async fn next_bytes(mut self: Box<Self>) -> Option<(Result<Bytes, Infallible>, Box<Self>)> {
        if self.phase == Phase::Closed {
            return None;
        }
        loop {
            let bytes = match self.step().await {
                Step::Wait => continue,
                Step::Send(bytes) => bytes,
                Step::Vanish => return None,
                Step::Bye(bytes) => {
                    self.phase = Phase::Closed;
                    bytes
                }
                Step::Close(close) => {
                    tracing::debug!(request.id = %self.id, code = close.code, reason = close.reason, "a socket was closed");
                    self.phase = Phase::Closed;
                    writer::close(close)
                }
            };
            return Some((Ok(bytes), self));
        }
    }

    async fn step(&mut self) -> Step {
        let was_busy = !self.operations.is_empty();
        let step = tokio::select! {
            incoming = self.frames.next(), if !self.operations.is_subscribing() => match incoming {
                None => Step::Vanish,
                Some(Err(close)) => Step::Close(close),
                Some(Ok(incoming)) => self.hear(incoming).await,
            },
            told = self.operations.next(&self.shared) => told.map_or(Step::Wait, Step::Send),
            () = self.timer.as_mut() => self.tick(),
            () = self.stopped.as_mut() => Step::Close(Close::GOING_AWAY),
        };
        if was_busy || !self.operations.is_empty() {
            self.busy = Instant::now();
        }
        // What became ready after the token had ended, or after the device was signed out, is withheld.
        let app = &self.shared.engine.app;
        match step {
            Step::Vanish => Step::Vanish,
            _ if auth::is_expired(app, self.viewer()) => Step::Close(Close::EXPIRED),
            _ if self.is_signed_out() => Step::Close(Close::REVOKED),
            step => step,
        }
    }

    async fn hear(&mut self, incoming: Incoming) -> Step {
        self.heard = Instant::now();
        if self.is_flooded() {
            return Step::Close(Close::FLOOD);
        }
        match incoming {
            Incoming::Ping(payload) => Step::Send(writer::pong(&payload)),
            Incoming::Pong => Step::Wait,
            Incoming::Close(payload) => Step::Bye(writer::close_echo(&payload)),
            Incoming::Text(text) => match Message::read(&text) {
                // Rare: of the others, none waits.
                Ok(Message::Init(payload)) if self.phase == Phase::Greeting => {
                    Box::pin(self.init(&payload)).await
                }
                Ok(message) => self.answer(message),
                Err(close) => Step::Close(close),
            },
        }
    }

    /// Whether the client sends more messages than it could mean: not even those that cost nothing come for nothing.
    fn is_flooded(&mut self) -> bool {
        if self.heard >= self.counted_since + FLOOD_PERIOD {
            (self.counted, self.counted_since) = (0, self.heard);
        }
        self.counted += 1;
        self.counted > FLOOD
    }

    fn answer(&mut self, message: Message) -> Step {
        match (message, self.phase) {
            (Message::Ping(payload), _) => Step::Send(messages::pong(payload)),
            (Message::Pong, _) => Step::Wait,
            (Message::Init(_), _) => Step::Close(Close::SECOND_INIT),
            (Message::Complete(id), _) => {
                self.operations.stop(&id);
                Step::Wait
            }
            (Message::Subscribe(..), Phase::Greeting) => Step::Close(Close::UNAUTHORIZED),
            (Message::Subscribe(id, params), _) => {
                let quoted = Value::from(id.as_str()).to_string();
                let caller = Caller { viewer: self.viewer(), client: self.client.clone() };
                let operation = limits::admit(&self.shared.engine, &caller, params).map_err(Answer::from);
                let order = Order { id, caller, operation, request: self.id };
                match self.operations.start(&self.shared, order) {
                    Ok(()) => Step::Wait,
                    Err(NotStarted::Duplicate) => Step::Close(Close::DUPLICATE),
                    Err(NotStarted::TooMany) => {
                        Step::Send(messages::dialect(&quoted, Happening::Refused(&too_many().body)))
                    }
                }
            }
        }
    }

    /// Who the socket belongs to now: `refreshConnection` changes it.
    fn viewer(&self) -> Option<Viewer> {
        self.client.pass.as_ref().map(|pass| pass.viewer())
    }

    fn is_signed_out(&self) -> bool {
        self.client.pass.as_ref().is_some_and(|pass| pass.is_signed_out(&self.shared.engine.app.revoked))
    }

    async fn init(&mut self, payload: &Map<String, Value>) -> Step {
        let given =
            ["authorization", "Authorization", "authToken"].iter().find_map(|name| payload.get(*name));
        let (authorization, by_cookie) = match (given, self.token.take()) {
            (Some(Value::String(text)), _) => (Some(text.clone()), false),
            (None | Some(Value::Null), Some(Token::InAddress(token))) => (Some(token), false),
            (None | Some(Value::Null), Some(Token::InCookie(token))) => (Some(token), true),
            (None | Some(Value::Null), None) => (None, false),
            (Some(_), _) => return Step::Close(Close::FORBIDDEN),
        };
        if let Some(authorization) = authorization {
            match auth::viewer(&self.shared.engine.app, &authorization, &self.client).await {
                Ok(viewer) => {
                    let Ok(kept) = self.shared.long_lived.of_member(viewer.member_id) else {
                        return Step::Close(Close::CROWDED);
                    };
                    self.kept = kept;
                    self.client.pass = Some(Arc::new(Pass::new(viewer, by_cookie)));
                }
                Err(BadToken::Unavailable) => return Step::Close(Close::TRY_LATER),
                Err(BadToken::Invalid | BadToken::Unproven) => return Step::Close(Close::FORBIDDEN),
            }
        }
        let [name, version] = auth::APP_NAMES.map(|name| payload.get(name).and_then(Value::as_str));
        if let Some(name) = name {
            self.client.app = ClientApp::new(name, version.unwrap_or_default());
        }
        self.phase = Phase::Open;
        self.busy = Instant::now();
        self.set_timer();
        Step::Send(messages::ack())
    }

    fn tick(&mut self) -> Step {
        let now = Instant::now();
        if self.phase == Phase::Greeting {
            return Step::Close(Close::INIT_TIMEOUT);
        }
        if now >= self.heard + SILENCE {
            return Step::Vanish;
        }
        if self.is_signed_out() {
            return Step::Close(Close::REVOKED);
        }
        if self.idle_until().is_some_and(|until| now >= until) {
            return Step::Close(Close::IDLE);
        }
        let step = if now >= self.next_ping {
            self.next_ping = now + PING;
            Step::Send(writer::ping())
        } else {
            Step::Wait
        };
        self.set_timer();
        step
    }

    /// How long an anonymous socket on which nothing runs is kept: it holds a descriptor for nothing.
    fn idle_until(&self) -> Option<Instant> {
        let seconds = self.shared.engine.app.config.limits.idle_socket_seconds;
        let idle = self.client.pass.is_none() && self.operations.is_empty();
        idle.then(|| self.busy + Duration::from_secs(seconds.into()))
    }

    /// Until the next ping; with a token until it is looked at again, or ends; without one until it has idled too long.
    fn set_timer(&mut self) {
        let left = self.viewer().map(|viewer| viewer.expires_at - self.shared.engine.app.clock.now());
        let wake = left.map_or_else(
            || self.idle_until().unwrap_or(self.next_ping),
            |left| Instant::now() + left.to_std().unwrap_or_default().min(RECHECK),
        );
        self.timer.as_mut().reset(wake.min(self.next_ping));
    }
}
