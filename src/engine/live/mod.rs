//! One subscription to its stream of answers.
//!
//! Subscribers who sent the same document and variables (cursor aside) to the same stream form a group. The group
//! executes the document once per event, as nobody, and shares the bytes. If a resolver asks who is looking, the bytes
//! are thrown away and each subscriber executes the event for itself: sharing is decided by what happened, not by a list.

mod program;
mod subscriber;

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_graphql::{Response, parser::types::ExecutableDocument};
use async_graphql_value::Value as DocumentValue;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use serde_json::{Map, Value as Json};
use tokio::sync::broadcast;

use self::{
    program::{Executor, Program},
    subscriber::Subscriber,
};
use super::{
    Caller, Engine,
    run::{Answer, Operation, answer, refuse},
};
use crate::{
    events::{Event, StreamName, log},
    graphql::{
        Scope,
        error::{ApiCode, ApiError},
        feed::{Feed, Plan},
        rights_of,
    },
};

/// Answers that a slow subscriber may be behind.
const BACKLOG: usize = 64;
/// How long a leader waits before it looks whether anybody is left.
const IDLE: Duration = Duration::from_secs(5);
/// How often a subscription whose right ends by itself looks at the clock while nothing happens.
const END_CHECK: Duration = Duration::from_secs(1);
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
    text: Arc<str>,
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

impl Engine {
    /// Starts a subscription: checks it, replays what came after its cursor, then goes on live.
    ///
    /// # Errors
    /// The answer that refuses it.
    pub async fn subscribe(&self, caller: Caller, operation: Operation) -> Result<Answers, Answer> {
        let program = Program {
            document: Arc::new(operation.document.clone()),
            text: Arc::clone(&operation.text),
            operation_name: operation.operation_name.clone(),
            variables: Arc::new(operation.variables.clone()),
            registry: operation.registry,
            cost: operation.cost,
        };
        self.count(&caller.client.app, &operation.used);
        // Seen before the rights are read: a change in between is found before the first event.
        let rights = caller.viewer.map(|viewer| self.app.hot.versions.see(rights_of(viewer.member_id)));
        let plan = self.plan(&caller, operation).await?;
        let internal = |error| {
            answer(Response::from_errors(vec![
                async_graphql::Error::from(ApiError::from(error))
                    .into_server_error(async_graphql::Pos::default()),
            ]))
        };
        let (receiver, program) = self.join(program, plan.stream).await.map_err(internal)?;
        // Joined first: whatever the hub delivers after this position reaches the receiver.
        let mut position = self.app.hub.attach(&self.app, plan.stream).await.map_err(internal)?.position;
        let start = match plan.after {
            None => position,
            Some(cursor) => {
                let mut conn = self.app.conn().await.map_err(internal)?;
                let log = log::position(&mut conn, plan.stream).await.map_err(internal)?;
                // The log is ahead of what was delivered here while a commit is being made known, and by what another
                // process wrote since the last sweep.
                position = position.max(log.last_seq);
                if cursor.seq < log.trimmed_seq || cursor.seq > position { -1 } else { cursor.seq }
            }
        };
        let subscriber = Subscriber {
            engine: self.clone(),
            viewer: caller.viewer,
            rights,
            stream: plan.stream,
            program,
            receiver,
            executor: None,
            sent: start,
            position,
            replay: Vec::new().into_iter(),
            replaying: false,
            ended: false,
        };
        let answers = futures_util::stream::unfold(subscriber, |mut subscriber| async {
            subscriber.next_allowed().await.map(|bytes| (bytes, subscriber))
        });
        let answers = match plan.until {
            None => answers.boxed(),
            Some(until) => ending(self.clone(), until, answers.boxed()),
        };
        Ok(match plan.beat {
            None => answers,
            Some(beat) => with_beat(self.clone(), beat, answers),
        })
    }

