//! Amounts as providers count them: each has its own list of currencies without decimals.

/// An amount with the number of decimals that its unit has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Units: cents for `decimals` = 2.
    pub units: i64,
    /// Digits behind the point.
    pub decimals: u32,
    /// ISO 4217, in capitals.
    pub currency: String,
}

impl Sum {
    /// The amount in units of another size; `None` if that cannot be said exactly.
    #[must_use]
    pub fn in_decimals(&self, decimals: u32) -> Option<i64> {
        if decimals >= self.decimals {
            return self.units.checked_mul(10_i64.checked_pow(decimals - self.decimals)?);
        }
        let factor = 10_i64.checked_pow(self.decimals - decimals)?;
        (self.units % factor == 0).then(|| self.units / factor)
    }

    /// Whether two amounts are worth the same, whatever their units.
    #[must_use]
    pub fn is_worth(&self, other: &Self) -> bool {
        let decimals = self.decimals.max(other.decimals);
        self.currency == other.currency
            && self.in_decimals(decimals).is_some()
            && self.in_decimals(decimals) == other.in_decimals(decimals)
    }

    /// As a decimal number without currency, such as `12.50`, in units of another size.
    #[must_use]
    pub fn decimal(&self, decimals: u32) -> Option<String> {
        let units = self.in_decimals(decimals)?;
        let width = usize::try_from(decimals).ok()?;
        let digits = format!("{:0>width$}", units.unsigned_abs(), width = width + 1);
        let (whole, part) = digits.split_at_checked(digits.len() - width)?;
        let sign = if units < 0 { "-" } else { "" };
        Some(if width > 0 { format!("{sign}{whole}.{part}") } else { format!("{sign}{whole}") })
    }

    /// Reads a decimal number such as `12.50`.
    #[must_use]
    pub fn parse(number: &str, currency: &str) -> Option<Self> {
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole.strip_prefix('-').unwrap_or(whole)) || !plain(part) || part.len() > 4 {
            return None;
        }
        let units = format!("{whole}{part}").parse().ok()?;
        Some(Self { units, decimals: u32::try_from(part.len()).ok()?, currency: currency.to_owned() })
    }
}

/// How a provider counts: two decimals, but for these currencies.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Currencies without decimals.
    pub none: &'static [&'static str],
    /// Currencies with three.
    pub three: &'static [&'static str],
}

impl Scale {
    /// The decimals of a currency.
    #[must_use]
    pub fn decimals(&self, currency: &str) -> u32 {
        match currency {
            code if self.none.contains(&code) => 0,
            code if self.three.contains(&code) => 3,
            _ => 2,
        }
    }

    /// An amount that the provider told.
    #[must_use]
    pub fn sum(&self, units: i64, currency: &str) -> Sum {
        let currency = currency.to_uppercase();
        Sum { units, decimals: self.decimals(&currency), currency }
    }

    /// An amount to tell the provider; `None` if its units are too coarse for it.
    #[must_use]
    pub fn units(&self, sum: &Sum) -> Option<i64> {
        sum.in_decimals(self.decimals(&sum.currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(units: i64, decimals: u32, currency: &str) -> Sum {
        Sum { units, decimals, currency: currency.to_owned() }
    }

    const SCALE: Scale = Scale { none: &["JPY", "MGA"], three: &["KWD"] };

    #[test]
    fn amounts_keep_their_worth_or_are_refused() {
        for (own, units) in [
            (sum(1250, 2, "USD"), Some(1250)),
            (sum(5500, 0, "JPY"), Some(5500)),
            // We count Malagasy ariary in hundredths, this provider in wholes.
            (sum(120_000, 2, "MGA"), Some(1200)),
            (sum(120_050, 2, "MGA"), None),
            (sum(1, 0, "ISK"), Some(100)),
            (sum(1234, 3, "KWD"), Some(1234)),
            (sum(i64::MAX, 0, "ISK"), None),
        ] {
            assert_eq!(SCALE.units(&own), units, "{own:?}");
            if let Some(units) = units {
                assert!(SCALE.sum(units, &own.currency.to_lowercase()).is_worth(&own), "{own:?}");
            }
        }
        assert!(!sum(100, 2, "USD").is_worth(&sum(100, 2, "EUR")));
        assert!(!sum(100, 2, "USD").is_worth(&sum(101, 2, "USD")));
    }

    #[test]
    fn decimal_numbers_are_written_and_read() {
        for (own, decimals, text) in [
            (sum(1250, 2, "USD"), 2, Some("12.50")),
            (sum(-5, 2, "USD"), 2, Some("-0.05")),
            (sum(5500, 0, "JPY"), 0, Some("5500")),
            (sum(1255, 2, "HUF"), 0, None),
        ] {
            assert_eq!(own.decimal(decimals).as_deref(), text);
            if let Some(text) = text {
                assert!(Sum::parse(text, &own.currency).is_some_and(|read| read.is_worth(&own)), "{text}");
            }
        }
        for bad in ["", "-", "1.2.3", "1e5", "1,5", " 1", "+1", "9999999999999999999"] {
            assert_eq!(Sum::parse(bad, "USD"), None, "{bad}");
        }
    }
}
