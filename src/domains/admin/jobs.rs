//! Jobs of administration.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// Writes down that suspensions are over. They end by themselves; this tells the member and the log.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndSuspensions {}

impl Job for EndSuspensions {
    const KIND: &'static str = "admin.suspensions";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        service::end_suspensions(app).await?;
        Ok(())
    }
}
