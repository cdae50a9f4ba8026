//! Something fetched from an issuer, and kept: renewed behind those who use it, and used on while the issuer is down.

use std::{
    future::Future,
    sync::{Arc, Mutex as Plain, PoisonError},
    time::Duration,
};

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::OidcError;

/// How long callers wait for one that fetches.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a fetch is tried for what is missing: forged names of keys must not turn this server against the issuer.
const RETRY: TimeDelta = TimeDelta::seconds(30);
/// How long a value is used while the issuer is down.
const LAST: TimeDelta = TimeDelta::hours(24);

/// A kept value. Cheap to clone.
#[derive(Debug)]
pub(super) struct Kept<T> {
    state: Arc<Plain<State<T>>>,
    turn: Arc<Mutex<()>>,
    /// How long the value is believed; after half of it, it is renewed by the way.
    life: TimeDelta,
}

#[derive(Debug)]
struct State<T> {
    value: Option<(Arc<T>, DateTime<Utc>)>,
    tried_at: Option<DateTime<Utc>>,
    tries: u64,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), turn: Arc::clone(&self.turn), life: self.life }
    }
}

impl<T: Send + Sync + 'static> Kept<T> {
    pub(super) fn new(life: TimeDelta) -> Self {
        let state = State { value: None, tried_at: None, tries: 0 };
        Self { state: Arc::new(Plain::new(state)), turn: Arc::default(), life }
    }

    /// The value, fetched if there is none, if it is too old, or if it lacks what is wanted; but not too often, and by one
    /// at a time. A value that lacks it is given too: the caller looks.
    pub(super) async fn get(
        &self,
        now: DateTime<Utc>,
        has: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<T, OidcError>> + Send + 'static,
    ) -> Result<Arc<T>, OidcError> {
        let (value, tried, before) = self.look(now);
        if let Some((value, age)) = &value
            && has(value)
        {
            if *age < self.life / 2 || (tried < RETRY && *age < LAST) {
                return Ok(Arc::clone(value));
            }
            if *age < self.life {
                if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
                    let kept = self.clone();
                    tokio::spawn(async move { kept.fetch(turn, now, fetch).await.map(drop) });
                }
                return Ok(Arc::clone(value));
            }
        }
        let waiting = tokio::time::timeout(PATIENCE, Arc::clone(&self.turn).lock_owned()).await;
        let turn = waiting.map_err(|elapsed| OidcError::Unavailable(elapsed.into()))?;
        // Somebody else may have fetched it meanwhile.
        match self.look(now) {
            (Some((value, age)), tried, _) if tried < RETRY && age < LAST => return Ok(value),
            (None, _, meanwhile) if meanwhile > before => {
                return Err(OidcError::Unavailable(anyhow!("somebody else tried just now")));
            }
            _ => {}
        }
        match (self.fetch(turn, now, fetch).await, value) {
            (Err(error), Some((value, age))) if has(&value) && age < LAST => {
                tracing::warn!(%error, "an issuer is down: what it said before is used");
                Ok(value)
            }
            (fetched, _) => fetched,
        }
    }

    /// The value with its age, how long ago a fetch was tried, and how often it was.
    fn look(&self, now: DateTime<Utc>) -> (Option<(Arc<T>, TimeDelta)>, TimeDelta, u64) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let value = state.value.as_ref().map(|(value, at)| (Arc::clone(value), now - *at));
        (value, state.tried_at.map_or(TimeDelta::MAX, |at| now - at), state.tries)
    }

    async fn fetch(
        &self,
        _turn: OwnedMutexGuard<()>,
        now: DateTime<Utc>,
        fetch: impl Future<Output = Result<T, OidcError>>,
    ) -> Result<Arc<T>, OidcError> {
        let fetched = fetch.await.map(Arc::new);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tried_at = Some(now);
        state.tries += 1;
        if let Ok(value) = &fetched {
            state.value = Some((Arc::clone(value), now));
        }
        fetched
    }
}
