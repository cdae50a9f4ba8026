//! The port to outside identity providers: Google, Facebook, and any `OpenID` Connect issuer found by discovery.
//!
//! A provider is asked for an address to send the member to, and later trades the code that the member brings back for
//! who they are. Nothing it says is believed before signature, issuer, audience, nonce and time fit.

mod bearer;
mod fetch;
mod issuer;
mod kept;
mod provider;
mod svix;
mod token;

use std::sync::Arc;

pub use bearer::{Bearer, BearerTokens};
pub use provider::{Begin, Exchange, Profile, Provider};
pub use svix::{UserChange, UserEvent, read as read_user_event};

use self::issuer::Issuer;
use crate::config::IdentityConfig;

/// Why a provider's word is not taken.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider cannot be reached or does not speak the protocol.
    #[error("the identity provider is unavailable: {0}")]
    Unavailable(anyhow::Error),
    /// The provider refused the code, or its token is not good.
    #[error("the identity provider's answer is not good: {0}")]
    Refused(&'static str),
}

/// The identity providers of this installation.
#[derive(Debug, Default)]
pub struct IdentityProviders {
    /// Google.
    pub google: Option<Arc<Provider>>,
    /// Facebook.
    pub facebook: Option<Arc<Provider>>,
    /// The issuer of the installation's choice.
    pub oidc: Option<Arc<Provider>>,
    /// Access tokens of that issuer, if they are taken as they are.
    pub bearer: Option<BearerTokens>,
}

impl IdentityProviders {
    /// Those that are set up.
    #[must_use]
    pub fn new(config: &IdentityConfig, http: &reqwest::Client) -> Self {
        let oidc = |issuer: &Arc<Issuer>, id: &Option<String>, secret: &Option<String>| {
            let provider = Provider::oidc(http, Arc::clone(issuer), id.as_deref()?, secret.as_deref());
            Some(Arc::new(provider))
        };
        let google = Arc::new(Issuer::new(http, &config.google_issuer));
        let own = config.oidc_issuer.as_deref().map(|address| Arc::new(Issuer::new(http, address)));
        let facebook = config.facebook_client_id.as_deref().zip(config.facebook_client_secret.as_deref());
        let audiences = Some(&config.oidc_audiences).filter(|audiences| !audiences.is_empty());
        Self {
            google: oidc(&google, &config.google_client_id, &config.google_client_secret),
            facebook: facebook.map(|(id, secret)| {
                let (dialog, graph) = (&config.facebook_dialog_url, &config.facebook_graph_url);
                Arc::new(Provider::facebook(http, dialog, graph, id, secret))
            }),
            oidc: own
                .as_ref()
                .and_then(|issuer| oidc(issuer, &config.oidc_client_id, &config.oidc_client_secret)),
            bearer: own
                .zip(audiences)
                .map(|(issuer, audiences)| BearerTokens::new(issuer, audiences.clone())),
        }
    }
}
