//! Checks of signed tokens that others issue (JWT with a public key).

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::Jwk};
use serde::{Deserialize, de::DeserializeOwned};

use super::OidcError;

/// How far the issuer's clock may be off, in seconds.
const LEEWAY: i64 = 60;

/// What is expected of a token.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    /// `None`: the caller looks at it.
    pub(super) audience: Option<&'a str>,
    pub(super) now: DateTime<Utc>,
}

/// The name of the key that a token says it is signed with.
pub(super) fn key_name(token: &str) -> Result<Option<String>, OidcError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| OidcError::Refused("no signed token"))?;
    // Shared secrets and `none` have no place here: the key must be a public one.
    if !ALGORITHMS.contains(&header.alg) {
        return Err(OidcError::Refused("another algorithm"));
    }
    Ok(header.kid)
}

const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

#[derive(Deserialize)]
struct Times {
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
}

/// The claims of a token, if its signature, issuer, audience and times fit.
pub(super) fn claims<T: DeserializeOwned>(
    token: &str,
    key: &Jwk,
    expected: &Expected<'_>,
) -> Result<T, OidcError> {
    let algorithm =
        jsonwebtoken::decode_header(token).map_err(|_| OidcError::Refused("no signed token"))?.alg;
    if key.common.key_algorithm.is_some_and(|of_key| of_key.to_string() != format!("{algorithm:?}")) {
        return Err(OidcError::Refused("a key of another algorithm"));
    }
    let decoding = DecodingKey::from_jwk(key).map_err(|_| OidcError::Refused("a key of an unknown kind"))?;
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[expected.issuer]);
    validation.set_required_spec_claims(&["iss", "exp", "sub"]);
    match expected.audience {
        Some(audience) => {
            validation.set_audience(&[audience]);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        None => validation.validate_aud = false,
    }
    // Times are compared with the application's clock, not the system's.
    validation.validate_exp = false;
    let refused = || OidcError::Refused("signature, issuer or audience");
    let Times { exp, nbf, iat } =
        jsonwebtoken::decode(token, &decoding, &validation).map_err(|_| refused())?.claims;
    let now = expected.now.timestamp();
    let early = [nbf, iat].into_iter().flatten().any(|from| from > now + LEEWAY);
    if exp <= now - LEEWAY || early {
        return Err(OidcError::Refused("expired or not good yet"));
    }
    Ok(jsonwebtoken::decode(token, &decoding, &validation).map_err(|_| refused())?.claims)
}
