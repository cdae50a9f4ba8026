//! Requests to identity providers: bounded in time by the client, in size here; no redirect is followed.

use anyhow::{Context, anyhow, bail};
use oauth2::{HttpRequest, HttpResponse};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;

use super::OidcError;

/// The largest answer read.
const MAX_BODY: usize = 256 * 1024;

/// An answer's status and body.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// The body of a success as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, OidcError> {
        let read = || -> anyhow::Result<T> {
            if !self.status.is_success() {
                bail!("answered {}", self.status);
            }
            serde_json::from_slice(&self.body).context("no JSON of the expected form")
        };
        read().map_err(OidcError::Unavailable)
    }
}

/// Sends a request.
pub(super) async fn send(request: RequestBuilder) -> Result<Answer, OidcError> {
    let read = async {
        let mut response = request.send().await?;
        if response.status().is_redirection() {
            bail!("redirected, which is not followed");
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BODY {
                bail!("answered more than {MAX_BODY} bytes");
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status(), body })
    };
    read.await.map_err(OidcError::Unavailable)
}

/// Trades a code: a request of the OAuth library over our client. The code is refused by a status, whatever the body says.
pub(super) async fn trade(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, OidcError> {
    let broken = |error: anyhow::Error| OidcError::Unavailable(error);
    let request = reqwest::Request::try_from(request).map_err(|error| broken(error.into()))?;
    let answer = send(RequestBuilder::from_parts(http, request)).await?;
    if answer.status.is_client_error() {
        return Err(OidcError::Refused("the code"));
    }
    if !answer.status.is_success() {
        return Err(broken(anyhow!("answered {}", answer.status)));
    }
    Ok(HttpResponse::new(answer.body))
}

/// An address that secrets may be sent to: `https`, or on this machine.
pub(super) fn is_safe(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.scheme() == "https" || (url.scheme() == "http" && local)
    })
}
