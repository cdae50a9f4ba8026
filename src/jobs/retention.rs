//! Removes what is kept for a time only.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Job;
use crate::{app::App, db::idempotency, events::log, limits::postgres};

/// How long a subscription can be resumed.
pub const EVENTS_KEPT: TimeDelta = TimeDelta::days(30);
/// How long a repeat of a mutation is recognised. What a unique column guards is recognised for ever.
pub const KEYS_KEPT: TimeDelta = TimeDelta::days(7);
/// How often old rows are looked for.
pub const PERIOD: Duration = Duration::from_hours(1);
/// Rows removed by one statement, so that none of them holds its locks for long.
const BATCH: i64 = 2_000;

/// Removes old events, idempotency keys and counters.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Retention;

impl Job for Retention {
    const KIND: &'static str = "retention";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        let (mut events, mut keys) = (0, 0);
        // A connection per batch: requests come in between.
        loop {
            let removed = log::trim(&mut *app.conn().await?, now - EVENTS_KEPT, BATCH).await?;
            events += removed;
            if removed == 0 || app.is_stopping() {
                break;
            }
        }
        loop {
            let removed = idempotency::forget(&mut *app.conn().await?, now - KEYS_KEPT, BATCH).await?;
            keys += removed;
            if removed == 0 || app.is_stopping() {
                break;
            }
        }
        postgres::forget(&mut *app.conn().await?, now).await?;
        tracing::info!(events, keys, "removed what was kept long enough");
        Ok(())
    }
}
