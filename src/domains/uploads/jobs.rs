//! Jobs of uploads.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// Throws away what was announced and never finalised, what nothing shows, and what a crash left behind.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveAbandoned {}

impl Job for RemoveAbandoned {
    const KIND: &'static str = "uploads.remove_abandoned";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        service::sweep::remove_abandoned(app).await
    }
}
