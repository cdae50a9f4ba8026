//! Access tokens that an outside issuer made: its people call the API with them as they are.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    OidcError,
    issuer::Issuer,
    provider::{Profile, Truth, verified_email},
};

/// The issuer's tokens.
pub struct BearerTokens {
    issuer: Arc<Issuer>,
    audiences: Vec<String>,
}

impl std::fmt::Debug for BearerTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BearerTokens").field("audiences", &self.audiences).finish_non_exhaustive()
    }
}

/// Who calls with a token of the issuer.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The person.
    pub profile: Profile,
    /// The issuer's name for the session that the token belongs to, if it has one.
    pub session: Option<String>,
    /// When the token was made.
    pub issued_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Unchecked {
    iss: String,
}

#[derive(Deserialize)]
struct AccessToken {
    sub: String,
    exp: i64,
    iat: i64,
    aud: Option<OneOrMany>,
    azp: Option<String>,
    sid: Option<String>,
    email: Option<String>,
    email_verified: Option<Truth>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl BearerTokens {
    pub(super) const fn new(issuer: Arc<Issuer>, audiences: Vec<String>) -> Self {
        Self { issuer, audiences }
    }

    /// Whether a token says that it comes from the issuer. That alone proves nothing.
    #[must_use]
    pub fn may_be_ours(&self, token: &str) -> bool {
        let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims = claims.and_then(|json| serde_json::from_slice::<Unchecked>(&json).ok());
        claims.is_some_and(|claims| claims.iss.trim_end_matches('/') == self.issuer.address())
    }

    /// Who calls, if the token is good now.
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn recognise(&self, token: &str, now: DateTime<Utc>) -> Result<Bearer, OidcError> {
        let claims: AccessToken = self.issuer.claims(token, None, now).await?;
        let known = |name: &String| self.audiences.contains(name);
        // Whoever writes no audience (Clerk) names the page that asked for the token.
        let for_us = match (&claims.aud, &claims.azp) {
            (Some(OneOrMany::One(audience)), _) => known(audience),
            (Some(OneOrMany::Many(audiences)), _) => audiences.iter().any(known),
            (None, Some(party)) => known(party),
            (None, None) => false,
        };
        if !for_us {
            return Err(OidcError::Refused("another audience"));
        }
        if claims.exp <= now.timestamp() {
            return Err(OidcError::Refused("expired"));
        }
        let instant = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(OidcError::Refused("no time"));
        Ok(Bearer {
            session: claims.sid,
            issued_at: instant(claims.iat)?,
            expires_at: instant(claims.exp)?,
            profile: Profile {
                issuer: self.issuer.address().to_owned(),
                subject: claims.sub,
                verified_email: verified_email(claims.email, claims.email_verified),
                name: claims.name,
            },
        })
    }
}
