//! Keeps secrets at rest: sealed (ChaCha20-Poly1305) or hashed (HMAC-SHA-256), with keys of the installation.

use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hmac,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A secret that cannot be sealed or opened: another key, another owner, or a changed text.
#[derive(Debug, thiserror::Error)]
#[error("a kept secret cannot be sealed or opened: was SKILLSWAP_SECRET changed?")]
pub struct SealBroken;

impl From<Unspecified> for SealBroken {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

/// Seals a secret for its owner, whose row alone opens it.
///
/// # Errors
/// Only if the cipher refuses its key.
pub fn seal(installation: &str, owner: Uuid, secret: &[u8]) -> Result<Vec<u8>, SealBroken> {
    let nonce: [u8; NONCE_LEN] = rand::random();
    let mut text = secret.to_vec();
    let owner = Aad::from(owner.into_bytes());
    cipher(installation)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), owner, &mut text)?;
    Ok([nonce.as_slice(), &text].concat())
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`SealBroken`] if it was sealed by another installation, for another owner, or changed.
pub fn open(installation: &str, owner: Uuid, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(SealBroken)?;
    let mut text = text.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce)?;
    let secret = cipher(installation)?.open_in_place(nonce, Aad::from(owner.into_bytes()), &mut text)?;
    Ok(secret.to_vec())
}

/// The keyed hash of a recovery code.
#[must_use]
pub fn hash(installation: &str, code: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key("skillswap recovery codes 1", installation));
    hmac::sign(&key, code.as_bytes()).as_ref().to_vec()
}

fn cipher(installation: &str) -> Result<LessSafeKey, SealBroken> {
    Ok(LessSafeKey::new(UnboundKey::new(
        &CHACHA20_POLY1305,
        &key("skillswap sealed secrets 1", installation),
    )?))
}

fn key(purpose: &str, installation: &str) -> [u8; 32] {
    Sha256::new().chain_update(purpose).chain_update(installation).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_here_for_its_owner_and_unchanged() {
        let (ada, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = seal("installation", ada, b"secret").unwrap();
        assert_eq!(open("installation", ada, &sealed).unwrap(), b"secret");
        assert!(open("another", ada, &sealed).is_err());
        assert!(open("installation", bob, &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open("installation", ada, &changed).is_err(), "{at}");
        }
        assert!(open("installation", ada, b"short").is_err());
        assert_ne!(sealed, seal("installation", ada, b"secret").unwrap());
    }
}
