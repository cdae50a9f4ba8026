//! How much a caller may ask for: requests of anonymous callers by place, points of signed-in members.
//!
//! A budget is for a quarter of an hour that begins with the first request. Counting is exact within the process and waits
//! for nothing ([`counters`]); once a second, what was counted is added to a shared store and the totals are read back
//! ([`share`]), so that several processes share them and a crash forgets a second at most.
//!
//! - a *place* is an IPv4 address, or the /64 network of an IPv6 address: a household has one of either;
//! - *open mutations*, which need no signing in, count in the place also when a member sends them;
//! - the number of callers that are remembered is bounded: see [`counters`].

mod counters;
pub mod postgres;
mod redis;
pub mod share;

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use chrono::{DateTime, TimeDelta, Utc};

use self::counters::{Count, Counters};
use crate::{
    config::Config,
    db::ids::{EntityId, MemberId},
};

/// How long a budget lasts.
pub const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Anonymous callers of one place.
    Place(IpAddr),
    /// A signed-in member, on whatever devices.
    Member(MemberId),
}

impl Caller {
    /// The place of an address; those without one share a place.
    #[must_use]
    pub fn at(address: Option<IpAddr>) -> Self {
        match address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                Self::Place(Ipv6Addr::from_bits(network).into())
            }
            v4 @ IpAddr::V4(_) => Self::Place(v4),
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(address) => write!(f, "place:{address}"),
            Self::Member(member) => write!(f, "member:{}", member.uuid()),
        }
    }
}

impl FromStr for Caller {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("place", address)) => Ok(Self::Place(address.parse()?)),
            Some(("member", id)) => Ok(Self::Member(MemberId::from_uuid(id.parse()?))),
            _ => anyhow::bail!("\"{text}\" names no caller"),
        }
    }
}

/// What was counted here and not told yet. Instants are milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spent {
    caller: Caller,
    amount: u64,
    ends_at: i64,
}

/// What all processes have counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Total {
    caller: Caller,
    used: u64,
    ends_at: i64,
}

/// What is left of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests or points in all.
    pub budget: u64,
    /// How many are left.
    pub remaining: u64,
    /// When the budget is whole again, to the second.
    pub resets_at: DateTime<Utc>,
}

/// The budget does not allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// When the budget is whole again, to the second.
    pub resets_at: DateTime<Utc>,
    /// Seconds until then, at least 1.
    pub retry_after: i64,
}

/// The budgets with their counters.
#[derive(Debug)]
pub struct Limits {
    /// Requests of an anonymous place; 0 = any number.
    pub anonymous_requests: u64,
    /// Points of a member; 0 = any number.
    pub member_points: u64,
    /// Points that an anonymous request may cost.
    pub anonymous_cost: u64,
    /// Points that a member's request may cost.
    pub member_cost: u64,
    /// Apart, so that a flood from many places makes no member forgotten.
    places: Counters,
    members: Counters,
}

impl Limits {
    /// The budgets of the settings.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            anonymous_requests: config.anonymous_requests().into(),
            member_points: config.member_points().into(),
            anonymous_cost: config.limits.anonymous_cost.into(),
            member_cost: config.limits.member_cost.into(),
            places: Counters::default(),
            members: Counters::default(),
        }
    }

    /// Points that one request may cost.
    #[must_use]
    pub const fn most(&self, caller: Caller) -> u64 {
        match caller {
            Caller::Place(_) => self.anonymous_cost,
            Caller::Member(_) => self.member_cost,
        }
    }

    /// Takes an amount from a caller's budget; `None` if the caller has none that ends.
    ///
    /// # Errors
    /// If it is not left; nothing is taken then.
    pub fn spend(
        &self,
        caller: Caller,
        amount: u64,
        now: DateTime<Utc>,
    ) -> Result<Option<Standing>, Exhausted> {
        let budget = self.budget(caller);
        if budget == 0 {
            return Ok(None);
        }
        let next_end = (now + WINDOW).timestamp() * 1000 + 1000;
        match self.counters(caller).spend(caller, amount, budget, now.timestamp_millis(), next_end) {
            Ok(count) => Ok(Some(standing(budget, count))),
            Err(ends_at) => Err(exhausted(caller, ends_at, now)),
        }
    }

    /// Whether anything is left of a caller's budget.
    ///
    /// # Errors
    /// If not.
    pub fn look(&self, caller: Caller, now: DateTime<Utc>) -> Result<(), Exhausted> {
        let budget = self.budget(caller);
        if budget == 0 {
            return Ok(());
        }
        match self.counters(caller).get(caller, now.timestamp_millis()) {
            Some(count) if count.used >= budget => Err(exhausted(caller, count.ends_at, now)),
            _ => Ok(()),
        }
    }

    /// How many callers are counted.
    #[must_use]
    pub fn callers(&self) -> usize {
        self.places.len() + self.members.len()
    }

    const fn budget(&self, caller: Caller) -> u64 {
        match caller {
            Caller::Place(_) => self.anonymous_requests,
            Caller::Member(_) => self.member_points,
        }
    }

    const fn counters(&self, caller: Caller) -> &Counters {
        match caller {
            Caller::Place(_) => &self.places,
            Caller::Member(_) => &self.members,
        }
    }
}

