//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, 30 seconds, which every authenticator app knows.

use chrono::{DateTime, Utc};
use ring::hmac;

/// Bytes of a secret: as many as the hash has, as RFC 4226 advises.
pub const SECRET_LENGTH: usize = 20;
/// Seconds for which a code is shown.
pub const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;
/// Steps that a clock may be off, in either direction.
const TOLERANCE: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step that an instant falls in.
#[must_use]
pub fn step_at(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(STEP_SECONDS)
}

/// The code of a step.
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let digest = hmac::sign(&key, &step.to_be_bytes());
    let digest = digest.as_ref();
    let offset = digest.last().map_or(0, |last| usize::from(last & 15));
    let number =
        digest.iter().skip(offset).take(4).fold(0_u32, |number, &byte| (number << 8) | u32::from(byte));
    format!("{:0DIGITS$}", (number & 0x7fff_ffff) % 1_000_000)
}

/// The latest step near `now` whose code this is.
#[must_use]
pub fn matching_step(secret: &[u8], given: &str, now: DateTime<Utc>) -> Option<i64> {
    let given: String = given.chars().filter(|char| !char.is_whitespace()).take(DIGITS + 1).collect();
    let present = step_at(now);
    (present - TOLERANCE..=present + TOLERANCE).rev().find(|&step| code(secret, step) == given)
}

/// Bytes in base 32 (RFC 4648) without padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let value = chunk.iter().fold(0_u64, |value, &byte| (value << 8) | u64::from(byte));
        let value = value << (8 * (5 - chunk.len()));
        for place in (0..8).rev().take((chunk.len() * 8).div_ceil(5)) {
            let digit = usize::try_from((value >> (5 * place)) & 31).unwrap_or_default();
            text.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'A')));
        }
    }
    text
}

/// What an authenticator app reads from a QR code.
#[must_use]
pub fn otpauth_url(issuer: &str, account: &str, secret: &[u8]) -> String {
    let escaped = |text: &str| {
        text.bytes().fold(String::new(), |mut escaped, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                escaped.push(char::from(byte));
            } else {
                escaped.push_str(&format!("%{byte:02X}"));
            }
            escaped
        })
    };
    let (issuer, account) = (escaped(issuer), escaped(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        base32(secret)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_specification() {
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(b"12345678901234567890", seconds / 30), expected, "{seconds}");
        }
    }

    /// RFC 4648, section 10.
    #[test]
    fn base32_is_that_of_the_specification() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_no_more() {
        let secret = b"12345678901234567890";
        let now = DateTime::from_timestamp(1_000_000_000, 0).unwrap();
        let present = step_at(now);
        for distance in -3..=3_i64 {
            let found = matching_step(secret, &code(secret, present + distance), now);
            assert_eq!(found.is_some(), distance.abs() <= 1, "{distance}");
        }
        assert_eq!(matching_step(secret, "", now), None);
        let long = format!("{}0", code(secret, present));
        assert_eq!(matching_step(secret, &long, now), None);
    }

    #[test]
    fn names_are_escaped_in_the_address() {
        let url = otpauth_url("SkillSwap", "ada+x@example.org", b"foobar");
        assert!(
            url.starts_with("otpauth://totp/SkillSwap:ada%2Bx%40example.org?secret=MZXW6YTBOI&"),
            "{url}"
        );
    }
}
