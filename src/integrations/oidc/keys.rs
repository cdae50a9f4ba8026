//! The public keys of an issuer, kept. A token that names an unknown key makes them be fetched again, but not often:
//! forged names must not turn this server against the issuer.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use tokio::sync::Mutex;

use super::{OidcError, fetch};

/// How long keys are believed: a key that the issuer took back is refused after it.
const LIFE: TimeDelta = TimeDelta::minutes(10);
/// How often unknown names may cause a fetch.
const REFETCH: TimeDelta = TimeDelta::seconds(30);
/// How long a token waits for others that fetch.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    set: JwkSet,
    fetched_at: DateTime<Utc>,
}

impl Keys {
    /// The key with a name; without a name, the only key. At most one fetch at a time.
    pub(super) async fn find(
        &self,
        http: &reqwest::Client,
        address: &str,
        kid: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Jwk, OidcError> {
        let waiting = tokio::time::timeout(PATIENCE, self.0.lock()).await;
        let mut kept = waiting.map_err(|elapsed| OidcError::Unavailable(elapsed.into()))?;
        let age = kept.as_ref().map(|kept| now - kept.fetched_at);
        let known = kept.as_ref().and_then(|kept| select(&kept.set, kid));
        match (known, age) {
            (Some(key), Some(age)) if age < LIFE => return Ok(key),
            (None, Some(age)) if age < REFETCH => return Err(OidcError::Refused("an unknown key")),
            _ => {}
        }
        let set: JwkSet = fetch::send(http.get(address)).await?.json()?;
        let found = select(&set, kid);
        *kept = Some(Kept { set, fetched_at: now });
        found.ok_or(OidcError::Refused("an unknown key"))
    }
}

fn select(set: &JwkSet, kid: Option<&str>) -> Option<Jwk> {
    let mut signing =
        set.keys.iter().filter(|key| !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption)));
    match kid {
        Some(kid) => signing.find(|key| key.common.key_id.as_deref() == Some(kid)).cloned(),
        None => signing.next().filter(|_| signing.next().is_none()).cloned(),
    }
}
