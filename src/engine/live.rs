//! One subscription to its stream of answers.
//!
//! Subscribers who sent the same document and variables (cursor aside) to the same stream form a group. The group
//! executes the document once per event, as nobody, and shares the bytes. If a resolver asks who is looking, the bytes
//! are thrown away and each subscriber executes the event for itself: sharing is decided by what happened, not by a list.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_graphql::{Response, parser::types::ExecutableDocument};
use async_graphql_value::Value as DocumentValue;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use serde_json::{Map, Value as Json};
use tokio::sync::{broadcast, mpsc};

use super::{
    Caller, Engine,
    run::{Answer, Operation, answer},
};
use crate::{
    events::{Event, StreamName, log},
    graphql::{
        Scope, Viewer,
        error::{ApiCode, ApiError},
        feed::{Feed, Plan},
    },
};

/// Answers that a slow subscriber may be behind.
const BACKLOG: usize = 64;
/// Events read at once when a subscriber catches up.
const REPLAY_PAGE: i64 = 200;
/// How often a subscription's beat runs.
pub const BEAT: Duration = Duration::from_secs(20);

/// The answers of a subscription, serialised; ends when the subscription does.
pub type Answers = BoxStream<'static, Bytes>;

/// The groups of this process.
#[derive(Debug, Default)]
pub(crate) struct Groups(Mutex<HashMap<GroupKey, Group>>);

#[derive(Debug)]
struct Group {
    sender: broadcast::Sender<Delivery>,
    program: Program,
}

/// Who may share: the same text, operation and variables on the same stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct GroupKey {
    stream: StreamName,
    query: Arc<str>,
    operation_name: Option<String>,
    variables: String,
}

/// What a group hands to its subscribers.
#[derive(Clone, Debug)]
enum Delivery {
    /// The answer for the event with this number.
    Shared(i64, Bytes),
    /// The event: each subscriber executes it for itself.
    Alone(Arc<Event>),
    /// The group itself fell behind.
    Lost,
}

/// What is executed for every event.
#[derive(Clone, Debug)]
struct Program {
    document: Arc<ExecutableDocument>,
    query: Arc<str>,
    operation_name: Option<String>,
    variables: Arc<Map<String, Json>>,
}

impl Program {
    fn operation(&self) -> Operation {
        Operation {
            kind: async_graphql::parser::types::OperationType::Subscription,
            name: String::new(),
            document: ExecutableDocument::clone(&self.document),
            query: self.query.to_string(),
            operation_name: self.operation_name.clone(),
            variables: Map::clone(&self.variables),
        }
    }
}

impl Engine {
    /// Starts a subscription: checks it, replays what came after its cursor, then goes on live.
    ///
    /// # Errors
    /// The answer that refuses it.
    pub async fn subscribe(&self, caller: Caller, operation: Operation) -> Result<Answers, Answer> {
        let program = Program {
            document: Arc::new(operation.document.clone()),
            query: operation.query.as_str().into(),
            operation_name: operation.operation_name.clone(),
            variables: Arc::new(operation.variables.clone()),
        };
        let plan = self.plan(&caller, operation).await?;
        let (receiver, program) = self.join(program, plan.stream);
        let internal = |error| answer(Response::from_errors(vec![
            async_graphql::Error::from(ApiError::from(error)).into_server_error(async_graphql::Pos::default()),
        ]));
        // Joined first: whatever the hub delivers after this position reaches the receiver.
        let attached = self.app.hub.attach(&self.app, plan.stream).await.map_err(internal)?;
        let position = attached.position;
        let start = match plan.after {
            None => position,
            Some(cursor) => {
                let mut conn = self.app.conn().await.map_err(internal)?;
                let trimmed = log::position(&mut conn, plan.stream).await.map_err(internal)?.trimmed_seq;
                if cursor.seq < trimmed || cursor.seq > position { -1 } else { cursor.seq }
            }
        };
        let subscriber = Subscriber {
            engine: self.clone(),
            viewer: caller.viewer,
            stream: plan.stream,
            program,
            receiver,
            executor: None,
            sent: start,
            position,
            replay: Vec::new().into_iter(),
            ended: false,
        };
        let answers = futures_util::stream::unfold(subscriber, |mut subscriber| async {
            subscriber.next().await.map(|bytes| (bytes, subscriber))
        });
        Ok(match plan.beat {
            None => answers.boxed(),
            Some(beat) => with_beat(self.clone(), beat, answers.boxed()),
        })
    }

