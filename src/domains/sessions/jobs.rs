//! What the clock does when nobody else did. Every entity is settled in its own transaction, which looks again under the
//! lock: a job that is killed or runs twice does no harm.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    model::rules::{GIVEN_UP_AFTER, OVERRUN},
    repo::{self, Overdue, Unconfirmed},
    service,
};
use crate::{
    app::App,
    db::ids::{BookingId, EntityId, SessionId},
    jobs::Job,
};

/// Entities read at once.
const BATCH: i64 = 100;

/// Ends live sessions after their overrun and gives up sessions that nobody started.
#[derive(Debug, Serialize, Deserialize)]
pub struct SettleSessions {}

impl Job for SettleSessions {
    const KIND: &'static str = "sessions.settle";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        let mut place = (DateTime::<Utc>::UNIX_EPOCH, SessionId::from_uuid(uuid::Uuid::nil()));
        loop {
            let due = Overdue {
                live_until: now - OVERRUN,
                scheduled_until: now - GIVEN_UP_AFTER,
                after: place.0,
                after_id: place.1,
                limit: BATCH,
            };
            let batch = repo::overdue(&mut *app.conn().await?, &due).await?;
            for &(_, id) in &batch {
                if let Err(error) = service::settle(app, id).await {
                    tracing::error!(session.id = %id, %error, "a forgotten session could not be settled");
                }
            }
            let Some(&last) = batch.last() else { return Ok(()) };
            place = last;
        }
    }
}

/// Removes quotes that expired long ago.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetQuotes {}

impl Job for ForgetQuotes {
    const KIND: &'static str = "sessions.forget_quotes";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::forget_quotes(app).await?)
    }
}

/// Completes bookings that nobody confirmed in time.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConfirmBookings {}

impl Job for ConfirmBookings {
    const KIND: &'static str = "sessions.confirm";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        let mut place = (DateTime::<Utc>::UNIX_EPOCH, BookingId::from_uuid(uuid::Uuid::nil()));
        loop {
            let due = Unconfirmed { now, after: place.0, after_id: place.1, limit: BATCH };
            let batch = repo::unconfirmed(&mut *app.conn().await?, &due).await?;
            for &(_, id) in &batch {
                if let Err(error) = service::auto_confirm(app, id).await {
                    tracing::error!(booking.id = %id, %error, "a booking could not be completed");
                }
            }
            let Some(&last) = batch.last() else { return Ok(()) };
            place = last;
        }
    }
}
