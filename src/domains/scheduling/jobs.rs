//! Jobs of scheduling.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// Deletes expired holds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ExpireHolds {}

impl Job for ExpireHolds {
    const KIND: &'static str = "scheduling.expire_holds";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        while service::expire_holds(app).await? > 0 {}
        Ok(())
    }
}
