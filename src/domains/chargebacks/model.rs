//! Rows, events and rules of chargebacks.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{ChargebackId, MemberId, PaymentId},
        tables::chargebacks,
    },
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// Where a chargeback stands.
    pub enum ChargebackStatus { Open = "OPEN", Won = "WON", Lost = "LOST" }
}

/// A chargeback.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = chargebacks, check_for_backend(diesel::pg::Pg))]
pub struct ChargebackRow {
    /// Its id.
    pub id: ChargebackId,
    /// What is taken back.
    pub payment_id: PaymentId,
    /// Who had paid.
    pub member_id: MemberId,
    /// Through whom.
    pub provider: String,
    /// The provider's name for it.
    pub reference: String,
    /// Where it stands.
    pub status: ChargebackStatus,
    /// What the bank takes back, in minor units of `currency`.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Credits that it took, in hundredths.
    pub credits: i64,
    /// How many of them were spent already.
    pub owed: i64,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was decided.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What the provider's word does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Credits are taken.
    Take,
    /// What was taken is given back.
    Give,
    /// Only the status changes.
    Note,
    /// Nothing: it was heard before, or a later word was.
    Nothing,
}

impl ChargebackStatus {
    /// What a word of the provider does to a chargeback that stands here; `None` = it was never heard of.
    #[must_use]
    pub const fn on(before: Option<Self>, word: Self) -> Effect {
        match (before, word) {
            (None, Self::Open | Self::Lost) => Effect::Take,
            (Some(Self::Open), Self::Won) => Effect::Give,
            (None, Self::Won) | (Some(Self::Open), Self::Lost) => Effect::Note,
            (Some(Self::Open), Self::Open) | (Some(Self::Won | Self::Lost), _) => Effect::Nothing,
        }
    }
}

/// The credits of a part of a payment, rounded down.
#[must_use]
pub fn credits_of(credits: i64, paid: i64, part: i64) -> i64 {
    if part >= paid || paid <= 0 {
        return credits;
    }
    // Never more than `credits`, so it fits.
    i64::try_from(i128::from(credits) * i128::from(part) / i128::from(paid)).unwrap_or(credits)
}

macro_rules! chargeback_events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            /// The chargeback, right after it.
            pub chargeback: ChargebackRow,
        }

        impl EventPayload for $name {
            const KIND: &'static str = $kind;
        }
    )+};
}

chargeback_events! {
    /// The bank takes a payment back; the credits are taken.
    ChargebackOpened = "CHARGEBACK_OPENED";
    /// A chargeback was decided.
    ChargebackClosed = "CHARGEBACK_CLOSED";
}

#[cfg(test)]
mod tests {
    use super::{
        ChargebackStatus::{Lost, Open, Won},
        *,
    };

    #[test]
    fn words_in_any_order_take_and_give_once() {
        for words in [
            vec![Open, Won],
            vec![Won, Open],
            vec![Open, Open, Won, Won, Open],
            vec![Open, Lost],
            vec![Lost, Open],
            vec![Lost, Lost, Open, Won],
        ] {
            let (mut at, mut taken) = (None, 0);
            for &word in &words {
                match ChargebackStatus::on(at, word) {
                    Effect::Take => taken += 1,
                    Effect::Give => taken -= 1,
                    Effect::Note => {}
                    Effect::Nothing => continue,
                }
                at = Some(word);
            }
            let first_end = words.iter().find(|word| **word != Open).copied();
            assert_eq!((at, taken), (first_end, i32::from(first_end == Some(Lost))), "{words:?}");
        }
    }

    #[test]
    fn a_part_of_a_payment_takes_its_part_of_the_credits() {
        assert_eq!(credits_of(10_000, 1250, 1250), 10_000);
        assert_eq!(credits_of(10_000, 1250, 5000), 10_000);
        assert_eq!(credits_of(10_000, 1250, 1), 8);
        assert_eq!(credits_of(i64::MAX, i64::MAX, i64::MAX - 1), i64::MAX - 1);
    }
}
