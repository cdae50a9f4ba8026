//! Jobs of the registry.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{model::USAGE_KEPT_DAYS, repo};
use crate::{app::App, jobs::Job};

/// Removes counts that are old.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetUsage {}

impl Job for ForgetUsage {
    const KIND: &'static str = "documents.usage";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let oldest = (app.clock.now() - TimeDelta::days(USAGE_KEPT_DAYS)).date_naive();
        repo::usage::forget(&mut *app.conn().await?, oldest).await?;
        Ok(())
    }
}
