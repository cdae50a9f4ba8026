//! What a device shows when it signs in: where it is, what it runs, and a token by which a member's known device is
//! recognised. The token signs nobody in; it only gives the device tries of its own.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use chrono::{DateTime, Utc};

use super::{
    super::model::{AUTH_SESSION_LIFE, AuthSessionRow},
    lockout,
};
use crate::{
    app::App,
    db::ids::{AuthSessionId, EntityId, MemberId},
    graphql::Client,
    integrations::mail::link,
};

const PURPOSE: &str = "known device";

/// The device of a caller.
#[derive(Clone, Debug)]
pub struct Device {
    /// The program, in its own words.
    pub user_agent: Option<String>,
    /// The network it is in; see [`lockout::place`].
    pub place: String,
    /// What it got when it signed in before.
    pub known_as: Option<String>,
}

impl Device {
    /// The device of a request, with the token that it showed, if any.
    #[must_use]
    pub fn of(client: &Client, shown: Option<String>) -> Self {
        let kept = client.cookies.as_ref().and_then(|cookies| cookies.get("device").map(str::to_owned));
        Self {
            user_agent: client.user_agent.clone(),
            place: lockout::place(client.ip),
            known_as: shown.or(kept),
        }
    }

    /// The row of this device once it is signed in.
    #[must_use]
    pub fn signed_in(&self, member_id: MemberId, now: DateTime<Utc>) -> AuthSessionRow {
        AuthSessionRow {
            id: AuthSessionId::new(),
            member_id,
            user_agent: self.user_agent.clone(),
            created_at: now,
            last_used_at: now,
            expires_at: now + AUTH_SESSION_LIFE,
            revoked_at: None,
            ip_address: Some(self.place.clone()),
            outside_key: None,
        }
    }

    /// The device's own number, if the member signed in with it before.
    #[must_use]
    pub fn known_to(&self, app: &App, member: Option<MemberId>) -> Option<[u8; 16]> {
        let (token, member) = (self.known_as.as_deref()?, member?);
        let (number, _) = token.split_once('.')?;
        let number: [u8; 16] = URL_SAFE_NO_PAD.decode(number).ok()?.try_into().ok()?;
        let expected = write(app, member, number);
        // Compared as hashes: the time tells nothing of the token.
        (hash(token) == hash(&expected)).then_some(number)
    }

    /// The token by which the device is known to the member from now on.
    #[must_use]
    pub fn token_for(&self, app: &App, member: MemberId) -> String {
        let number = self.known_to(app, Some(member)).unwrap_or_else(rand::random);
        write(app, member, number)
    }
}

fn write(app: &App, member: MemberId, number: [u8; 16]) -> String {
    let value = [member.uuid().as_bytes().as_slice(), &number].concat();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(number), link::derive(&app.secret, PURPOSE, &value))
}

fn hash(text: &str) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).into()
}
