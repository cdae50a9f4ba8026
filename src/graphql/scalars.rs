//! Scalars beyond the five of the specification. Instants are chrono's `DateTime<Utc>`, written in RFC 3339.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use chrono::NaiveDate;

use super::plain::{PlainFields, Wanted, scalar};

/// A whole number of any size, as text: JSON numbers lose digits beyond 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigInt(pub i64);

/// A whole number of up to 64 bits, as text, because JSON numbers lose digits beyond 2^53.
#[Scalar(name = "BigInt")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let parsed = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => None,
        };
        parsed
            .map(Self)
            .ok_or_else(|| InputValueError::custom("expected a whole number as text, such as \"1500\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A day of the calendar, as `2026-12-24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A day of the calendar, as `2026-12-24`.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let parsed = match &value {
            Value::String(text) if text.len() == 10 => text.parse().ok(),
            _ => None,
        };
        parsed.map(Self).ok_or_else(|| InputValueError::custom("expected a date such as \"2026-12-24\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

macro_rules! text_scalar {
    ($(#[$doc:meta])* $name:ident, $graphql:literal, $check:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub String);

        $(#[$doc])*
        #[Scalar(name = $graphql)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                let check: fn(&str) -> bool = $check;
                match value {
                    Value::String(text) if check(&text) => Ok(Self(text)),
                    _ => Err(InputValueError::custom(concat!("expected ", $expected))),
                }
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    };
}

text_scalar! {
    /// An ISO 4217 currency code, or `CREDIT` for the credits of this platform (two decimals).
    CurrencyCode, "CurrencyCode",
    |text| (3..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase()),
    "a currency code such as \"EUR\" or \"CREDIT\""
}
text_scalar! {
    /// A time zone of the IANA database, such as `Europe/Berlin`.
    TimeZone, "TimeZone", |text| text.parse::<chrono_tz::Tz>().is_ok(), "an IANA time zone such as \"Europe/Berlin\""
}
text_scalar! {
    /// An absolute http or https address.
    Url, "URL",
    |text| text.len() <= 2000 && (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(char::is_whitespace),
    "an address that starts with https:// or http://"
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct Money {
    /// Minor units: hundredths for `USD`, `EUR` and `CREDIT`, whole units for `JPY`.
    pub amount_minor: BigInt,
    /// What it is counted in.
    pub currency: CurrencyCode,
}

impl PlainFields for Money {
    const PLAIN: &'static [&'static str] = &["amountMinor", "currency"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        match field.name() {
            "amountMinor" => scalar(&self.amount_minor),
            "currency" => scalar(&self.currency),
            _ => None,
        }
    }
}

impl Money {
    /// An amount in minor units.
    #[must_use]
    pub fn new(amount_minor: i64, currency: impl Into<String>) -> Self {
        Self { amount_minor: BigInt(amount_minor), currency: CurrencyCode(currency.into()) }
    }
}
