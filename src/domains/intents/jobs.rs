//! The clean-up of intents.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// Removes intents that have expired.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetIntents {}

impl Job for ForgetIntents {
    const KIND: &'static str = "intents.forget";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::forget(app).await?)
    }
}
