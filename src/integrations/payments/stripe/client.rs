//! The client of Stripe's API.

use std::future::Future;

use anyhow::anyhow;
use stripe::{ClientBuilder, IdempotencyKey, RequestStrategy, StripeError};
use stripe_shared::ApiErrors;

use super::super::{ProviderError, calls};

/// Calls Stripe: persistently, in time, each act under a key of ours.
#[derive(Clone, Debug)]
pub struct StripeClient {
    client: stripe::Client,
}

impl StripeClient {
    /// A client with a secret key, for Stripe or a server that stands in for it.
    ///
    /// # Errors
    /// If the key or the address cannot be used.
    pub fn new(secret_key: &str, url: Option<&str>) -> Result<Self, StripeError> {
        let mut builder = ClientBuilder::new(secret_key).timeout(calls::TIMEOUT);
        if let Some(url) = url {
            builder = builder.url(format!("{}/", url.trim_end_matches('/')));
        }
        Ok(Self { client: builder.build()? })
    }

    /// Reads: `send` is given what the request is sent with.
    ///
    /// # Errors
    /// See [`ProviderError`].
    pub async fn read<'a, T, F: Future<Output = Result<T, StripeError>>>(
        &'a self,
        send: impl Fn(&'a stripe::Client) -> F,
    ) -> Result<T, ProviderError> {
        calls::persist(|| {
            let request = send(&self.client);
            async { request.await.map_err(classify) }
        })
        .await
    }

    /// Acts, once for each key however often it is asked: `send` is given what the request is sent with.
    ///
    /// # Errors
    /// See [`ProviderError`].
    pub async fn act<'a, T, F: Future<Output = Result<T, StripeError>>>(
        &'a self,
        key: &str,
        send: impl Fn(&'a stripe::Client, RequestStrategy) -> F,
    ) -> Result<T, ProviderError> {
        let key = IdempotencyKey::new(key).map_err(|error| ProviderError::Refused(error.to_string()))?;
        calls::persist(|| {
            let request = send(&self.client, RequestStrategy::Idempotent(key.clone()));
            async { request.await.map_err(classify) }
        })
        .await
    }
}

/// Whether an error is a no, or leaves everything open.
fn classify(error: StripeError) -> ProviderError {
    match error {
        // Too many calls; another try with the same key that is still under way; trouble over there.
        StripeError::Stripe(told, status) if matches!(status, 409 | 424 | 429) || status >= 500 => {
            ProviderError::Unavailable(anyhow!("answered {status}: {}", reason(&told)))
        }
        StripeError::Stripe(told, status) => ProviderError::Refused(format!("{status}: {}", reason(&told))),
        // An answer that we cannot read may well have been a yes.
        other => ProviderError::Unavailable(anyhow!(other)),
    }
}

fn reason(told: &ApiErrors) -> String {
    let words = told.message.as_deref().unwrap_or("no reason given");
    words.chars().take(300).collect()
}
