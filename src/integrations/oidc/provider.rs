//! One identity provider: the authorization code flow with PKCE (RFC 7636).

use anyhow::anyhow;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::{
    OidcError, fetch,
    keys::Keys,
    token::{self, Expected},
};

/// How long a discovered configuration is believed.
const DISCOVERY_LIFE: TimeDelta = TimeDelta::hours(1);

/// Who came back from a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The provider's address.
    pub issuer: String,
    /// The provider's name for the person: never given to another.
    pub subject: String,
    /// The address that the provider says it has proven, if it has.
    pub verified_email: Option<String>,
    /// The name to show.
    pub name: Option<String>,
}

/// What a flow begins with.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// Comes back with the code.
    pub state: &'a str,
    /// Where the member comes back to.
    pub redirect_uri: &'a str,
    /// The secret of PKCE.
    pub verifier: &'a str,
    /// Comes back inside the token.
    pub nonce: &'a str,
}

/// What a flow ends with.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// What the member brought back.
    pub code: &'a str,
    /// As at the beginning.
    pub redirect_uri: &'a str,
    /// As at the beginning.
    pub verifier: &'a str,
    /// As at the beginning.
    pub nonce: &'a str,
}

/// An identity provider.
pub struct Provider {
    http: reqwest::Client,
    client_id: String,
    client_secret: Option<String>,
    kind: Kind,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

enum Kind {
    Oidc { issuer: String, discovered: Box<Mutex<Option<Found>>>, keys: Box<Keys> },
    Facebook { dialog: String, graph: String },
}

/// A configuration, and when it was fetched.
type Found = (DateTime<Utc>, Discovered);

/// The part of a provider's configuration that is needed here (`OpenID` Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct IdToken {
    sub: String,
    nonce: Option<String>,
    azp: Option<String>,
    email: Option<String>,
    email_verified: Option<Truth>,
    name: Option<String>,
}

/// Some providers write booleans as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Truth {
    Plain(bool),
    Text(String),
}

#[derive(Deserialize)]
struct FacebookUser {
    id: String,
    name: Option<String>,
    email: Option<String>,
}

impl Provider {
    /// An `OpenID` Connect issuer, found by discovery when it is first needed.
    #[must_use]
    pub fn oidc(http: reqwest::Client, issuer: &str, client_id: &str, client_secret: Option<&str>) -> Self {
        let kind = Kind::Oidc { issuer: issuer.to_owned(), discovered: Box::default(), keys: Box::default() };
        let client_secret = client_secret.map(str::to_owned);
        Self { http, client_id: client_id.to_owned(), client_secret, kind }
    }

    /// Facebook Login, which is OAuth 2 with a page of its own about the person.
    #[must_use]
    pub fn facebook(http: reqwest::Client, dialog: &str, graph: &str, id: &str, secret: &str) -> Self {
        let kind = Kind::Facebook { dialog: dialog.to_owned(), graph: graph.to_owned() };
        Self { http, client_id: id.to_owned(), client_secret: Some(secret.to_owned()), kind }
    }

