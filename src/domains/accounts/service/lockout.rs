//! How often a password may be tried, counted in the database so that all processes agree and a restart forgets nothing.
//!
//! A try counts for the place that it comes from, not for the account: strangers lock themselves out, not the owner. A
//! device that the member signed in with before counts for itself, wherever it is. Only against an attack from many places
//! are the places closed that the member never signed in from. Known and unknown addresses are counted alike.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use sha2::{Digest, Sha256};

use super::super::repo::{devices, recovery};
use crate::{
    app::App,
    db::ids::{EntityId, MemberId},
};

/// So many tries within a time, counted from the first.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    tries: i32,
    window: TimeDelta,
}

/// One account from one place, or from one known device.
pub const PLACE: Limit = Limit { tries: 5, window: TimeDelta::minutes(15) };
/// One account from all places that are new to it.
const STRANGERS: Limit = Limit { tries: 50, window: TimeDelta::hours(1) };
/// All accounts from one place.
const NETWORK: Limit = Limit { tries: 100, window: TimeDelta::minutes(15) };
/// Mails of one kind that strangers can cause to one address.
pub const MAILS: Limit = Limit { tries: 5, window: TimeDelta::hours(1) };
/// Requests for mails from one place.
pub const MAIL_REQUESTS: Limit = Limit { tries: 20, window: TimeDelta::hours(1) };
/// How long a place stays a usual one.
const USUAL: TimeDelta = TimeDelta::days(90);

/// Why a try is not made.
#[derive(Debug, thiserror::Error)]
pub enum TryError {
    /// Too many before it.
    #[error("too many tries")]
    Limited {
        /// Seconds until the next one may be made, at least 1.
        retry_after: i32,
        /// Whether it is the first one that is not made.
        first: bool,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// The network that an address belongs to: an IPv6 customer has a /64 to choose from.
#[must_use]
pub fn place(ip: Option<IpAddr>) -> String {
    match ip.map(|ip| ip.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => {
            let network = u128::from(ip) >> 64 << 64;
            format!("{}/64", std::net::Ipv6Addr::from(network))
        }
    }
}

/// Who tries.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The address tried, in normal form.
    pub email: &'a str,
    /// Whose it is, if anybody's.
    pub member: Option<MemberId>,
    /// See [`place`].
    pub place: &'a str,
    /// The known device, if the caller proved one of this member.
    pub device: Option<[u8; 16]>,
}

/// A try that was counted and may be made.
#[derive(Debug)]
pub struct Counted {
    first: Vec<u8>,
    others: Vec<Vec<u8>>,
}

impl Attempt<'_> {
    /// Counts the try before it is made, so that tries at once cannot pass together.
    ///
    /// # Errors
    /// [`TryError::Limited`] if there were too many.
    pub async fn count(&self, app: &App) -> Result<Counted, TryError> {
        let now = app.clock.now();
        let mut conn = app.conn().await?;
        if let Some(device) = self.device {
            let first = key("device", &[self.email.as_bytes(), &device]);
            count(&mut conn, &first, PLACE, now).await?;
            return Ok(Counted { first, others: Vec::new() });
        }
        let first = key("place", &[self.email.as_bytes(), self.place.as_bytes()]);
        count(&mut conn, &first, PLACE, now).await?;
        let network = key("network", &[self.place.as_bytes()]);
        count(&mut conn, &network, NETWORK, now).await?;
        let mut others = vec![network];
        // Asked for unknown addresses too: both take the same time.
        let member = self.member.unwrap_or(MemberId::from_uuid(uuid::Uuid::nil()));
        if !devices::signed_in_from(&mut conn, member, self.place, now - USUAL).await? {
            let strangers = key("strangers", &[self.email.as_bytes()]);
            count(&mut conn, &strangers, STRANGERS, now).await?;
            others.push(strangers);
        }
        Ok(Counted { first, others })
    }
}

impl Counted {
    /// The password was right: the try does not count.
    ///
    /// # Errors
    /// Only if the database fails.
    pub async fn forgive(self, app: &App) -> diesel::QueryResult<()> {
        recovery::forgive_try(&mut *app.conn().await?, self.others, self.first).await
    }
}

/// Counts something that has a limit of its own.
///
/// # Errors
/// [`TryError::Limited`] if there was too much of it.
pub async fn count_one(
    conn: &mut AsyncPgConnection,
    kind: &str,
    what: &[u8],
    limit: Limit,
    now: DateTime<Utc>,
) -> Result<Counted, TryError> {
    let first = key(kind, &[what]);
    count(conn, &first, limit, now).await?;
    Ok(Counted { first, others: Vec::new() })
}

async fn count(
    conn: &mut AsyncPgConnection,
    key: &[u8],
    limit: Limit,
    now: DateTime<Utc>,
) -> Result<(), TryError> {
    let (tries, since) = recovery::count_try(conn, key.to_vec(), now, now - limit.window).await?;
    if tries <= limit.tries {
        return Ok(());
    }
    let wait = (since + limit.window - now).num_milliseconds().max(0) / 1000 + 1;
    Err(TryError::Limited {
        retry_after: i32::try_from(wait).unwrap_or(i32::MAX),
        first: tries == limit.tries + 1,
    })
}

/// A hash, so that the table tells nobody who tried what from where.
fn key(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in std::iter::once(&kind.as_bytes()).chain(parts) {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_a_network() {
        for (ip, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(place(ip.parse().ok()), expected);
        }
        assert_eq!(place(None), "unknown");
    }

    #[test]
    fn keys_of_different_things_differ() {
        assert_ne!(key("place", &[b"a", b"bc"]), key("place", &[b"ab", b"c"]));
        assert_ne!(key("place", &[b"a"]), key("device", &[b"a"]));
    }
}
