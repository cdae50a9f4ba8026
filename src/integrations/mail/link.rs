//! One-time tokens that are derived, not kept: whoever reads the database or the queue cannot use them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::App;

/// The token of a row, 43 characters.
#[must_use]
pub fn token(secret: &str, purpose: &str, id: Uuid) -> String {
    derive(secret, purpose, id.as_bytes())
}

/// 256 bits that only the installation's secret gives for a purpose and a value, as text.
#[must_use]
pub fn derive(secret: &str, purpose: &str, value: &[u8]) -> String {
    let key = Sha256::new().chain_update("skillswap one-time tokens 1").chain_update(secret).finalize();
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(value);
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// The page of the web app that takes a token. The token stands behind the `#`, which browsers send to no server, so that
/// it gets into no log.
pub(super) fn address(app: &App, page: &str, token: &str) -> String {
    let web = app.config.web_url.as_deref().unwrap_or(&app.public_url);
    format!("{web}/account/{page}#token={token}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_by_secret_purpose_and_row() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = token("secret", "A", one);
        assert_eq!(first.len(), 43);
        assert_eq!(first, token("secret", "A", one));
        for other in [token("other", "A", one), token("secret", "B", one), token("secret", "A", two)] {
            assert_ne!(first, other);
        }
    }
}
