//! Jobs of outside identities.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// Forgets sign-ins that never came back from their provider, and old deliveries of webhooks.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetOld {}

impl Job for ForgetOld {
    const KIND: &'static str = "identities.forget_old";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::forget_old(app).await?)
    }
}
