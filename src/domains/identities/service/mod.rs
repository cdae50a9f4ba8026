//! Use-cases of outside identities.

mod bearer;
mod complete;
mod link;
mod start;
mod sync;

pub use bearer::{BearerError, viewer_of};
pub use complete::{Complete, CompleteError, Completed, complete};
pub use link::{UnlinkError, unlink};
pub use start::{Start, StartError, Started, forget_old, start};
pub use sync::{SyncError, receive_user_event};

use sha2::{Digest, Sha256};

use super::model::OAuthProvider;
use crate::{app::App, integrations::oidc::Provider};

/// The provider behind a name, if it is set up.
fn provider(app: &App, name: OAuthProvider) -> Option<&Provider> {
    let providers = &app.integrations.identities;
    match name {
        OAuthProvider::Google => providers.google.as_deref(),
        OAuthProvider::Facebook => providers.facebook.as_deref(),
        OAuthProvider::Oidc => providers.oidc.as_deref(),
    }
}

/// What is kept of a text that only its holder knows.
fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

/// A secret of one flow. It follows from the state and the installation's secret, so that nothing of it is kept.
fn derived(app: &App, purpose: &str, state: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, app.secret.as_bytes());
    URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, format!("skillswap oauth {purpose} 1 {state}").as_bytes()))
}
