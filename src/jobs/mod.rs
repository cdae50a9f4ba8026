//! Background work: a queue and schedules kept in PostgreSQL.
//!
//! - a [`Job`] is enqueued by the transaction that wants it ([`queue::enqueue`]) and runs after the commit, at least
//!   once: it must do no harm when run twice;
//! - [`runner`] takes due jobs with `SKIP LOCKED`, retries with growing pauses, and puts a job that keeps failing aside
//!   as a dead letter;
//! - [`retention`] removes what is kept for a time only;
//! - [`registry`] lists all jobs, schedules and listeners: the only place here that names domains.

pub mod queue;
pub mod registry;
pub mod retention;
pub mod runner;

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    db::hot::{HotKey, HotRows},
    events::{Listener, Listeners},
};

/// A piece of work. The struct holds ids only; what it needs it reads when it runs.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names the job; stable for as long as rows of it exist.
    const KIND: &'static str;
    /// How often it is tried before it is put aside.
    const MAX_ATTEMPTS: i32 = 12;

    /// Does the work.
    ///
    /// # Errors
    /// Any error: the job is tried again later.
    fn run(self, app: &App) -> impl Future<Output = anyhow::Result<()>> + Send;
}

type Run = Arc<dyn Fn(App, serde_json::Value) -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// What the runner knows of a kind of job.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) run: Run,
    pub(crate) max_attempts: i32,
}

/// A job that is enqueued again and again.
#[derive(Clone)]
pub(crate) struct Scheduled {
    pub(crate) kind: &'static str,
    pub(crate) payload: serde_json::Value,
    pub(crate) every: Duration,
}

/// All jobs, schedules, listeners and kept rows of the product.
#[derive(Default)]
pub struct Registry {
    pub(crate) jobs: HashMap<&'static str, Known>,
    pub(crate) schedules: Vec<Scheduled>,
    listeners: Listeners,
    hot: Vec<fn(HotRows) -> HotRows>,
}

impl Registry {
    /// Adds a kind of job.
    #[must_use]
    pub fn job<J: Job>(mut self) -> Self {
        let run: Run = Arc::new(|app, payload| {
            async move {
                let job: J = serde_json::from_value(payload)?;
                job.run(&app).await
            }
            .boxed()
        });
        self.jobs.insert(J::KIND, Known { run, max_attempts: J::MAX_ATTEMPTS });
        self
    }

    /// Adds a job that runs again and again, on one worker at a time.
    #[must_use]
    pub fn every<J: Job>(mut self, period: Duration, job: &J) -> Self {
        let payload = serde_json::to_value(job).unwrap_or_default();
        self.schedules.push(Scheduled { kind: J::KIND, payload, every: period });
        self.job::<J>()
    }

    /// Adds a listener.
    #[must_use]
    pub fn listener(mut self, listener: impl Listener + 'static) -> Self {
        self.listeners.push(Arc::new(listener));
        self
    }

    /// Keeps the rows of a lookup in the process.
    #[must_use]
    pub fn hot<K: HotKey>(mut self) -> Self {
        self.hot.push(HotRows::with::<K>);
        self
    }

    pub(crate) fn hot_rows(&self) -> HotRows {
        self.hot.iter().fold(HotRows::default(), |rows, with| with(rows))
    }

    pub(crate) fn listeners(&self) -> &Listeners {
        &self.listeners
    }
}
