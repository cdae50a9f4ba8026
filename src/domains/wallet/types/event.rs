//! GraphQL types of what happens to a wallet besides payments and bookings.

use async_graphql::Object;
use chrono::{DateTime, Utc};

use crate::{
    domains::{event::Happened, wallet::model},
    graphql::scalars::Money,
};

/// An administrator corrected the caller's wallet.
#[derive(Clone, Debug)]
pub struct WalletAdjusted(pub Happened, pub model::adjustment::WalletAdjusted);

/// An administrator corrected the caller's wallet.
#[Object]
impl WalletAdjusted {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// Given if positive, taken if negative.
    async fn amount(&self) -> Money {
        Money::new(self.1.amount, self.1.asset.currency())
    }

    /// Why, in the administrator's words.
    async fn reason(&self) -> &str {
        &self.1.reason
    }
}

/// The caller got promotional credits.
#[derive(Clone, Debug)]
pub struct PromotionGranted(pub Happened, pub model::promotion::PromotionGranted);

/// The caller got promotional credits.
#[Object]
impl PromotionGranted {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// How much.
    async fn amount(&self) -> Money {
        Money::new(self.1.amount, self.1.asset.currency())
    }

    /// Why, in the words of whoever gave it.
    async fn reason(&self) -> &str {
        &self.1.reason
    }

    /// Until when it can be used.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.1.expires_at
    }
}

/// Promotional credits of the caller were not used in time.
#[derive(Clone, Debug)]
pub struct PromotionExpired(pub Happened, pub model::promotion::PromotionExpired);

/// Promotional credits of the caller were not used in time.
#[Object]
impl PromotionExpired {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// How much ended.
    async fn amount(&self) -> Money {
        Money::new(self.1.amount, self.1.asset.currency())
    }
}
