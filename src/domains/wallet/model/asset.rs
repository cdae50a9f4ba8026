//! What is counted, and in which unit.

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use serde::{Deserialize, Serialize};

/// The credits of this platform, in hundredths.
pub const CREDIT: &str = "CREDIT/2";

/// What members can have in a wallet.
pub const ASSETS: [&str; 5] = [CREDIT, "USD/2", "EUR/2", "INR/2", "JPY/0"];

/// Currencies of ISO 4217 without minor units.
const NO_DECIMALS: [&str; 17] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
    "XOF", "XPF",
];
/// Currencies of ISO 4217 with thousandths.
const THREE_DECIMALS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// A currency with its number of decimals, such as `CREDIT/2`, `USD/2` or `JPY/0`: amounts are counted in its minor units.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[serde(transparent)]
#[diesel(sql_type = Text)]
pub struct Asset(String);

impl Asset {
    /// The credits of this platform.
    #[must_use]
    pub fn credit() -> Self {
        Self(CREDIT.to_owned())
    }

    /// A currency of ISO 4217, or `CREDIT`.
    #[must_use]
    pub fn of(currency: &str) -> Self {
        let decimals = match currency {
            code if NO_DECIMALS.contains(&code) => 0,
            code if THREE_DECIMALS.contains(&code) => 3,
            _ => 2,
        };
        Self(format!("{currency}/{decimals}"))
    }

    /// One that is kept, such as `CREDIT/2`.
    #[must_use]
    pub fn named(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// One of [`ASSETS`] by its name, such as `CREDIT/2`.
    #[must_use]
    pub fn known(text: &str) -> Option<Self> {
        ASSETS.contains(&text).then(|| Self::named(text))
    }

    /// The code, such as `CREDIT`.
    #[must_use]
    pub fn currency(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(code, _)| code)
    }

    /// Digits behind the point.
    #[must_use]
    pub fn decimals(&self) -> usize {
        self.0.split_once('/').and_then(|(_, decimals)| decimals.parse().ok()).unwrap_or(2)
    }

    /// As it is kept, such as `CREDIT/2`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ToSql<Text, Pg> for Asset {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Text, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<Text, Pg> for Asset {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<Text, Pg>::from_sql(value).map(Self)
    }
}

/// An amount in minor units of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Minor units.
    pub minor: i64,
    /// What is counted.
    pub asset: Asset,
}

impl Amount {
    /// The number for people, without the currency: `12.50`.
    #[must_use]
    pub fn number(&self) -> String {
        let decimals = self.asset.decimals();
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = decimals + 1);
        match digits.split_at_checked(digits.len() - decimals) {
            Some((whole, part)) if decimals > 0 => format!("{sign}{whole}.{part}"),
            _ => format!("{sign}{digits}"),
        }
    }
}

impl std::fmt::Display for Amount {
    /// For people: `12.50 USD`, `1200 JPY`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.number(), self.asset.currency())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_knows_its_decimals() {
        for (currency, asset, decimals) in
            [("CREDIT", "CREDIT/2", 2), ("USD", "USD/2", 2), ("JPY", "JPY/0", 0), ("KWD", "KWD/3", 3)]
        {
            let found = Asset::of(currency);
            assert_eq!((found.as_str(), found.currency(), found.decimals()), (asset, currency, decimals));
        }
        assert_eq!(Asset::credit(), Asset::of("CREDIT"));
        for asset in ASSETS {
            let known = Asset::known(asset).unwrap();
            assert_eq!(Asset::of(known.currency()), known);
        }
        assert_eq!(Asset::known("USD/3"), None);
    }

    #[test]
    fn amounts_are_written_with_their_decimals() {
        let texts = [
            (0, "USD", "0.00 USD"),
            (5, "USD", "0.05 USD"),
            (-1250, "EUR", "-12.50 EUR"),
            (1200, "JPY", "1200 JPY"),
            (0, "JPY", "0 JPY"),
            (1234, "BHD", "1.234 BHD"),
        ];
        for (minor, currency, text) in texts {
            assert_eq!(Amount { minor, asset: Asset::of(currency) }.to_string(), text);
        }
        assert_eq!(
            Amount { minor: i64::MIN, asset: Asset::of("USD") }.to_string(),
            "-92233720368547758.08 USD"
        );
    }
}
