//! What a refund would move, agreed to before it moves: signed by us and carried by the client, so that nothing has to
//! be kept of what is never used.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::db::ids::PaymentId;

/// How long a quote is good.
pub const QUOTE_LIFE: TimeDelta = TimeDelta::minutes(10);
/// How a quote begins.
const PREFIX: &str = "rfq_";

/// What a refund would move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Its name: a quote is good once.
    pub id: Uuid,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// What goes back, in minor units of the payment's currency.
    pub amount: i64,
    /// What leaves the wallet, in hundredths of a credit.
    pub credits: i64,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

impl Quote {
    /// The text that the client carries.
    #[must_use]
    pub fn seal(&self, secret: &str) -> String {
        let body = serde_json::to_vec(self).unwrap_or_default();
        let tag = mac(secret, &body).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
        format!("{PREFIX}{}.{}", URL_SAFE_NO_PAD.encode(body), URL_SAFE_NO_PAD.encode(tag))
    }

    /// Reads such a text; `None` if it is not of our making.
    #[must_use]
    pub fn open(secret: &str, text: &str) -> Option<Self> {
        let (body, tag) = text.strip_prefix(PREFIX).filter(|text| text.len() < 1_000)?.split_once('.')?;
        let body = URL_SAFE_NO_PAD.decode(body).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        mac(secret, &body)?.verify_slice(&tag).ok()?;
        serde_json::from_slice(&body).ok()
    }
}

fn mac(secret: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(b"skillswap refund quotes 1");
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ids::{self, EntityId};

    #[test]
    fn a_quote_is_believed_only_as_it_was_made() {
        let quote = Quote {
            id: ids::new_uuid(),
            payment_id: PaymentId::from_uuid(ids::new_uuid()),
            amount: 5,
            credits: 7,
            expires_at: DateTime::UNIX_EPOCH,
        };
        let sealed = quote.seal("a secret");
        assert_eq!(Quote::open("a secret", &sealed), Some(quote.clone()));
        assert_eq!(Quote::open("another", &sealed), None);
        let dearer = Quote { amount: 6, ..quote }.seal("another");
        let (body, _) = dearer.split_once('.').unwrap();
        let (_, tag) = sealed.split_once('.').unwrap();
        for forged in
            [format!("{body}.{tag}"), String::new(), "rfq_".to_owned(), "rfq_.".to_owned(), dearer.clone()]
        {
            assert_eq!(Quote::open("a secret", &forged), None, "{forged}");
        }
    }
}