    /// Runs the resolver once to learn what it wants.
    async fn plan(&self, caller: &Caller, operation: Operation) -> Result<Plan, Answer> {
        let scope =
            Arc::new(Scope::new(self.app.clone(), caller.viewer, caller.client.clone(), Feed::planning()));
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
            Ok(None) => scope.planned().ok_or_else(|| {
                refuse(ApiCode::BadDocument, "A subscription must select one top-level field.")
            }),
            Err(_) => Err(refuse(ApiCode::Internal, crate::graphql::error::INTERNAL_MESSAGE)),
        }
    }

    /// Joins the group of a program on a stream, or founds it. The program that comes back shares what it can with the
    /// group's: a document is larger than everything else that a subscriber keeps.
    async fn join(
        &self,
        program: Program,
        stream: StreamName,
    ) -> QueryResult<(broadcast::Receiver<Delivery>, Program)> {
        let mut variables = Map::clone(&program.variables);
        for own in own_variables(&program.document, program.operation_name.as_deref()) {
            variables.remove(&own);
        }
        let key = GroupKey {
            stream,
            text: Arc::clone(&program.text),
            operation_name: program.operation_name.clone(),
            variables: Json::Object(variables).to_string(),
        };
        if let Some(joined) = self.joined(&key, &program) {
            return Ok(joined);
        }
        // The leader listens before anybody can be in the group, or the first events would reach nobody.
        let events = self.app.hub.attach(&self.app, stream).await?.receiver;
        let (sender, receiver) = broadcast::channel(BACKLOG);
        {
            let mut groups = self.groups.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(founded_meanwhile) = groups.get(&key) {
                return Ok(founded_meanwhile.welcome(&program));
            }
            groups.insert(key.clone(), Group { sender: sender.clone(), program: program.clone() });
        }
        tokio::spawn(lead(self.clone(), key, program.clone(), events, sender));
        Ok((receiver, program))
    }

    fn joined(&self, key: &GroupKey, program: &Program) -> Option<(broadcast::Receiver<Delivery>, Program)> {
        let groups = self.groups.0.lock().unwrap_or_else(PoisonError::into_inner);
        groups.get(key).map(|group| group.welcome(program))
    }

    /// Forgets groups that nobody is in, and lets the hub catch up. Called every few seconds.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn sweep(&self) -> QueryResult<()> {
        self.groups
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, group| group.sender.receiver_count() > 0);
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

impl Group {
    /// A receiver for one more subscriber, and its program with the group's document.
    fn welcome(&self, program: &Program) -> (broadcast::Receiver<Delivery>, Program) {
        let same = self.program.variables == program.variables;
        let variables = Arc::clone(if same { &self.program.variables } else { &program.variables });
        (self.sender.subscribe(), Program { variables, ..self.program.clone() })
    }
}

/// Leads a group: executes each event once.
async fn lead(
    engine: Engine,
    key: GroupKey,
    program: Program,
    mut events: broadcast::Receiver<Arc<Event>>,
    sender: broadcast::Sender<Delivery>,
) {
    let mut executor = Executor::new(&engine, &program, None);
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = tokio::time::sleep(IDLE) => {
                if engine.keeps(&key, &sender) {
                    continue;
                }
                return;
            }
        };
        let delivery = match event {
            Ok(event) => match executor.execute(Arc::clone(&event)).await {
                Some((bytes, false)) => Delivery::Shared(event.seq, bytes),
                Some((_, true)) => Delivery::Alone(event),
                None => {
                    executor = Executor::new(&engine, &program, None);
                    Delivery::Alone(event)
                }
            },
            Err(broadcast::error::RecvError::Lagged(_)) => Delivery::Lost,
            // The hub keeps a stream for as long as somebody listens to it.
            Err(broadcast::error::RecvError::Closed) => return,
        };
        if sender.send(delivery).is_err() && !engine.keeps(&key, &sender) {
            return;
        }
        if sender.len() >= BACKLOG / 2 {
            // A burst: those who are not slow get the time to keep up.
            tokio::task::yield_now().await;
        }
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

/// Ends a subscription when the right to it is over: nothing is delivered after that.
fn ending(engine: Engine, until: DateTime<Utc>, answers: Answers) -> Answers {
    let timer = tokio::time::interval(END_CHECK);
    futures_util::stream::unfold(Some((engine, answers, timer)), move |open| async move {
        let (engine, mut answers, mut timer) = open?;
        loop {
            let answer = tokio::select! {
                answer = answers.next() => Some(answer?),
                _ = timer.tick() => None,
            };
            if engine.app.clock.now() >= until {
                let over = "Your time to read this is over.";
                return Some((refuse(ApiCode::Forbidden, over).body, None));
            }
            if let Some(bytes) = answer {
                return Some((bytes, Some((engine, answers, timer))));
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
        .filter(|(name, _)| {
            operation_name.is_none() || name.map(async_graphql::Name::as_str) == operation_name
        })
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
