//! Signed webhooks in the form of Svix, which Clerk and others send: `svix-signature: v1,<base64 HMAC-SHA256 over
//! "<id>.<timestamp>.<raw body>">`.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;
use serde::Deserialize;

use crate::integrations::payments::{BadWebhook, Headers};

/// How old a delivery may be, and how far ahead its clock.
const MAX_AGE: TimeDelta = TimeDelta::minutes(5);
/// The longest name of a delivery or a person that is kept.
const MAX_NAME: usize = 255;

/// What an issuer tells about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEvent {
    /// The same when it is sent again.
    pub delivery_id: String,
    /// The issuer's word for what happened.
    pub kind: String,
    /// What it means; `None` = nothing that we know.
    pub change: Option<UserChange>,
}

/// What became of a person at the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// They are as follows.
    Is {
        /// The issuer's name for the person.
        subject: String,
        /// Their address, if the issuer has proven it.
        verified_email: Option<String>,
        /// The name to show.
        name: Option<String>,
        /// When this became so.
        updated_at: DateTime<Utc>,
    },
    /// They are gone.
    Gone {
        /// The issuer's name for the person.
        subject: String,
    },
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: serde_json::Value,
}

#[derive(Deserialize)]
struct User {
    id: String,
    primary_email_address_id: Option<String>,
    #[serde(default)]
    email_addresses: Vec<Address>,
    first_name: Option<String>,
    last_name: Option<String>,
    updated_at: i64,
}

#[derive(Deserialize)]
struct Address {
    id: String,
    email_address: String,
    verification: Option<Verification>,
}

#[derive(Deserialize)]
struct Verification {
    status: String,
}

#[derive(Deserialize)]
struct Gone {
    id: String,
}

/// Checks signature and age of a delivery over its raw body, and reads it.
///
/// # Errors
/// [`BadWebhook`], whatever is wrong.
pub fn read(
    secret: &str,
    headers: &Headers,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<UserEvent, BadWebhook> {
    let delivery_id = verify(secret, headers, body, now)?;
    let Payload { kind, data } = serde_json::from_slice(body).map_err(|_| BadWebhook)?;
    let change = match kind.as_str() {
        "user.created" | "user.updated" => Some(is(data)?),
        "user.deleted" => {
            let Gone { id } = serde_json::from_value(data).map_err(|_| BadWebhook)?;
            Some(UserChange::Gone { subject: named(id)? })
        }
        _ => None,
    };
    Ok(UserEvent { delivery_id, kind, change })
}

fn is(data: serde_json::Value) -> Result<UserChange, BadWebhook> {
    let user: User = serde_json::from_value(data).map_err(|_| BadWebhook)?;
    let primary = user
        .email_addresses
        .into_iter()
        .find(|address| Some(&address.id) == user.primary_email_address_id.as_ref());
    let proven = |address: &Address| {
        address.verification.as_ref().is_some_and(|verification| verification.status == "verified")
    };
    let names: Vec<String> = [user.first_name, user.last_name].into_iter().flatten().collect();
    Ok(UserChange::Is {
        subject: named(user.id)?,
        verified_email: primary.filter(proven).map(|address| address.email_address),
        name: Some(names.join(" ")).filter(|name| !name.trim().is_empty()),
        updated_at: DateTime::from_timestamp_millis(user.updated_at).ok_or(BadWebhook)?,
    })
}

fn named(text: String) -> Result<String, BadWebhook> {
    let plausible = !text.is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control);
    if plausible { Ok(text) } else { Err(BadWebhook) }
}

/// The delivery's id, if its signature and age are good.
fn verify(secret: &str, headers: &Headers, body: &[u8], now: DateTime<Utc>) -> Result<String, BadWebhook> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).map_err(|_| BadWebhook)?;
    let header = |name: &str| headers.get(name).ok_or(BadWebhook);
    let (id, timestamp, signatures) =
        (header("svix-id")?, header("svix-timestamp")?, header("svix-signature")?);
    let sent =
        timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or(BadWebhook)?;
    if (now - sent).abs() > MAX_AGE {
        return Err(BadWebhook);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    // There may be several while the secret is being changed. The comparison takes the same time wherever they differ.
    let good = signatures
        .split(' ')
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .filter_map(|text| STANDARD.decode(text).ok())
        .any(|given| hmac::verify(&key, &signed, &given).is_ok());
    if good { named(id.to_owned()) } else { Err(BadWebhook) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Svix's documentation.
    #[test]
    fn signatures_are_those_of_the_documentation() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = br#"{"test": 2432232314}"#;
        let headers = |signature: &str| {
            let list = [
                ("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                ("svix-timestamp", "1614265330"),
                ("svix-signature", signature),
            ];
            Headers(list.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
        };
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let good = headers(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v2,x",
        );
        assert!(verify(secret, &good, body, at(1_614_265_330)).is_ok());
        assert!(verify(secret, &good, b"{}", at(1_614_265_330)).is_err());
        assert!(verify(secret, &good, body, at(1_614_265_330 + 301)).is_err());
        assert!(verify("whsec_AAAA", &good, body, at(1_614_265_330)).is_err());
        assert!(verify(secret, &headers("v1,AAAA"), body, at(1_614_265_330)).is_err());
    }
}
