//! Calls to providers: bounded in time, tried again a few times when nobody can know whether they arrived, or when the
//! provider asks for it. Every call that does something carries a key of ours, so that doing it twice does it once.

use std::{future::Future, time::Duration};

use anyhow::anyhow;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use super::ProviderError;

/// How often a call is tried.
pub(super) const TRIES: u32 = 3;
/// How long one try may take. All tries and pauses fit into the time that a mutation has.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
/// The first pause; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// The largest answer read.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Tries until something other than [`ProviderError::Unavailable`] comes out, a few times at most.
pub(super) async fn persist<T, F: Future<Output = Result<T, ProviderError>>>(
    attempt: impl Fn() -> F,
) -> Result<T, ProviderError> {
    let mut tries = 1;
    loop {
        match attempt().await {
            Err(ProviderError::Unavailable(error)) if tries < TRIES => {
                tracing::debug!(%error, tries, "a provider did not answer as it should");
                // Whoever was cut off together does not come back together.
                let spread = Duration::from_millis(u64::from(rand::random::<u8>()) / 2);
                tokio::time::sleep(PAUSE * 2_u32.pow(tries - 1) + spread).await;
                tries += 1;
            }
            result => return result,
        }
    }
}

/// An answer that says yes or no; anything else is no answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// The body of a yes.
    pub(super) fn yes(self) -> Result<Value, ProviderError> {
        if self.status.is_success() { Ok(self.body) } else { Err(ProviderError::Refused(self.reason())) }
    }

    /// Why it is a no, in the provider's words.
    pub(super) fn reason(&self) -> String {
        let body = &self.body;
        let places = ["/error/description", "/details/0/description", "/message"];
        let words = places.iter().find_map(|place| body.pointer(place)?.as_str());
        let words = words.unwrap_or("no reason given");
        format!("{}: {}", self.status.as_u16(), words.chars().take(300).collect::<String>())
    }
}

/// Sends a request, persistently.
pub(super) async fn send(build: impl Fn() -> RequestBuilder) -> Result<Answer, ProviderError> {
    persist(|| once(build())).await
}

/// Sends a request, once.
pub(super) async fn once(request: RequestBuilder) -> Result<Answer, ProviderError> {
    let read = async {
        let mut response = request.timeout(TIMEOUT).send().await?;
        let status = response.status();
        // A conflict is another try of ours that is still under way.
        let later = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT);
        if later || status.is_server_error() || status.is_redirection() {
            return Err(anyhow!("answered {status}"));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(anyhow!("answered more than {MAX_BODY} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
        Ok(Answer { status, body })
    };
    read.await.map_err(ProviderError::Unavailable)
}
