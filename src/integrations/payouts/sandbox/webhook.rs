//! How the sandbox tells the shop what happened to accounts and payouts, signed as its webhooks about payments are, with a
//! key of its own.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    super::{News, PayoutEvent, Progress, Sent},
    NAME,
    books::{self, PayoutRow, PayoutStatus},
};
use crate::{
    app::App,
    db::{Tx, ids},
    integrations::payments::{
        BadWebhook,
        sandbox::webhook::{SIGNATURE_HEADER, sign},
    },
    jobs::{
        Job,
        queue::{self, Options},
    },
};

/// The key of the signatures, derived from the installation's secret.
#[must_use]
pub fn key(secret: &str) -> [u8; 32] {
    Sha256::new().chain_update("skillswap sandbox payouts 1").chain_update(secret).finalize().into()
}

#[derive(Deserialize)]
struct Payload {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Value,
}

#[derive(Deserialize)]
struct PayoutData {
    reference: String,
    payout: String,
    amount: i64,
    currency: String,
    failure: Option<String>,
}

/// Reads a payload.
///
/// # Errors
/// [`BadWebhook`] if it is no event of the sandbox.
pub fn read(payload: &Value) -> Result<PayoutEvent, BadWebhook> {
    let Payload { id, kind, data } = Payload::deserialize(payload).map_err(|_| BadWebhook)?;
    if id.is_empty() || id.len() > 255 {
        return Err(BadWebhook);
    }
    let news = match kind.as_str() {
        "account.updated" => {
            Some(News::Account(data.get("account").and_then(Value::as_str).ok_or(BadWebhook)?.to_owned()))
        }
        "payout.paid" | "payout.failed" => {
            let data = PayoutData::deserialize(data).map_err(|_| BadWebhook)?;
            let progress = match kind.as_str() {
                "payout.paid" => Progress::Paid,
                _ => Progress::Failed(data.failure.unwrap_or_default()),
            };
            Some(News::Payout {
                payout_id: data.payout.parse().map_err(|_| BadWebhook)?,
                sent: Sent { reference: data.reference, progress },
                amount: data.amount,
                currency: data.currency,
            })
        }
        _ => None,
    };
    Ok(PayoutEvent { id, kind, news })
}

/// Tells the shop of an account or a payout, until it has understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverWebhook {
    event_id: String,
    account: Option<String>,
    payout: Option<(String, PayoutStatus)>,
}

impl DeliverWebhook {
    pub(super) fn account(id: &str) -> Self {
        Self { event_id: event_id(), account: Some(id.to_owned()), payout: None }
    }

    pub(super) fn payout(id: &str, end: PayoutStatus) -> Self {
        Self { event_id: event_id(), account: None, payout: Some((id.to_owned(), end)) }
    }

    pub(super) async fn enqueue(&self, tx: &mut Tx, after: TimeDelta) -> QueryResult<()> {
        let run_at = Some(tx.now() + after);
        queue::enqueue_with(tx, self, Options { run_at, unique_key: None }).await
    }

    fn body(&self, kind: &str, data: &Value, now: DateTime<Utc>) -> String {
        json!({ "id": self.event_id, "type": kind, "created": now.timestamp(), "data": data }).to_string()
    }
}

fn event_id() -> String {
    format!("evt_{}", ids::new_uuid().simple())
}

impl Job for DeliverWebhook {
    const KIND: &'static str = "sandbox.deliver_payout_webhook";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        let body = match (&self.account, &self.payout) {
            (Some(account), _) => self.body("account.updated", &json!({ "account": account }), now),
            (None, Some((id, end))) => {
                let Some(row) = books::end(app, id, *end).await? else { return Ok(()) };
                let kind = if row.status == PayoutStatus::Paid { "payout.paid" } else { "payout.failed" };
                self.body(kind, &told(&row), now)
            }
            (None, None) => return Ok(()),
        };
        let answer = app
            .integrations
            .http
            .post(format!("{}/webhooks/payouts/{NAME}", app.public_url))
            .header(SIGNATURE_HEADER, sign(&key(&app.secret), now, body.as_bytes()))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        anyhow::ensure!(answer.status().is_success(), "the webhook was answered with {}", answer.status());
        Ok(())
    }
}

fn told(row: &PayoutRow) -> Value {
    json!({
        "reference": row.id,
        "payout": row.payout_id.to_string(),
        "amount": row.amount,
        "currency": row.currency,
        "failure": row.failure(),
    })
}
