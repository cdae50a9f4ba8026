//! Jobs of outside identities.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// Forgets sign-ins that never came back from their provider.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetOldStates {}

impl Job for ForgetOldStates {
    const KIND: &'static str = "identities.forget_states";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::forget_old_states(app).await?)
    }
}
