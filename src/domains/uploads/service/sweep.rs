//! Throwing away what nobody keeps.

use super::super::{
    model::{ABANDONED_AFTER, UNUSED_KEPT},
    repo,
};
use crate::{app::App, db::transact};

/// Objects thrown away in one go.
const BATCH: i64 = 100;

/// Throws away uploads that nobody finalised or shows, and every object whose time is over. A crash on the way leaves
/// rows that the next round finds.
///
/// # Errors
/// If the database fails, or the store of files.
pub async fn remove_abandoned(app: &App) -> anyhow::Result<()> {
    transact(app, async |tx| {
        let now = tx.now();
        repo::remove_abandoned(tx, now - ABANDONED_AFTER).await?;
        let keys = repo::remove_unused_avatars(tx, now - UNUSED_KEPT).await?;
        repo::release_objects(tx, &keys, now).await
    })
    .await?;
    loop {
        let keys = transact(app, async |tx| {
            let now = tx.now();
            repo::doom_objects(tx, now, BATCH).await
        })
        .await?;
        let mut gone = Vec::with_capacity(keys.len());
        for key in keys {
            match app.integrations.storage.delete(&key).await {
                Ok(()) => gone.push(key),
                // The next round tries again.
                Err(error) => tracing::warn!(%error, "a file could not be thrown away"),
            }
        }
        repo::forget_objects(&mut *app.conn().await?, &gone).await?;
        if i64::try_from(gone.len()) != Ok(BATCH) {
            break;
        }
    }
    app.integrations.storage.forget_unfinished(app.clock.now() - ABANDONED_AFTER).await?;
    Ok(())
}
