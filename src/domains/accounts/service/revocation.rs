//! Devices that were signed out while their access tokens are still good, and members whose rights have changed.
//!
//! Checking a token or a right asks the process, not the database. The process that takes something away knows at once;
//! the others read what changed lately every two seconds.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{loaders::MemberById, model::ACCESS_TOKEN_LIFE, repo};
use crate::{
    app::App,
    db::{hot::HotKey, ids::MemberId},
    graphql::rights_of,
};

/// How often the list is read.
const PERIOD: Duration = Duration::from_secs(2);
/// How far back changes of rights are read: far longer than a transaction takes.
const RECENT: TimeDelta = TimeDelta::minutes(2);
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

/// Changes of rights that this process knows of.
#[derive(Debug, Default)]
struct Known(HashMap<MemberId, DateTime<Utc>>);

impl Known {
    /// Forgets what the process kept of members whose rights another process has changed.
    async fn read(&mut self, app: &App) -> diesel::QueryResult<()> {
        let since = app.clock.now() - RECENT;
        let changed = repo::rights::rights_changed_since(&mut *app.conn().await?, since).await?;
        for &(member, at) in &changed {
            if self.0.get(&member) != Some(&at) {
                app.hot.versions.bump(MemberById(member).tag());
                app.hot.versions.bump(rights_of(member));
            }
        }
        self.0 = changed.into_iter().collect();
        Ok(())
    }
}

/// Keeps both current until the application stops.
pub async fn follow(app: App) {
    let mut known = Known::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = app.stopped() => return,
        }
        if let Err(error) = read(&app).await {
            tracing::warn!(%error, "the list of signed-out devices could not be read");
        }
        if let Err(error) = known.read(&app).await {
            tracing::warn!(%error, "changes of rights could not be read");
        }
    }
}
