//! Jobs of the audit log.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// How often acts are sealed.
pub const SEALING: Duration = Duration::from_secs(5);

/// Seals what was recorded since the last time.
#[derive(Debug, Serialize, Deserialize)]
pub struct SealActs {}

impl Job for SealActs {
    const KIND: &'static str = "audit.seal";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        service::seal(app).await?;
        Ok(())
    }
}

/// Publishes the head.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishHead {}

impl Job for PublishHead {
    const KIND: &'static str = "audit.publish";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        service::publish_head(app).await?;
        Ok(())
    }
}
