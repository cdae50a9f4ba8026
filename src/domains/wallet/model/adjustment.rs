//! Corrections of wallets by administrators.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::Asset;
use crate::{
    db::{
        ids::{AdjustmentId, MemberId},
        tables::adjustments,
    },
    events::EventPayload,
    text_enum,
};

/// What one administrator adjusts in this time is summed for the limit, so that many small adjustments are no way around it.
pub const LIMIT_WINDOW: TimeDelta = TimeDelta::hours(24);

text_enum! {
    /// Where an adjustment stands.
    pub enum AdjustmentStatus { Waiting = "WAITING", Posted = "POSTED", Rejected = "REJECTED" }
}

/// An adjustment.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = adjustments, check_for_backend(diesel::pg::Pg))]
pub struct AdjustmentRow {
    /// Its id.
    pub id: AdjustmentId,
    /// Whose wallet.
    pub member_id: MemberId,
    /// What is counted.
    pub asset: Asset,
    /// Given if positive, taken if negative.
    pub amount: i64,
    /// Whether it gives promotional credits.
    pub promotional: bool,
    /// Why, in the administrator's words.
    pub reason: String,
    /// Where it stands.
    pub status: AdjustmentStatus,
    /// Who asked for it.
    pub requested_by: MemberId,
    /// The second administrator.
    pub decided_by: Option<MemberId>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was posted or rejected.
    pub decided_at: Option<DateTime<Utc>>,
}

/// An administrator corrected a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletAdjusted {
    /// The adjustment.
    pub adjustment_id: AdjustmentId,
    /// What is counted.
    pub asset: Asset,
    /// Given if positive, taken if negative.
    pub amount: i64,
    /// Why, in the administrator's words.
    pub reason: String,
}

impl EventPayload for WalletAdjusted {
    const KIND: &'static str = "WALLET_ADJUSTED";
}
