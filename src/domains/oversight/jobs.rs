//! Jobs of oversight.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// Tells the members of conversations what was read while they were not told.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellEnded {}

impl Job for TellEnded {
    const KIND: &'static str = "oversight.tell_ended";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::tell_ended(app).await?)
    }
}
