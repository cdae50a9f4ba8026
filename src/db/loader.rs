//! The reader behind every dataloader, and the timer that makes batches without sleeping.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    dataloader::{DataLoader, HashMapCache},
    runtime::{Timer, TokioSpawner},
};
use futures_util::future::{BoxFuture, FutureExt};

use super::{Conn, Pool, pool};

/// Why a batch failed: shared by all who waited for it.
pub type LoadError = Arc<diesel::result::Error>;

/// Runs the batches. A domain's `loaders.rs` implements [`async_graphql::dataloader::Loader`] for it, one key newtype per
/// lookup, whose doc comment says what the lookup finds.
#[derive(Clone)]
pub struct Reader {
    pool: Pool,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// A connection for one batch: taken late, given back at the end of the batch.
    ///
    /// # Errors
    /// If the pool is exhausted or the database cannot be reached.
    pub async fn conn(&self) -> Result<Conn, LoadError> {
        pool::checkout(&self.pool).await.map_err(Arc::new)
    }
}

/// The loaders of one request or one event.
pub type Loaders = DataLoader<Reader, HashMapCache>;

/// A new, empty set of loaders.
#[must_use]
pub fn loaders(pool: &Pool) -> Loaders {
    DataLoader::with_cache(
        Reader { pool: pool.clone() },
        TokioSpawner::current(),
        YieldTimer,
        HashMapCache::default(),
    )
}

/// Lets the sibling fields be polled, then sends the batch. A timer's sleep would cost a millisecond a level.
struct YieldTimer;

impl Timer for YieldTimer {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        async {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        .boxed()
    }
}
