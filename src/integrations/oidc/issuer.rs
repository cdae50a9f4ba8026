//! An `OpenID` Connect issuer: its configuration and its public keys, by which its tokens are checked.

use std::sync::Arc;

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    OidcError, fetch,
    kept::Kept,
    token::{self, Expected},
};

/// How long a discovered configuration is believed.
const DISCOVERY_LIFE: TimeDelta = TimeDelta::hours(1);
/// How long keys are believed: a key that the issuer took back is refused after it.
const KEYS_LIFE: TimeDelta = TimeDelta::minutes(10);

/// An issuer, found by discovery when it is first needed.
pub(super) struct Issuer {
    http: reqwest::Client,
    address: String,
    configuration: Kept<Configuration>,
    keys: Kept<JwkSet>,
}

/// The part of an issuer's configuration that is needed here (`OpenID` Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Configuration {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Configuration {
    /// Whether the client's secret goes into the body: the default of the specification is the header.
    pub(super) fn wants_secret_in_body(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_some_and(|methods| !methods.iter().any(|method| method == "client_secret_basic"))
    }
}

impl Issuer {
    pub(super) fn new(http: &reqwest::Client, address: &str) -> Self {
        Self {
            http: http.clone(),
            address: address.trim_end_matches('/').to_owned(),
            configuration: Kept::new(DISCOVERY_LIFE),
            keys: Kept::new(KEYS_LIFE),
        }
    }

    /// The issuer's address, without a slash at the end: with or without one is the same.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The issuer's configuration.
    pub(super) async fn configuration(&self, now: DateTime<Utc>) -> Result<Arc<Configuration>, OidcError> {
        let (http, address) = (self.http.clone(), self.address.clone());
        self.configuration.get(now, |_| true, async move { discover(&http, &address).await }).await
    }

    /// The claims of a token that the issuer signed, if its times fit; for whom, if `audience` is given.
    pub(super) async fn claims<T: DeserializeOwned>(
        &self,
        token: &str,
        audience: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<T, OidcError> {
        let kid = token::key_name(token)?;
        let configuration = self.configuration(now).await?;
        let (http, address) = (self.http.clone(), configuration.jwks_uri.clone());
        let has = |set: &JwkSet| select(set, kid.as_deref()).is_some();
        let keys =
            self.keys.get(now, has, async move { fetch::send(http.get(address)).await?.json() }).await?;
        let key = select(&keys, kid.as_deref()).ok_or(OidcError::Refused("an unknown key"))?;
        token::claims(token, key, &Expected { issuer: &configuration.issuer, audience, now })
    }
}

async fn discover(http: &reqwest::Client, address: &str) -> Result<Configuration, OidcError> {
    let place = format!("{address}/.well-known/openid-configuration");
    let found: Configuration = fetch::send(http.get(place)).await?.json()?;
    let endpoints = [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri];
    let safe = endpoints.into_iter().all(|endpoint| fetch::is_safe(endpoint));
    if !safe || found.issuer.trim_end_matches('/') != address {
        let message = "the configuration names another issuer or an unsafe address";
        return Err(OidcError::Unavailable(anyhow!(message)));
    }
    Ok(found)
}

/// The key with a name; without a name, the only key.
fn select<'k>(set: &'k JwkSet, kid: Option<&str>) -> Option<&'k Jwk> {
    let mut signing =
        set.keys.iter().filter(|key| !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption)));
    match kid {
        Some(kid) => signing.find(|key| key.common.key_id.as_deref() == Some(kid)),
        None => signing.next().filter(|_| signing.next().is_none()),
    }
}
