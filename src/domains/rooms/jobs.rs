//! Closes connections that stopped giving signs of life.

use serde::{Deserialize, Serialize};

use super::{model::LOST_AFTER, repo, service};
use crate::{
    app::App,
    db::ids::{EntityId, SessionId},
    jobs::Job,
};

/// Rooms looked at at once.
const BATCH: i64 = 100;

/// Closes lost presences at their last sign of life, room by room. Running it twice does no harm.
#[derive(Debug, Serialize, Deserialize)]
pub struct CloseLostPresences {}

impl Job for CloseLostPresences {
    const KIND: &'static str = "rooms.close_lost";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let seen_before = app.clock.now() - LOST_AFTER;
        let mut place = SessionId::from_uuid(uuid::Uuid::nil());
        loop {
            let batch = repo::with_lost(&mut *app.conn().await?, seen_before, place, BATCH).await?;
            for &session in &batch {
                if let Err(error) = service::close_lost(app, session).await {
                    tracing::error!(session.id = %session, %error, "lost connections could not be closed");
                }
            }
            let Some(&last) = batch.last() else { return Ok(()) };
            place = last;
        }
    }
}
