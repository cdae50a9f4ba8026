//! Signatures of the form `t=<unix seconds>,v1=<hex HMAC-SHA256 over "<t>.<raw body>">`, as Stripe makes them.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::BadWebhook;

/// How old a webhook may be, and how far ahead its clock.
const MAX_AGE_SECONDS: u64 = 300;

/// The value of the signature's header.
#[must_use]
pub fn sign(key: &[u8], now: DateTime<Utc>, body: &[u8]) -> String {
    let seconds = now.timestamp();
    let mut signature = format!("t={seconds},v1=");
    for byte in timed(key, seconds, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default() {
        // Writing into a string cannot fail.
        write!(signature, "{byte:02x}").ok();
    }
    signature
}

/// Checks a signature and gives the payload.
///
/// # Errors
/// [`BadWebhook`] if the signature is wrong, the webhook too old, or the body no JSON.
pub fn verify(key: &[u8], signature: &str, body: &[u8], now: DateTime<Utc>) -> Result<Value, BadWebhook> {
    let parts = || signature.split(',').filter_map(|part| part.trim().split_once('='));
    let seconds: i64 =
        parts().find(|(name, _)| *name == "t").and_then(|(_, value)| value.parse().ok()).ok_or(BadWebhook)?;
    // There may be several signatures while a key is being changed.
    let is_signed =
        parts().filter(|(name, _)| *name == "v1").filter_map(|(_, hex)| bytes(hex)).any(|digest| {
            // The comparison takes the same time wherever the difference is.
            timed(key, seconds, body).is_some_and(|mac| mac.verify_slice(&digest).is_ok())
        });
    if !is_signed || seconds.abs_diff(now.timestamp()) > MAX_AGE_SECONDS {
        return Err(BadWebhook);
    }
    serde_json::from_slice(body).map_err(|_| BadWebhook)
}

/// Checks an HMAC-SHA256 in hexadecimal over the body alone.
#[must_use]
pub fn is_signed(key: &[u8], hex: &str, body: &[u8]) -> bool {
    let Some(digest) = bytes(hex) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    mac.update(body);
    mac.verify_slice(&digest).is_ok()
}

fn timed(key: &[u8], seconds: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    Some(mac)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn a_signature_is_the_hmac_of_time_and_raw_body() {
        // Checked with `printf '1800000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac <key>`.
        let signature = sign(&[7; 32], now(), BODY);
        assert_eq!(
            signature,
            "t=1800000000,v1=bd0936fd5d7a1f48a65175e87ca413022958934ccab0af7d144637b1edc09c3c"
        );
        assert_eq!(verify(&[7; 32], &signature, BODY, now()), Ok(json!({ "id": "evt_1" })));
    }

    #[test]
    fn wrong_old_early_and_broken_webhooks_are_refused() {
        let key = [9; 32];
        let signature = sign(&key, now(), BODY);
        let check = |signature: &str, body: &[u8], seconds| {
            verify(&key, signature, body, now() + TimeDelta::seconds(seconds)).is_ok()
        };
        assert!(check(&signature, BODY, 300) && check(&signature, BODY, -300));
        assert!(
            check(&format!("v1={},{signature}", "0".repeat(64)), BODY, 0),
            "one good signature is enough"
        );
        assert!(!check(&signature, BODY, 301) && !check(&signature, BODY, -301));
        assert!(!check(&signature, br#"{"id":"evt_1" }"#, 0), "another body");
        assert!(!check(&signature.replace("t=1800000000", "t=1800000001"), BODY, 0), "another time");
        assert!(!check(&sign(&[8; 32], now(), BODY), BODY, 0), "another key");
        for broken in [
            "",
            "t=",
            "t=1800000000",
            "v1=00",
            "t=1800000000,v1=",
            "t=1800000000,v1=é",
            "t=99999999999999999999,v1=00",
        ] {
            assert!(!check(broken, BODY, 0), "{broken}");
        }
        assert!(!check(&sign(&key, now(), b"no json"), b"no json", 0));
    }
}
