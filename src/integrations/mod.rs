//! Outward ports: what leaves the process goes through a trait with an embedded default and real implementations.

pub mod mail;
pub mod oidc;
pub mod payments;

use crate::config::Config;

/// Every outward port of the application.
#[derive(Debug)]
pub struct Integrations {
    /// The one HTTP client: time-outs set, connections pooled.
    pub http: reqwest::Client,
    /// How mail leaves.
    pub mails: mail::Mails,
    /// Outside identity providers.
    pub identities: oidc::IdentityProviders,
    /// Providers of payments.
    pub payments: payments::Payments,
}

impl Integrations {
    /// Chooses the implementations by the settings.
    #[must_use]
    pub fn new(config: &Config, secret: &str, _public_url: &str) -> Self {
        let http = http_client();
        let identities = oidc::IdentityProviders::new(&config.identity, &http);
        Self {
            http,
            mails: mail::Mails::new(config),
            identities,
            payments: payments::Payments::new(config, secret),
        }
    }
}

/// A client that gives up in time and follows no redirect by itself.
fn http_client() -> reqwest::Client {
    // One TLS implementation for the process; installing it again is refused, and harmless.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(10))
        .connect_timeout(std::time::Duration::from_secs(3))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("skillswap/", env!("CARGO_PKG_VERSION")))
        .build()
        .unwrap_or_default()
}
