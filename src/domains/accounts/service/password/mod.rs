//! Passwords: argon2id, away from the threads that answer requests, a bounded number at a time.

use std::{
    collections::HashSet,
    num::NonZero,
    sync::{Arc, LazyLock},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{app::App, graphql::error::Overloaded};

/// How many may be under way and wait for each that works: a second or two of work. Each takes a core and 19 MiB.
const PLACES: usize = 64;

/// A hash of no password: verified when the address is unknown, so that both cases take the same time.
static DECOY: LazyLock<String> = LazyLock::new(|| hash_now(b"no password has this hash").unwrap_or_default());

/// The 3,000 commonest passwords that are long enough, one per line, from the frequency list of zxcvbn (MIT).
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common.txt").lines().collect());

/// Whether a password is among the first that anybody tries, in whatever case.
#[must_use]
pub fn is_common(password: &str) -> bool {
    COMMON.contains(password.to_lowercase().as_str())
}

/// The hashing of one process: so much at a time, so much in the queue.
#[derive(Debug)]
pub struct Hashing {
    places: Arc<Semaphore>,
    slots: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        // The other half of the cores answers everybody else.
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let slots = (cores / 2).max(1);
        Self { places: Arc::new(Semaphore::new(slots * PLACES)), slots: Arc::new(Semaphore::new(slots)) }
    }
}

/// Why a password was neither hashed nor verified.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many wait for it.
    #[error("too many passwords wait to be hashed")]
    Busy(#[from] Overloaded),
    /// The system has no randomness or memory.
    #[error("the password could not be hashed")]
    Failed,
}

/// A place in the queue. It is taken before anything else is done, so that who finds the queue full costs nothing.
#[derive(Debug)]
pub struct Turn {
    slots: Arc<Semaphore>,
    place: OwnedSemaphorePermit,
}

impl Turn {
    /// Takes a place.
    ///
    /// # Errors
    /// [`HashingError::Busy`] at once if there is none.
    pub fn take(app: &App) -> Result<Self, HashingError> {
        let Hashing { places, slots } = &app.hashing;
        let place = Arc::clone(places).try_acquire_owned().map_err(|_| Overloaded)?;
        Ok(Self { slots: Arc::clone(slots), place })
    }

    /// Hashes a password to a PHC string with a random salt (argon2id, the crate's defaults: 19 MiB, 2 passes).
    ///
    /// # Errors
    /// If the system has no randomness or memory.
    pub async fn hash(self, password: String) -> Result<String, HashingError> {
        self.work(move || hash_now(password.as_bytes())).await?
    }

    /// Whether the password has the hash; without a hash the answer is `false`, after the same work.
    ///
    /// # Errors
    /// Only when the process ends.
    pub async fn verify(self, password: String, hash: Option<String>) -> Result<bool, HashingError> {
        self.work(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| DECOY.clone());
            let matches = PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
            known && matches
        })
        .await
    }

    /// Works when a core is free for it. The slot belongs to the work, which goes on if its caller is gone.
    async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let Self { slots, place } = self;
        let slot = slots.acquire_owned().await.map_err(|_| HashingError::Failed)?;
        let held = move || {
            let _held = (slot, place);
            work()
        };
        tokio::task::spawn_blocking(held).await.map_err(|_| HashingError::Failed)
    }
}

/// Hashes at once, for the loading of demo data.
///
/// # Errors
/// If the system has no randomness or memory.
pub fn hash_now(password: &[u8]) -> Result<String, HashingError> {
    Argon2::default().hash_password(password).map(|hash| hash.to_string()).map_err(|_| HashingError::Failed)
}
