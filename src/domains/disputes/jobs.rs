//! What the clock does when nobody answered. Every dispute is settled in its own transaction, which looks again under the
//! lock: a job that is killed or runs twice does no harm.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    repo::{self, Unanswered},
    service,
};
use crate::{
    app::App,
    db::ids::{DisputeId, EntityId},
    jobs::Job,
};

/// Disputes read at once.
const BATCH: i64 = 100;

/// Settles disputes as asked that nobody answered in time.
#[derive(Debug, Serialize, Deserialize)]
pub struct SettleSilent {}

impl Job for SettleSilent {
    const KIND: &'static str = "disputes.settle_silent";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        let mut place = (DateTime::<Utc>::UNIX_EPOCH, DisputeId::from_uuid(uuid::Uuid::nil()));
        loop {
            let due = Unanswered { now, after: place.0, after_id: place.1, limit: BATCH };
            let batch = repo::unanswered(&mut *app.conn().await?, &due).await?;
            for &(_, id) in &batch {
                if let Err(error) = service::expire(app, id).await {
                    tracing::error!(dispute.id = %id, %error, "a dispute that nobody answered could not be settled");
                }
            }
            let Some(&last) = batch.last() else { return Ok(()) };
            place = last;
        }
    }
}
