//! Devices that were signed out while their access tokens are still good.
//!
//! Checking a token asks the process, not the database. The process that signs a device out knows at once; the others
//! read the list every two seconds.

use std::time::Duration;

use chrono::TimeDelta;

use super::super::{model::ACCESS_TOKEN_LIFE, repo};
use crate::app::App;

/// How often the list is read.
const PERIOD: Duration = Duration::from_secs(2);
/// Longer than an access token lives: clocks differ a little.
const MARGIN: TimeDelta = TimeDelta::minutes(1);

/// Reads which devices were signed out recently.
///
/// # Errors
/// Only if the database fails.
pub async fn read(app: &App) -> diesel::QueryResult<()> {
    let since = app.clock.now() - ACCESS_TOKEN_LIFE - MARGIN;
    let revoked = repo::devices::revoked_since(&mut *app.conn().await?, since).await?;
    app.revoked.replace(revoked);
    Ok(())
}

/// Keeps the list current until the application stops.
pub async fn follow(app: App) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = app.stopped() => return,
        }
        if let Err(error) = read(&app).await {
            tracing::warn!(%error, "the list of signed-out devices could not be read");
        }
    }
}
