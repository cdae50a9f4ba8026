//! Jobs of discovery.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// Mends the soonest slots that bookings and the clock made wrong.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RefreshSoonest {}

impl Job for RefreshSoonest {
    const KIND: &'static str = "discovery.refresh_soonest";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        service::refresh_soonest(app).await?;
        Ok(())
    }
}
