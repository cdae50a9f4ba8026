//! One identity provider: the authorization code flow with PKCE (RFC 7636).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use serde::{Deserialize, Serialize};

use super::{OidcError, fetch, issuer::Issuer};

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
    /// The secret of PKCE, 43 to 128 characters.
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
    Oidc(Arc<Issuer>),
    Facebook { dialog: String, graph: String },
}

/// Where a provider's endpoints are.
struct Endpoints<'a> {
    authorize: &'a str,
    token: &'a str,
    secret_in_body: bool,
}

type OAuth = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What `OpenID` Connect adds to a token answer.
#[derive(Debug, Serialize, Deserialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

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
pub(super) enum Truth {
    Plain(bool),
    Text(String),
}

/// An address, if the issuer says that it has proven it.
pub(super) fn verified_email(email: Option<String>, verified: Option<Truth>) -> Option<String> {
    let verified = match verified {
        Some(Truth::Plain(verified)) => verified,
        Some(Truth::Text(text)) => text == "true",
        None => false,
    };
    email.filter(|_| verified)
}

#[derive(Deserialize)]
struct FacebookUser {
    id: String,
    name: Option<String>,
    email: Option<String>,
}

impl Provider {
    /// An `OpenID` Connect issuer.
    pub(super) fn oidc(
        http: &reqwest::Client,
        issuer: Arc<Issuer>,
        client_id: &str,
        client_secret: Option<&str>,
    ) -> Self {
        let client_secret = client_secret.map(str::to_owned);
        Self { http: http.clone(), client_id: client_id.to_owned(), client_secret, kind: Kind::Oidc(issuer) }
    }

    /// Facebook Login, which is OAuth 2 with a page of its own about the person.
    pub(super) fn facebook(
        http: &reqwest::Client,
        dialog: &str,
        graph: &str,
        id: &str,
        secret: &str,
    ) -> Self {
        let kind = Kind::Facebook { dialog: dialog.to_owned(), graph: graph.to_owned() };
        Self { http: http.clone(), client_id: id.to_owned(), client_secret: Some(secret.to_owned()), kind }
    }

    /// The address to send the member to.
    ///
    /// # Errors
    /// [`OidcError::Unavailable`] if the provider's configuration cannot be read.
    pub async fn authorize_url(&self, begin: Begin<'_>, now: DateTime<Utc>) -> Result<String, OidcError> {
        let (client, scopes) = match &self.kind {
            Kind::Oidc(issuer) => {
                let found = issuer.configuration(now).await?;
                let endpoints = Endpoints {
                    authorize: &found.authorization_endpoint,
                    token: &found.token_endpoint,
                    secret_in_body: found.wants_secret_in_body(),
                };
                (self.client(&endpoints, begin.redirect_uri)?, "openid email profile")
            }
            Kind::Facebook { dialog, graph } => {
                (self.facebook_client(dialog, graph, begin.redirect_uri)?, "email,public_profile")
            }
        };
        let verifier = PkceCodeVerifier::new(begin.verifier.to_owned());
        let (url, _) = client
            .authorize_url(|| CsrfToken::new(begin.state.to_owned()))
            .add_scopes(scopes.split(' ').map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_extra_param("nonce", begin.nonce)
            .url();
        Ok(url.into())
    }

    /// Trades a code for who came back.
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn exchange(&self, exchange: Exchange<'_>, now: DateTime<Utc>) -> Result<Profile, OidcError> {
        match &self.kind {
            Kind::Oidc(issuer) => {
                let found = issuer.configuration(now).await?;
                let endpoints = Endpoints {
                    authorize: &found.authorization_endpoint,
                    token: &found.token_endpoint,
                    secret_in_body: found.wants_secret_in_body(),
                };
                let client = self.client(&endpoints, exchange.redirect_uri)?;
                let tokens = self.trade(&client, exchange).await?;
                let id_token = tokens.extra_fields().id_token.as_deref();
                let id_token = id_token.ok_or(OidcError::Refused("no id token"))?;
                let claims: IdToken = issuer.claims(id_token, Some(&self.client_id), now).await?;
                self.profile(issuer.address(), claims, exchange.nonce)
            }
            Kind::Facebook { dialog, graph } => {
                let client = self.facebook_client(dialog, graph, exchange.redirect_uri)?;
                let tokens = self.trade(&client, exchange).await?;
                let me = self.http.get(format!("{graph}/me?fields=id,name,email"));
                let me = me.bearer_auth(tokens.access_token().secret());
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

    fn client(&self, endpoints: &Endpoints<'_>, redirect_uri: &str) -> Result<OAuth, OidcError> {
        let broken = |error| OidcError::Unavailable(anyhow::Error::new(error));
        let mut client = Client::new(ClientId::new(self.client_id.clone()))
            .set_auth_uri(AuthUrl::new(endpoints.authorize.to_owned()).map_err(broken)?)
            .set_token_uri(TokenUrl::new(endpoints.token.to_owned()).map_err(broken)?)
            .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned()).map_err(broken)?);
        if endpoints.secret_in_body {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        Ok(match &self.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.clone())),
            None => client,
        })
    }

    fn facebook_client(&self, dialog: &str, graph: &str, redirect_uri: &str) -> Result<OAuth, OidcError> {
        let token = format!("{graph}/oauth/access_token");
        let endpoints = Endpoints { authorize: dialog, token: &token, secret_in_body: true };
        self.client(&endpoints, redirect_uri)
    }

    async fn trade(
        &self,
        client: &OAuth,
        exchange: Exchange<'_>,
    ) -> Result<StandardTokenResponse<IdTokenField, BasicTokenType>, OidcError> {
        let send = |request| fetch::trade(self.http.clone(), request);
        let answer = client
            .exchange_code(AuthorizationCode::new(exchange.code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(exchange.verifier.to_owned()))
            .request_async(&send)
            .await;
        answer.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            // Neither the answer nor what is wrong with it is kept: there may be a token in it.
            RequestTokenError::ServerResponse(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_) => {
                OidcError::Unavailable(anyhow::anyhow!("no token answer of the expected form"))
            }
        })
    }

    fn profile(&self, issuer: &str, claims: IdToken, nonce: &str) -> Result<Profile, OidcError> {
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(OidcError::Refused("another nonce"));
        }
        if claims.azp.is_some_and(|party| party != self.client_id) {
            return Err(OidcError::Refused("another party"));
        }
        let verified_email = verified_email(claims.email, claims.email_verified);
        Ok(Profile { issuer: issuer.to_owned(), subject: claims.sub, verified_email, name: claims.name })
    }
}