fn standing(budget: u64, count: Count) -> Standing {
    let resets_at = instant(count.ends_at);
    Standing { budget, remaining: budget.saturating_sub(count.used), resets_at }
}

fn exhausted(caller: Caller, ends_at: i64, now: DateTime<Utc>) -> Exhausted {
    let who = match caller {
        Caller::Place(_) => "anonymous",
        Caller::Member(_) => "member",
    };
    metrics::counter!("skillswap_rate_limited_total", "who" => who).increment(1);
    let resets_at = instant(ends_at);
    let wait = (resets_at - now).num_milliseconds();
    Exhausted { resets_at, retry_after: (wait.max(1) + 999) / 1000 }
}

fn instant(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Caller {
        Caller::at(text.parse().ok())
    }

    #[test]
    fn a_place_is_an_address_or_a_network() {
        assert_eq!(place("2001:db8:1:2:3:4:5:6"), place("2001:db8:1:2::1"));
        assert_ne!(place("2001:db8:1:2::1"), place("2001:db8:1:3::1"));
        assert_eq!(place("::ffff:203.0.113.7"), place("203.0.113.7"));
        assert_ne!(place("203.0.113.7"), place("203.0.113.8"));
        for caller in [place("2001:db8::1"), place("203.0.113.7"), Caller::Member(MemberId::new())] {
            assert_eq!(caller.to_string().parse::<Caller>().ok(), Some(caller));
        }
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory_and_frees_nobody_who_used_much() {
        let counters = Counters::default();
        let glutton = place("203.0.113.7");
        counters.spend(glutton, 100, 100, 0, 900_000).unwrap();
        for number in 0..400_000_u32 {
            counters.spend(Caller::Place(number.to_be_bytes().into()), 1, 100, 1, 900_000).unwrap();
        }
        assert_eq!(counters.len(), 131_072);
        assert_eq!(counters.spend(glutton, 1, 100, 2, 900_000), Err(900_000));
        assert!(counters.spend(glutton, 1, 100, 900_000, 1_800_000).is_ok());
    }

    #[test]
    fn totals_of_all_processes_are_adopted_and_never_less_than_what_is_known_here() {
        let counters = Counters::default();
        let caller = place("203.0.113.7");
        counters.spend(caller, 5, 100, 0, 1_000).unwrap();
        let told = counters.take_unsent(10, 0);
        assert_eq!(told, [Spent { caller, amount: 5, ends_at: 1_000 }]);
        counters.spend(caller, 2, 100, 0, 1_000).unwrap();
        counters.adopt(Total { caller, used: 40, ends_at: 800 }, 0);
        assert_eq!(counters.get(caller, 0), Some(Count { used: 42, ends_at: 800 }));
        counters.adopt(Total { caller, used: 3, ends_at: 800 }, 0);
        assert_eq!(counters.get(caller, 0).map(|count| count.used), Some(42));
        let told = counters.take_unsent(10, 0);
        counters.put_back(&told);
        assert_eq!(counters.take_unsent(10, 0), [Spent { caller, amount: 2, ends_at: 800 }]);
    }
}