    /// Runs the resolver once to learn what it wants.
    async fn plan(&self, caller: &Caller, operation: Operation) -> Result<Plan, Answer> {
        let scope =
            Arc::new(Scope::new(self.app.clone(), caller.viewer, caller.user_agent.clone(), Feed::planning()));
        let request = operation.into_request(Arc::clone(&scope), self.app.config.introspects());
        let mut responses = self.schema.execute_stream(request);
        match AssertUnwindSafe(responses.next()).catch_unwind().await {
            Ok(Some(mut response)) => {
                // Nothing was delivered yet, so it is the request that failed.
                for error in &mut response.errors {
                    error.path.clear();
                }
                Err(answer(Response::from_errors(response.errors)))
            }
            Ok(None) => scope
                .planned()
                .ok_or_else(|| super::run::refuse(ApiCode::BadDocument, "A subscription must select one top-level field.")),
            Err(_) => Err(super::run::refuse(ApiCode::Internal, crate::graphql::error::INTERNAL_MESSAGE)),
        }
    }

    /// Joins the group of a program on a stream, or founds it. The program that comes back shares what it can with the
    /// group: a document is larger than everything else that a subscriber keeps.
    fn join(&self, program: Program, stream: StreamName) -> (broadcast::Receiver<Delivery>, Program) {
        let mut variables = Map::clone(&program.variables);
        for own in own_variables(&program.document, program.operation_name.as_deref()) {
            variables.remove(&own);
        }
        let key = GroupKey {
            stream,
            query: Arc::clone(&program.query),
            operation_name: program.operation_name.clone(),
            variables: Json::Object(variables).to_string(),
        };
        let mut groups = self.groups.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = groups.get(&key) {
            let same = group.program.variables == program.variables;
            let variables = if same { Arc::clone(&group.program.variables) } else { program.variables };
            return (group.sender.subscribe(), Program { variables, ..group.program.clone() });
        }
        let (sender, receiver) = broadcast::channel(BACKLOG);
        groups.insert(key.clone(), Group { sender: sender.clone(), program: program.clone() });
        drop(groups);
        tokio::spawn(lead(self.clone(), key, program.clone(), sender));
        (receiver, program)
    }

    /// Forgets groups that nobody is in, and lets the hub catch up. Called every few seconds.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn sweep(&self) -> diesel::QueryResult<()> {
        self.groups.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, group| group.sender.receiver_count() > 0);
        self.app.hub.sweep(&self.app).await
    }

    /// How many groups there are.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether the group still has this sender; if nobody is in it, it ends here.
    fn keeps(&self, key: &GroupKey, sender: &broadcast::Sender<Delivery>) -> bool {
        let mut groups = self.groups.0.lock().unwrap_or_else(PoisonError::into_inner);
        let current = groups.get(key).is_some_and(|group| group.sender.same_channel(sender));
        if current && sender.receiver_count() == 0 {
            groups.remove(key);
            return false;
        }
        current
    }
}

/// Leads a group: executes each event once.
async fn lead(engine: Engine, key: GroupKey, program: Program, sender: broadcast::Sender<Delivery>) {
    let mut executor = Executor::new(&engine, &program, None);
    'attach: while engine.keeps(&key, &sender) {
        let Ok(mut attached) = engine.app.hub.attach(&engine.app, key.stream).await else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        loop {
            let event = tokio::select! {
                event = attached.receiver.recv() => event,
                () = tokio::time::sleep(Duration::from_secs(5)) => {
                    if engine.keeps(&key, &sender) { continue } else { return }
                }
            };
            match event {
                Ok(event) => {
                    let delivery = match executor.execute(Arc::clone(&event)).await {
                        Some((bytes, false)) => Delivery::Shared(event.seq, bytes),
                        Some((_, true)) => Delivery::Alone(event),
                        None => {
                            executor = Executor::new(&engine, &program, None);
                            Delivery::Alone(event)
                        }
                    };
                    if sender.send(delivery).is_err() && !engine.keeps(&key, &sender) {
                        return;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    sender.send(Delivery::Lost).ok();
                    continue 'attach;
                }
                Err(broadcast::error::RecvError::Closed) => continue 'attach,
            }
        }
    }
}

/// A document on its way through a stream of events.
struct Executor {
    scope: Arc<Scope>,
    events: mpsc::Sender<Arc<Event>>,
    responses: BoxStream<'static, Response>,
}

impl Executor {
    fn new(engine: &Engine, program: &Program, viewer: Option<Viewer>) -> Self {
        let (events, receiver) = mpsc::channel(1);
        let scope = Arc::new(Scope::new(engine.app.clone(), viewer, None, Feed::of(receiver)));
        let request = program.operation().into_request(Arc::clone(&scope), engine.app.config.introspects());
        Self { scope, events, responses: engine.schema.execute_stream(request) }
    }

    /// The answer for one event, and whether it asked who is looking. `None` if the execution broke.
    async fn execute(&mut self, event: Arc<Event>) -> Option<(Bytes, bool)> {
        self.scope.next_event();
        self.events.send(event).await.ok()?;
        let response = AssertUnwindSafe(self.responses.next()).catch_unwind().await.ok()??;
        Some((answer(response).body, self.scope.asked_viewer()))
    }
}

