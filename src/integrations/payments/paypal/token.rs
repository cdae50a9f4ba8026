//! The access token of PayPal's API, kept for as long as it is good.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{super::ProviderError, Paypal, calls, unreadable};
use crate::app::App;

/// How long before its end a token is not used any more.
const MARGIN: TimeDelta = TimeDelta::minutes(1);

/// A token with its end, once there is one.
#[derive(Default)]
pub(super) struct Token(Mutex<Option<(String, DateTime<Utc>)>>);

impl Token {
    /// A token that is good for a while.
    pub(super) async fn get(&self, paypal: &Paypal, app: &App) -> Result<String, ProviderError> {
        let now = app.clock.now();
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((token, _)) = kept.filter(|(_, end)| now < *end) {
            return Ok(token);
        }
        let request = app.integrations.http.post(format!("{}/v1/oauth2/token", paypal.url));
        let request = request
            .basic_auth(&paypal.client_id, Some(&paypal.client_secret))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let told = calls::once(request).await?.yes()?;
        let token = told.get("access_token").and_then(Value::as_str);
        let token = token.ok_or_else(|| unreadable("a token"))?.to_owned();
        let seconds = told.get("expires_in").and_then(Value::as_i64).unwrap_or(0).clamp(0, 86_400);
        let end = now + TimeDelta::seconds(seconds) - MARGIN;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), end));
        Ok(token)
    }

    /// Drops a token that PayPal does not take any more.
    pub(super) fn forget(&self, refused: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|(token, _)| token == refused) {
            *kept = None;
        }
    }
}
