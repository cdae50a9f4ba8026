//! Outward ports: what leaves the process goes through a trait with an embedded default and real implementations.

pub mod mail;
pub mod oidc;
pub mod payments;
pub mod payouts;
pub mod storage;

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
    /// Providers of payouts.
    pub payouts: payouts::Payouts,
    /// The store of files.
    pub storage: storage::Storage,
}

impl Integrations {
    /// Chooses the implementations by the settings.
    ///
    /// # Errors
    /// If the store of files or a provider of payments cannot be used as it is set.
    pub fn new(config: &Config, secret: &str, public_url: &str) -> anyhow::Result<Self> {
        let http = http_client();
        let identities = oidc::IdentityProviders::new(&config.identity, &http);
        Ok(Self {
            http,
            mails: mail::Mails::new(config),
            identities,
            payments: payments::Payments::new(config, secret)?,
            payouts: payouts::Payouts::new(config, secret),
            storage: storage::Storage::new(config, secret, public_url)?,
        })
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
