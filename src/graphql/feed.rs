//! How a subscription's resolver gets its events.
//!
//! A subscription is executed twice. The planning run checks arguments and rights, says which stream it wants and from
//! where, and ends. The running one is fed event by event by the engine, alone or once for all who asked the same.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, future::BoxFuture, stream::BoxStream};
use tokio::sync::mpsc;

use super::error::{ApiCode, ApiError};
use crate::{
    app::App,
    events::{Cursor, Event, StreamName},
};

/// Something to do now and then while the subscriber is connected, such as keeping a presence alive.
pub type Beat = Arc<dyn Fn(App) -> BoxFuture<'static, ()> + Send + Sync>;

/// What a subscription's resolver decides on.
#[derive(Clone)]
pub struct Course {
    /// The stream.
    pub stream: StreamName,
    /// What to do while it lasts.
    pub beat: Option<Beat>,
    /// When the right to it ends by itself.
    pub until: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Course {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Course")
            .field("stream", &self.stream)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl From<(StreamName, Option<Beat>)> for Course {
    fn from((stream, beat): (StreamName, Option<Beat>)) -> Self {
        Self { stream, beat, until: None }
    }
}

/// What a subscription wants.
#[derive(Clone)]
pub struct Plan {
    /// The stream.
    pub stream: StreamName,
    /// From where; `None` = from now.
    pub after: Option<Cursor>,
    /// What to do while it lasts.
    pub beat: Option<Beat>,
    /// When the right to it ends by itself.
    pub until: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("stream", &self.stream)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// The part an execution plays for its subscription field.
#[derive(Debug)]
pub enum Feed {
    /// None: a query or mutation.
    None,
    /// It plans.
    Planning(Mutex<Option<Plan>>),
    /// It runs on these events.
    Running(Mutex<Option<mpsc::Receiver<Arc<Event>>>>),
}

impl Feed {
    /// A planning run.
    #[must_use]
    pub fn planning() -> Self {
        Self::Planning(Mutex::default())
    }

    /// A run on the events of a channel.
    #[must_use]
    pub fn of(events: mpsc::Receiver<Arc<Event>>) -> Self {
        Self::Running(Mutex::new(Some(events)))
    }

    pub(super) fn planned(&self) -> Option<Plan> {
        match self {
            Self::Planning(plan) => plan.lock().unwrap_or_else(PoisonError::into_inner).take(),
            Self::None | Self::Running(_) => None,
        }
    }

    pub(super) fn plan(&self, plan: Plan) -> Result<(), ApiError> {
        let Self::Planning(slot) = self else {
            return Err(ApiError::told(
                ApiCode::BadRequest,
                "Subscriptions run over WebSocket or server-sent events only.",
            ));
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.replace(plan).is_some() {
            return Err(ApiError::told(
                ApiCode::BadDocument,
                "A subscription must select exactly one top-level field.",
            ));
        }
        Ok(())
    }

    pub(super) fn running(&self) -> Option<BoxStream<'static, Arc<Event>>> {
        let Self::Running(events) = self else { return None };
        let events = events.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(
            futures_util::stream::unfold(events, |mut events| async { Some((events.recv().await?, events)) })
                .boxed(),
        )
    }
}