    /// The address to send the member to.
    ///
    /// # Errors
    /// [`OidcError::Unavailable`] if the provider's configuration cannot be read.
    pub async fn authorize_url(&self, begin: Begin<'_>, now: DateTime<Utc>) -> Result<String, OidcError> {
        let (endpoint, scope) = match &self.kind {
            Kind::Oidc { .. } => (self.discover(now).await?.authorization_endpoint, "openid email profile"),
            Kind::Facebook { dialog, .. } => (dialog.clone(), "email,public_profile"),
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(begin.verifier));
        let fields = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", begin.redirect_uri),
            ("scope", scope),
            ("state", begin.state),
            ("nonce", begin.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        Ok(fetch::with_query(&endpoint, &fields)?.into())
    }

    /// Trades a code for who came back.
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn exchange(&self, exchange: Exchange<'_>, now: DateTime<Utc>) -> Result<Profile, OidcError> {
        match &self.kind {
            Kind::Oidc { keys, .. } => {
                let discovered = self.discover(now).await?;
                // The default of the specification is the header.
                let in_body = discovered
                    .token_endpoint_auth_methods_supported
                    .as_ref()
                    .is_some_and(|methods| !methods.iter().any(|method| method == "client_secret_basic"));
                let tokens = self.trade(&discovered.token_endpoint, exchange, in_body).await?;
                let id_token = tokens.id_token.ok_or(OidcError::Refused("no id token"))?;
                let kid = token::key_name(&id_token)?;
                let key = keys.find(&self.http, &discovered.jwks_uri, kid.as_deref(), now).await?;
                let expected = Expected { issuer: &discovered.issuer, audience: &self.client_id, now };
                let claims: IdToken = token::claims(&id_token, &key, &expected)?;
                self.profile(&discovered.issuer, claims, exchange.nonce)
            }
            Kind::Facebook { graph, .. } => {
                let tokens = self.trade(&format!("{graph}/oauth/access_token"), exchange, true).await?;
                let access = tokens.access_token.ok_or(OidcError::Refused("no access token"))?;
                let me = self.http.get(format!("{graph}/me?fields=id,name,email")).bearer_auth(access);
                let user: FacebookUser = fetch::send(me).await?.json()?;
                Ok(Profile {
                    issuer: "https://www.facebook.com".to_owned(),
                    subject: user.id,
                    // Facebook gives an address away only once its owner has confirmed it.
                    verified_email: user.email,
                    name: user.name,
                })
            }
        }
    }

    fn profile(&self, issuer: &str, claims: IdToken, nonce: &str) -> Result<Profile, OidcError> {
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(OidcError::Refused("another nonce"));
        }
        if claims.azp.is_some_and(|party| party != self.client_id) {
            return Err(OidcError::Refused("another party"));
        }
        let verified = match claims.email_verified {
            Some(Truth::Plain(verified)) => verified,
            Some(Truth::Text(text)) => text == "true",
            None => false,
        };
        let verified_email = claims.email.filter(|_| verified);
        // As the settings have it: with or without a slash at the end is the same.
        let issuer = issuer.trim_end_matches('/').to_owned();
        Ok(Profile { issuer, subject: claims.sub, verified_email, name: claims.name })
    }

    async fn trade(
        &self,
        endpoint: &str,
        exchange: Exchange<'_>,
        in_body: bool,
    ) -> Result<Tokens, OidcError> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", exchange.code),
            ("redirect_uri", exchange.redirect_uri),
            ("code_verifier", exchange.verifier),
        ];
        let mut request = self.http.post(endpoint);
        match &self.client_secret {
            Some(secret) if !in_body => request = request.basic_auth(&self.client_id, Some(secret)),
            secret => {
                fields.push(("client_id", &self.client_id));
                fields.extend(secret.as_deref().map(|secret| ("client_secret", secret)));
            }
        }
        let answer = fetch::send(fetch::form(request, &fields)?).await?;
        if answer.status.is_client_error() {
            return Err(OidcError::Refused("the code"));
        }
        answer.json()
    }

    /// The issuer's configuration, fetched once an hour.
    async fn discover(&self, now: DateTime<Utc>) -> Result<Discovered, OidcError> {
        let Kind::Oidc { issuer, discovered, .. } = &self.kind else {
            return Err(OidcError::Unavailable(anyhow!("no issuer")));
        };
        let mut kept = discovered.lock().await;
        if let Some((at, discovered)) = kept.as_ref()
            && now - *at < DISCOVERY_LIFE
        {
            return Ok(discovered.clone());
        }
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let found: Discovered = fetch::send(self.http.get(address)).await?.json()?;
        let wrong_issuer = found.issuer.trim_end_matches('/') != issuer.trim_end_matches('/');
        let endpoints = [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri];
        if wrong_issuer || !endpoints.into_iter().all(|endpoint| fetch::is_safe(endpoint)) {
            return Err(OidcError::Unavailable(anyhow!(
                "the configuration names another issuer or an unsafe address"
            )));
        }
        *kept = Some((now, found.clone()));
        Ok(found)
    }
}