/// One subscriber's way through the stream.
struct Subscriber {
    engine: Engine,
    viewer: Option<Viewer>,
    stream: StreamName,
    program: Program,
    receiver: broadcast::Receiver<Delivery>,
    /// Made when an event must be executed for this subscriber alone.
    executor: Option<Box<Executor>>,
    /// Number of the last event answered; -1 = its cursor cannot be continued.
    sent: i64,
    /// Up to here it reads the log.
    position: i64,
    replay: std::vec::IntoIter<Arc<Event>>,
    ended: bool,
}

impl Subscriber {
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
            self.executor = None;
            match self.receiver.recv().await {
                Ok(Delivery::Shared(seq, bytes)) if seq == self.sent + 1 => {
                    self.sent = seq;
                    return Some(bytes);
                }
                Ok(Delivery::Alone(event)) if event.seq == self.sent + 1 => return Box::pin(self.alone(event)).await,
                // Seen already; or events passed by between the start of this subscriber and that of its group, and the
                // log has them.
                Ok(Delivery::Shared(seq, _)) => self.position = seq,
                Ok(Delivery::Alone(event)) => self.position = event.seq,
                Ok(Delivery::Lost) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    return Box::pin(self.resync()).await;
                }
                Err(broadcast::error::RecvError::Closed) => {
                    if Box::pin(self.rejoin()).await.is_err() {
                        return Box::pin(self.resync()).await;
                    }
                }
            }
        }
    }

    /// The group ended without this subscriber: founds it again, to go on from where this one stands.
    async fn rejoin(&mut self) -> diesel::QueryResult<()> {
        (self.receiver, self.program) = self.engine.join(self.program.clone(), self.stream);
        self.position = self.engine.app.hub.attach(&self.engine.app, self.stream).await?.position;
        Ok(())
    }

    /// The next answer from the log; `None` once the log is read up to the position.
    async fn next_replayed(&mut self) -> Option<Option<Bytes>> {
        loop {
            if let Some(event) = self.replay.next() {
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
                Ok(events) if events.first().is_some_and(|first| first.seq == self.sent + 1) => {
                    self.replay = events.into_iter();
                }
                // Trimmed while it was read, or unreadable.
                Ok(_) | Err(_) => return Some(self.resync().await),
            }
        }
    }

    async fn alone(&mut self, event: Arc<Event>) -> Option<Bytes> {
        let seq = event.seq;
        let executor = self
            .executor
            .get_or_insert_with(|| Box::new(Executor::new(&self.engine, &self.program, self.viewer)));
        match executor.execute(event).await {
            Some((bytes, _)) => {
                self.sent = seq;
                Some(bytes)
            }
            None => {
                self.ended = true;
                None
            }
        }
    }

    /// Tells the subscriber to read the snapshot again, and ends.
    async fn resync(&mut self) -> Option<Bytes> {
        let position = match self.engine.app.conn().await {
            Ok(mut conn) => log::position(&mut conn, self.stream).await.map_or(self.position, |at| at.last_seq),
            Err(_) => self.position,
        };
        let event = Event::resync(self.stream, position, self.engine.app.clock.now());
        self.executor = None;
        let bytes = self.alone(Arc::new(event)).await;
        self.ended = true;
        bytes
    }
}

/// Runs a subscription's beat while it lasts.
fn with_beat(engine: Engine, beat: crate::graphql::feed::Beat, answers: Answers) -> Answers {
    let timer = tokio::time::interval(BEAT);
    futures_util::stream::unfold((engine, beat, answers, timer), |(engine, beat, mut answers, mut timer)| async {
        loop {
            tokio::select! {
                answer = answers.next() => return answer.map(|bytes| (bytes, (engine, beat, answers, timer))),
                _ = timer.tick() => beat(engine.app.clone()).await,
            }
        }
    })
    .boxed()
}

/// Names of the variables that place a subscriber in the stream and do not change its answers: those given to the
/// arguments `after` and `presenceId` of the top-level field.
fn own_variables(document: &ExecutableDocument, operation_name: Option<&str>) -> Vec<String> {
    use async_graphql::parser::types::Selection;
    document
        .operations
        .iter()
        .filter(|(name, _)| operation_name.is_none() || name.map(async_graphql::Name::as_str) == operation_name)
        .flat_map(|(_, operation)| &operation.node.selection_set.node.items)
        .filter_map(|selection| match &selection.node {
            Selection::Field(field) => Some(&field.node.arguments),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => None,
        })
        .flatten()
        .filter(|(argument, _)| matches!(argument.node.as_str(), "after" | "presenceId"))
        .filter_map(|(_, value)| match &value.node {
            DocumentValue::Variable(name) => Some(name.to_string()),
            _ => None,
        })
        .collect()
}
