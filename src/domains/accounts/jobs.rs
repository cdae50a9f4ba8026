//! Jobs of accounts.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{repo, service};
use crate::{app::App, jobs::Job};

/// Mails the link to a new password, if the address has an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BeginReset {
    /// In normal form, as somebody gave it.
    pub email: String,
}

impl Job for BeginReset {
    const KIND: &'static str = "accounts.begin_reset";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::recovery::begin_reset(app, &self.email).await?)
    }
}

/// How long what has ended is kept, for whoever looks into a complaint.
const KEPT: TimeDelta = TimeDelta::days(7);

/// Removes tokens and counted tries that ended long ago.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ForgetEnded {}

impl Job for ForgetEnded {
    const KIND: &'static str = "accounts.forget_ended";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let before = app.clock.now() - KEPT;
        let mut conn = app.conn().await?;
        repo::recovery::forget_tries(&mut conn, before).await?;
        repo::recovery::forget_tokens(&mut conn, before).await?;
        repo::devices::forget_refresh_tokens(&mut conn, before).await?;
        Ok(())
    }
}
