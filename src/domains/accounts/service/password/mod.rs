//! Passwords: argon2id, away from the threads that answer requests, a bounded number at a time.

use std::{collections::HashSet, sync::LazyLock};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::app::App;

/// Hashes at a time in this process: each takes a core and 19 MiB.
static SLOTS: Semaphore = Semaphore::const_new(2);

/// A hash of no password: verified when the address is unknown, so that both cases take the same time.
static DECOY: LazyLock<String> = LazyLock::new(|| hash_now(b"no password has this hash").unwrap_or_default());

/// The 3,000 commonest passwords that are long enough, one per line, from the frequency list of zxcvbn (MIT).
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common.txt").lines().collect());

/// Whether a password is among the first that anybody tries, in whatever case.
#[must_use]
pub fn is_common(password: &str) -> bool {
    COMMON.contains(password.to_lowercase().as_str())
}

/// The password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

/// Hashes a password to a PHC string with a random salt (argon2id, the crate's defaults: 19 MiB, 2 passes).
///
/// # Errors
/// If the system has no randomness or memory.
pub async fn hash(_app: &App, password: String) -> Result<String, HashingFailed> {
    let _slot = SLOTS.acquire().await.map_err(|_| HashingFailed)?;
    tokio::task::spawn_blocking(move || hash_now(password.as_bytes())).await.map_err(|_| HashingFailed)?
}

/// Whether the password has the hash; without a hash the answer is `false`, after the same work.
pub async fn verify(_app: &App, password: String, hash: Option<String>) -> bool {
    let Ok(_slot) = SLOTS.acquire().await else { return false };
    let verified = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| DECOY.clone());
        let matches = PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        known && matches
    });
    verified.await.unwrap_or(false)
}

/// Hashes at once, for the loading of demo data.
///
/// # Errors
/// If the system has no randomness or memory.
pub fn hash_now(password: &[u8]) -> Result<String, HashingFailed> {
    Argon2::default().hash_password(password).map(|hash| hash.to_string()).map_err(|_| HashingFailed)
}
