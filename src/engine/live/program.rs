//! What is executed for every event, and its way through the events.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Response, parser::types::ExecutableDocument};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use serde_json::{Map, Value as Json};
use tokio::sync::mpsc;

use crate::{
    db::hot::Seen,
    engine::{
        Engine,
        cost::Cost,
        run::{Operation, answer},
    },
    events::Event,
    graphql::{Client, Scope, Viewer, feed::Feed},
};

/// What is executed for every event.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) document: Arc<ExecutableDocument>,
    pub(super) text: Arc<str>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Arc<Map<String, Json>>,
    pub(super) registry: Seen,
    /// What an execution costs.
    pub(super) cost: Cost,
}

impl Program {
    pub(super) fn operation(&self) -> Operation {
        Operation {
            kind: async_graphql::parser::types::OperationType::Subscription,
            name: String::new(),
            cost: self.cost,
            document: ExecutableDocument::clone(&self.document),
            text: Arc::clone(&self.text),
            operation_name: self.operation_name.clone(),
            variables: Map::clone(&self.variables),
            used: Arc::default(),
            registry: self.registry,
        }
    }
}
/// A document on its way through a stream of events.
pub(super) struct Executor {
    scope: Arc<Scope>,
    events: mpsc::Sender<Arc<Event>>,
    responses: BoxStream<'static, Response>,
}

impl Executor {
    pub(super) fn new(engine: &Engine, program: &Program, viewer: Option<Viewer>) -> Self {
        let (events, receiver) = mpsc::channel(1);
        let scope = Arc::new(Scope::new(engine.app.clone(), viewer, Client::default(), Feed::of(receiver)));
        let request = program.operation().into_request(Arc::clone(&scope), engine.app.config.introspects());
        Self { scope, events, responses: engine.schema.execute_stream(request) }
    }

    /// The answer for one event, and whether it asked who is looking. `None` if the execution broke.
    pub(super) async fn execute(&mut self, event: Arc<Event>) -> Option<(Bytes, bool)> {
        self.scope.next_event();
        self.events.send(event).await.ok()?;
        let response = AssertUnwindSafe(self.responses.next()).catch_unwind().await.ok()??;
        Some((answer(response).body, self.scope.asked_viewer()))
    }
}
