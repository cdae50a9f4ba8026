//! The operations that run on one connection, whatever its transport: each has an id that the client chose.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use actix_web::web::{Bytes, Data};
use async_graphql::parser::types::OperationType;
use futures_util::{FutureExt, StreamExt};
use uuid::Uuid;

use super::{
    graphql,
    limits::Receipt,
    meters::{Outcome, Present},
    server::Shared,
};
use crate::{
    engine::{
        Caller,
        live::Answers,
        run::{Answer, Operation},
    },
    graphql::error::ApiCode,
};

/// How many operations may run at once on one connection.
pub(super) const MAX_RUNNING: usize = 50;

/// Something that happened to an operation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Happening<'a> {
    /// A subscription has an answer.
    Next(&'a [u8]),
    /// A query or mutation has its only answer, and is over.
    Result(&'a [u8]),
    /// It was refused before execution: the whole answer, with `errors`.
    Refused(&'a [u8]),
    /// A subscription is over.
    Complete,
}

/// How a transport tells it to its client; the id is given as JSON.
pub(super) type Dialect = fn(id: &str, happening: Happening<'_>) -> Bytes;

/// An operation that a client wants.
#[derive(Debug)]
pub(super) struct Order {
    /// The client's name for it.
    pub(super) id: String,
    /// Who wants it.
    pub(super) caller: Caller,
    /// What it is and what was charged for it, or why it is not executed.
    pub(super) operation: Result<(Operation, Receipt), Answer>,
    /// Names it in the log.
    pub(super) request: Uuid,
}

/// Why an operation was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotStarted {
    /// One with this id is running.
    Duplicate,
    /// Too many are running.
    TooMany,
}

/// The operations of one connection.
pub(super) struct Operations {
    dialect: Dialect,
    running: Vec<Running>,
    /// Whose turn it is, so that a busy one does not starve the others.
    turn: usize,
}

struct Running {
    id: Box<str>,
    work: Work,
}

enum Work {
    Subscribing(Starting),
    Executing(Starting),
    Live(Answers, #[expect(dead_code, reason = "counts while it is kept")] Present),
}

type Starting = Pin<Box<dyn Future<Output = Started> + Send>>;

enum Started {
    Live(Answers),
    Done(Answer),
}

impl Operations {
    /// None yet.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, running: Vec::new(), turn: 0 }
    }

    /// Starts an operation, or tells why it cannot be read.
    ///
    /// # Errors
    /// If its id is taken or too many are running.
    pub(super) fn start(&mut self, shared: &Data<Shared>, order: Order) -> Result<(), NotStarted> {
        let id = as_json(&order.id);
        if self.running.iter().any(|running| *running.id == *id) {
            return Err(NotStarted::Duplicate);
        }
        if self.running.len() >= MAX_RUNNING {
            return Err(NotStarted::TooMany);
        }
        let subscribes = order
            .operation
            .as_ref()
            .is_ok_and(|(operation, _)| operation.kind == OperationType::Subscription);
        let starting = Box::pin(start(Data::clone(shared), order));
        let work = if subscribes { Work::Subscribing(starting) } else { Work::Executing(starting) };
        self.running.push(Running { id, work });
        Ok(())
    }

    /// Ends an operation because the client wants no more of it.
    pub(super) fn stop(&mut self, id: &str) {
        let id = as_json(id);
        self.running.retain(|running| *running.id != *id);
    }

    /// Whether a subscription has not begun to listen yet. A socket reads its next message after that, so that a client
    /// which hears the answer to a later message knows that it misses nothing.
    pub(super) fn is_subscribing(&self) -> bool {
        self.running.iter().any(|running| matches!(running.work, Work::Subscribing(_)))
    }

    /// Whether nothing runs.
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// The next thing to tell the client, or `None` when a subscription has begun to listen; waits for ever while
    /// nothing runs. Nothing is lost if it is dropped.
    pub(super) async fn next(&mut self, shared: &Shared) -> Option<Bytes> {
        poll_fn(|context| self.poll_next(shared, context)).await
    }

    fn poll_next(&mut self, shared: &Shared, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        for _ in 0..self.running.len() {
            self.turn = (self.turn + 1) % self.running.len();
            let Some(Running { id, work }) = self.running.get_mut(self.turn) else { continue };
            if let Work::Subscribing(starting) | Work::Executing(starting) = work {
                match starting.poll_unpin(context) {
                    Poll::Pending => continue,
                    Poll::Ready(Started::Live(answers)) => {
                        *work = Work::Live(answers, shared.meters.subscription());
                        return Poll::Ready(None);
                    }
                    Poll::Ready(Started::Done(answer)) => {
                        let told = match answer.refused {
                            Some(_) => (self.dialect)(id, Happening::Refused(&answer.body)),
                            None => (self.dialect)(id, Happening::Result(&answer.body)),
                        };
                        self.running.swap_remove(self.turn);
                        return Poll::Ready(Some(told));
                    }
                }
            }
            let Work::Live(answers, _) = work else { continue };
            match answers.poll_next_unpin(context) {
                Poll::Pending => {}
                Poll::Ready(Some(answer)) => {
                    return Poll::Ready(Some((self.dialect)(id, Happening::Next(&answer))));
                }
                Poll::Ready(None) => {
                    let told = (self.dialect)(id, Happening::Complete);
                    self.running.swap_remove(self.turn);
                    return Poll::Ready(Some(told));
                }
            }
        }
        Poll::Pending
    }
}

/// The text as JSON, in quotes.
fn as_json(text: &str) -> Box<str> {
    serde_json::Value::from(text).to_string().into()
}

async fn start(shared: Data<Shared>, order: Order) -> Started {
    let began = Instant::now();
    let engine = &shared.engine;
    let count = |kind, outcome| shared.meters.operation(kind, outcome, began.elapsed());
    let (operation, receipt) = match order.operation {
        Ok(charged) => charged,
        Err(answer) => {
            count(None, Outcome::Refused);
            return Started::Done(answer);
        }
    };
    let kind = operation.kind;
    if kind != OperationType::Subscription {
        let answer = graphql::execute(engine.clone(), order.caller, operation, None, order.request).await;
        count(Some(kind), graphql::outcome_of(&answer));
        // A refusal is told as the list of its errors only.
        return Started::Done(match answer.refused {
            None => Answer { body: receipt.on(&answer.body), ..answer },
            Some(_) => answer,
        });
    }
    match engine.subscribe(order.caller, operation).await {
        Ok(answers) => {
            count(Some(kind), Outcome::Answered);
            Started::Live(answers)
        }
        Err(answer) => {
            count(Some(kind), Outcome::Refused);
            Started::Done(answer)
        }
    }
}

/// The list in the answer to a refused operation.
pub(super) fn errors_of(answer: &[u8]) -> &[u8] {
    let list = answer.strip_prefix(b"{\"errors\":").and_then(|rest| rest.strip_suffix(b"}"));
    list.unwrap_or(b"[]")
}

/// The answer to an operation that may not run beside so many others.
pub(super) fn too_many() -> Answer {
    let message =
        format!("Too many operations run on this connection: at most {MAX_RUNNING} may. Complete one first.");
    crate::engine::run::refuse(ApiCode::LimitExceeded, message)
}
