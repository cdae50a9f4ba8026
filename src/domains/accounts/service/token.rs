//! Access tokens: JWTs signed with Ed25519, good for 15 minutes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::{loaders::VerifiedToken, model::ACCESS_TOKEN_LIFE};
use crate::{
    app::App,
    db::{
        hot::HotKey,
        ids::{AuthSessionId, MemberId},
    },
    graphql::Viewer,
};

/// Who the tokens are for.
const AUDIENCE: &str = "skillswap";
/// The fixed head of an Ed25519 private key in PKCS#8 (RFC 8410): the 32 bytes of the seed follow.
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Why a token is not good.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Broken, forged, expired, or its device was signed out.
    #[error("the access token is not good")]
    Invalid,
    /// The token could not be signed.
    #[error("signing: {0}")]
    Signing(jsonwebtoken::errors::Error),
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    aud: String,
    iat: i64,
    exp: i64,
    /// Makes two tokens of one second differ.
    #[serde(default)]
    jti: String,
}

/// The key pair, derived from the installation's secret.
struct Keys {
    id: String,
    private_der: Vec<u8>,
    public: String,
}

fn keys(secret: &str) -> Keys {
    let seed: [u8; 32] =
        Sha256::new().chain_update("skillswap access tokens 1").chain_update(secret).finalize().into();
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let id: String = Sha256::digest(public).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let private_der = PKCS8_HEAD.iter().chain(&seed).copied().collect();
    Keys { id, private_der, public: URL_SAFE_NO_PAD.encode(public) }
}

/// A random token of 256 bits.
#[must_use]
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Signs an access token; also returns its end.
///
/// # Errors
/// If signing fails.
pub fn issue_access_token(
    app: &App,
    member_id: MemberId,
    auth_session_id: AuthSessionId,
    now: DateTime<Utc>,
) -> Result<(String, DateTime<Utc>), TokenError> {
    let keys = keys(&app.secret);
    let expires_at = now + ACCESS_TOKEN_LIFE;
    let claims = Claims {
        sub: member_id.to_string(),
        sid: auth_session_id.to_string(),
        aud: AUDIENCE.to_owned(),
        iat: now.timestamp(),
        exp: expires_at.timestamp(),
        jti: random_token(),
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(keys.id);
    let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&keys.private_der))
        .map_err(TokenError::Signing)?;
    // A token's times are whole seconds.
    let expires_at = DateTime::from_timestamp(claims.exp, 0).unwrap_or(expires_at);
    Ok((token, expires_at))
}

/// The viewer behind an access token. Costs no SQL: the signature is checked when a token is first seen, and devices that
/// were signed out are known to the process (see [`super::revocation`]).
///
/// # Errors
/// [`TokenError::Invalid`].
pub fn verify_access_token(app: &App, token: &str) -> Result<Viewer, TokenError> {
    let key = VerifiedToken(Sha256::digest(token).into());
    let viewer = if let Some(viewer) = app.hot.get(key) {
        viewer
    } else {
        let viewer = decode(&app.secret, token)?;
        app.hot.put(key, app.hot.versions.see(key.tag()), viewer);
        viewer
    };
    let good = app.clock.now() < viewer.expires_at && !app.revoked.contains(viewer.auth_session_id);
    if good { Ok(viewer) } else { Err(TokenError::Invalid) }
}

/// Keeps whose a verified token is, for half a minute: the next request with it costs nothing.
pub fn keep_verified(app: &App, token: &str, viewer: Viewer) {
    let key = VerifiedToken(Sha256::digest(token).into());
    app.hot.put(key, app.hot.versions.see(key.tag()), viewer);
}

fn decode(secret: &str, token: &str) -> Result<Viewer, TokenError> {
    let keys = keys(secret);
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[AUDIENCE]);
    // The end is compared with the application's clock, not the system's.
    validation.validate_exp = false;
    let key = DecodingKey::from_ed_components(&keys.public).map_err(TokenError::Signing)?;
    let claims: Claims =
        jsonwebtoken::decode(token, &key, &validation).map_err(|_| TokenError::Invalid)?.claims;
    let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or(TokenError::Invalid)?;
    let member_id = claims.sub.parse().map_err(|_| TokenError::Invalid)?;
    let auth_session_id = claims.sid.parse().map_err(|_| TokenError::Invalid)?;
    Ok(Viewer { member_id, auth_session_id, expires_at })
}

/// The public keys as a JSON Web Key Set (RFC 7517), for others who check our tokens.
#[must_use]
pub fn public_keys(app: &App) -> serde_json::Value {
    let keys = keys(&app.secret);
    serde_json::json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": keys.id, "x": keys.public,
    }] })
}
