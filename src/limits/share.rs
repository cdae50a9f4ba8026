//! Once a second: what was counted here goes to the shared store, and the totals of all processes come back.
//!
//! Requests never wait for the store. While it is down, the limits hold within each process.

use std::time::{Duration, Instant};

use super::{Caller, Spent, Total, postgres, redis::Redis};
use crate::app::App;

/// How often counts are shared.
const PERIOD: Duration = Duration::from_secs(1);
/// Callers that are told of at once.
const BATCH: usize = 5_000;
/// Counters that a process adopts when it starts.
const ADOPTED: i64 = 100_000;
/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a store that stays down is told of in the log.
const COMPLAINT: Duration = Duration::from_mins(1);

/// Shares the counts of one process.
#[derive(Debug)]
pub struct Sharing {
    app: App,
    store: Store,
    complained: Option<Instant>,
}

#[derive(Debug)]
enum Store {
    Postgres,
    Redis(Box<Redis>),
}

/// What went wrong.
enum Failure {
    /// Nothing was told.
    Unreached(anyhow::Error),
    /// It is not known what was told: telling it again might count it twice.
    Unclear(anyhow::Error),
}

impl Sharing {
    /// Adopts what was counted before this process started. A store that is down keeps nobody from starting.
    ///
    /// # Errors
    /// If the address of the store cannot be read.
    pub async fn start(app: App) -> anyhow::Result<Self> {
        let store = match &app.config.redis_url {
            Some(url) => Store::Redis(Box::new(Redis::new(url)?)),
            None => Store::Postgres,
        };
        let mut sharing = Self { app, store, complained: None };
        if sharing.counts() {
            match sharing.running().await {
                Ok(totals) => sharing.adopt(totals),
                Err(error) => sharing.complain(&error),
            }
        }
        Ok(sharing)
    }

    /// Shares until the application has stopped, and what is left then.
    pub async fn run(mut self) {
        if !self.counts() {
            return;
        }
        let app = self.app.clone();
        while !app.is_stopping() {
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = app.stopped() => {}
            }
            self.round().await;
        }
    }

    /// Whether there is anything to count.
    fn counts(&self) -> bool {
        self.app.limits.anonymous_requests > 0 || self.app.limits.member_points > 0
    }

    async fn round(&mut self) {
        loop {
            let now = self.app.clock.now().timestamp_millis();
            let mut spent = self.app.limits.places.take_unsent(BATCH, now);
            spent.extend(self.app.limits.members.take_unsent(BATCH - spent.len(), now));
            if spent.is_empty() {
                return;
            }
            match self.exchange(&spent).await {
                Ok(totals) => {
                    self.complained = None;
                    self.adopt(totals);
                }
                Err(Failure::Unreached(error)) => {
                    self.app
                        .limits
                        .places
                        .put_back(&only(&spent, |caller| matches!(caller, Caller::Place(_))));
                    self.app
                        .limits
                        .members
                        .put_back(&only(&spent, |caller| matches!(caller, Caller::Member(_))));
                    self.complain(&error);
                    return;
                }
                Err(Failure::Unclear(error)) => {
                    self.complain(&error);
                    return;
                }
            }
            if spent.len() < BATCH {
                return;
            }
        }
    }

    async fn exchange(&mut self, spent: &[Spent]) -> Result<Vec<Total>, Failure> {
        let now = self.app.clock.now();
        match &mut self.store {
            Store::Postgres => {
                let mut conn = self.app.conn().await.map_err(|error| Failure::Unreached(error.into()))?;
                postgres::exchange(&mut conn, spent, now).await.map_err(Failure::Unclear)
            }
            Store::Redis(redis) => {
                in_time(redis.connect()).await.map_err(Failure::Unreached)?;
                let totals = in_time(redis.exchange(spent, now)).await;
                if totals.is_err() {
                    redis.disconnect();
                }
                totals.map_err(Failure::Unclear)
            }
        }
    }

    async fn running(&mut self) -> anyhow::Result<Vec<Total>> {
        let now = self.app.clock.now();
        match &mut self.store {
            Store::Postgres => postgres::running(&mut *self.app.conn().await?, ADOPTED, now).await,
            Store::Redis(redis) => {
                let totals = in_time(redis.running(now)).await;
                if totals.is_err() {
                    redis.disconnect();
                }
                totals
            }
        }
    }

    fn adopt(&self, totals: Vec<Total>) {
        let now = self.app.clock.now().timestamp_millis();
        for total in totals {
            self.app.limits.counters(total.caller).adopt(total, now);
        }
    }

    fn complain(&mut self, error: &anyhow::Error) {
        metrics::counter!("skillswap_limits_store_failures_total").increment(1);
        if self.complained.is_none_or(|last| last.elapsed() >= COMPLAINT) {
            self.complained = Some(Instant::now());
            tracing::warn!(
                error = format!("{error:#}"),
                "the shared limits cannot be reached: each process counts for itself"
            );
        }
    }
}

fn only(spent: &[Spent], wanted: impl Fn(Caller) -> bool) -> Vec<Spent> {
    spent.iter().copied().filter(|spent| wanted(spent.caller)).collect()
}

async fn in_time<T>(answer: impl Future<Output = redis::RedisResult<T>>) -> anyhow::Result<T> {
    Ok(tokio::time::timeout(PATIENCE, answer).await??)
}
