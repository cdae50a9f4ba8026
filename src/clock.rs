//! The only caller of the system clock.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

/// The time that every deadline is measured by: the database server's, so that all processes agree.
///
/// Held as the system clock plus an offset, which [`Clock::follow`] sets from the database; tests move it forward.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_micros: Arc<AtomicI64>,
    advanced_micros: Arc<AtomicI64>,
}

impl Clock {
    /// The present instant, to the microsecond (what the database can keep).
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = system_micros()
            + self.offset_micros.load(Ordering::Relaxed)
            + self.advanced_micros.load(Ordering::Relaxed);
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// Adopts the database's time, just read.
    pub fn follow(&self, database_now: DateTime<Utc>) {
        self.offset_micros.store(database_now.timestamp_micros() - system_micros(), Ordering::Relaxed);
    }

    /// Moves the clock, for tests of deadlines.
    pub fn advance(&self, by: TimeDelta) {
        self.advanced_micros.fetch_add(by.num_microseconds().unwrap_or_default(), Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that asks the system")]
fn system_micros() -> i64 {
    Utc::now().timestamp_micros()
}
