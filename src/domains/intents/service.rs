//! Making intents.

use diesel::QueryResult;

use super::{
    model::{INTENT_LIFE, IntentRow, Operation},
    repo,
};
use crate::{
    app::App,
    db::ids::{IntentId, MemberId},
};

/// A new key for one mutation of a member.
///
/// # Errors
/// Only if the database fails.
pub async fn mint(app: &App, member_id: MemberId, operation: Operation) -> QueryResult<IntentRow> {
    let now = app.clock.now();
    let intent = IntentRow {
        id: IntentId::new(),
        member_id,
        operation,
        created_at: now,
        expires_at: now + INTENT_LIFE,
    };
    repo::insert(&mut *app.conn().await?, &intent).await?;
    Ok(intent)
}

/// Intents removed at a time.
const BATCH: i64 = 2_000;

/// Removes intents that have expired.
///
/// # Errors
/// Only if the database fails.
pub async fn forget(app: &App) -> QueryResult<()> {
    let now = app.clock.now();
    while !app.is_stopping() && repo::forget(&mut *app.conn().await?, now, BATCH).await? > 0 {}
    Ok(())
}
