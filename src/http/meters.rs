//! What the transports count.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// The meters of one server, looked up once.
#[derive(Debug)]
pub(super) struct Meters {
    query: OfKind,
    mutation: OfKind,
    subscription: OfKind,
    unknown: OfKind,
    open_sockets: Gauge,
    live_subscriptions: Gauge,
}

#[derive(Debug)]
struct OfKind {
    answered: Counter,
    failed: Counter,
    refused: Counter,
    kept: Counter,
    seconds: Histogram,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Without an error.
    Answered,
    /// With entries in `errors`.
    Failed,
    /// Before it was executed.
    Refused,
    /// From a kept answer.
    Kept,
}

impl Meters {
    pub(super) fn new() -> Self {
        Self {
            query: OfKind::new("query"),
            mutation: OfKind::new("mutation"),
            subscription: OfKind::new("subscription"),
            unknown: OfKind::new("unknown"),
            open_sockets: gauge!("skillswap_open_sockets"),
            live_subscriptions: gauge!("skillswap_live_subscriptions"),
        }
    }

    /// Counts an operation; one that could not be read has no kind.
    pub(super) fn operation(&self, kind: Option<OperationType>, outcome: Outcome, took: Duration) {
        let meters = match kind {
            Some(OperationType::Query) => &self.query,
            Some(OperationType::Mutation) => &self.mutation,
            Some(OperationType::Subscription) => &self.subscription,
            None => &self.unknown,
        };
        let counter = match outcome {
            Outcome::Answered => &meters.answered,
            Outcome::Failed => &meters.failed,
            Outcome::Refused => &meters.refused,
            Outcome::Kept => &meters.kept,
        };
        counter.increment(1);
        meters.seconds.record(took.as_secs_f64());
    }

    /// Counts a socket until the guard is dropped.
    pub(super) fn socket(&self) -> Present {
        Present::in_gauge(&self.open_sockets)
    }

    /// Counts a subscription until the guard is dropped.
    pub(super) fn subscription(&self) -> Present {
        Present::in_gauge(&self.live_subscriptions)
    }
}

impl OfKind {
    fn new(kind: &'static str) -> Self {
        let count = |outcome: &'static str| counter!("skillswap_operations_total", "kind" => kind, "outcome" => outcome);
        Self {
            answered: count("answered"),
            failed: count("failed"),
            refused: count("refused"),
            kept: count("kept"),
            seconds: histogram!("skillswap_operation_duration_seconds", "kind" => kind),
        }
    }
}

/// Something that is there as long as this value.
#[derive(Debug)]
pub(super) struct Present(Gauge);

impl Present {
    fn in_gauge(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
