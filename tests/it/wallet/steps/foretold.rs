//! The rules of the money once more, in memory and as simply as they can be said.

use chrono::{DateTime, Utc};
use skillswap::{
    db::ids::{EntityId, MemberId},
    domains::wallet::model::{promotion::PROMOTION_LIFE, split},
};

use super::{Draw, FEE, Step};
use crate::support::TestApp;

/// A gift: what is left of it, and until when.
struct Gift {
    left: i64,
    ends: DateTime<Utc>,
}

#[derive(Default)]
struct Purse {
    bought: i64,
    gifts: Vec<Gift>,
    earned: i64,
}

impl Purse {
    fn promotional(&self) -> i64 {
        self.gifts.iter().map(|gift| gift.left).sum()
    }
}

/// A booking: who learns and teaches, what it took of bought credits and of each gift, and whether it has ended.
struct Seat {
    learner: usize,
    mentor: usize,
    bought: i64,
    gifts: Vec<(usize, i64)>,
    ended: bool,
}

/// What everybody must have.
pub struct Foretold {
    purses: Vec<Purse>,
    seats: Vec<Seat>,
    open: Vec<usize>,
    fees: i64,
}

impl Foretold {
    pub fn new(members: usize) -> Self {
        Self {
            purses: (0..members).map(|_| Purse::default()).collect(),
            seats: Vec::new(),
            open: Vec::new(),
            fees: 0,
        }
    }

    /// Takes a step; what is missing, if nothing can be done.
    pub fn take(&mut self, draw: &Draw, now: DateTime<Utc>) -> Option<i64> {
        let Draw { step, member, amount, .. } = *draw;
        match step {
            Step::Buy => self.purses[member].bought += amount,
            Step::Grant => self.purses[member].gifts.push(Gift { left: amount, ends: now + PROMOTION_LIFE }),
            Step::Adjust => {
                let (purse, change) = (&mut self.purses[member], draw.adjustment());
                if purse.bought + change < 0 {
                    return Some(-change - purse.bought);
                }
                purse.bought += change;
            }
            Step::Expire => {
                let gifts = self.purses.iter_mut().flat_map(|purse| &mut purse.gifts);
                gifts.filter(|gift| gift.ends <= now).for_each(|gift| gift.left = 0);
            }
            Step::Book => return self.book(member, amount),
            Step::Complete | Step::Cancel => {
                if self.open.is_empty() {
                    return None;
                }
                let place = draw.pick % self.open.len();
                let seat = if draw.repeats { self.open[place] } else { self.open.remove(place) };
                self.end(seat, step == Step::Cancel);
            }
        }
        None
    }

    fn book(&mut self, learner: usize, price: i64) -> Option<i64> {
        let members = self.purses.len();
        let purse = &mut self.purses[learner];
        let missing = price - purse.bought - purse.promotional();
        if missing > 0 {
            return Some(missing);
        }
        let (mut rest, mut gifts) = (price, Vec::new());
        // Given in the order in which they end.
        for (place, gift) in purse.gifts.iter_mut().enumerate() {
            let taken = rest.min(gift.left);
            if taken > 0 {
                gift.left -= taken;
                rest -= taken;
                gifts.push((place, taken));
            }
        }
        purse.bought -= rest;
        self.open.push(self.seats.len());
        self.seats.push(Seat { learner, mentor: (learner + 1) % members, bought: rest, gifts, ended: false });
        None
    }

    fn end(&mut self, seat: usize, cancelled: bool) {
        let Seat { learner, mentor, bought, gifts, ended } = &mut self.seats[seat];
        if std::mem::replace(ended, true) {
            return;
        }
        if cancelled {
            let purse = &mut self.purses[*learner];
            purse.bought += *bought;
            for &(place, amount) in &*gifts {
                purse.gifts[place].left += amount;
            }
        } else {
            let price = *bought + gifts.iter().map(|(_, amount)| amount).sum::<i64>();
            let fee = u32::from(FEE);
            let parts = split(price, &[10_000 - fee, fee]);
            self.purses[*mentor].earned += parts[0];
            self.fees += parts[1];
        }
    }

    /// Compares what the ledger keeps with what was foretold.
    pub async fn compare(&self, app: &TestApp, members: &[MemberId]) {
        let held = |member: usize| -> i64 {
            let seats = self.seats.iter().filter(|seat| !seat.ended && seat.learner == member);
            seats.map(|seat| seat.bought + seat.gifts.iter().map(|(_, amount)| amount).sum::<i64>()).sum()
        };
        for (place, member) in members.iter().enumerate() {
            let purse = &self.purses[place];
            let kept = async |column: &str, kind: &str| {
                let id = member.uuid();
                let sum = format!(
                    "select coalesce(sum({column}), 0)::bigint from ledger_accounts where kind = '{kind}' and owner_id = '{id}'"
                );
                app.count(&sum).await
            };
            let found = (
                kept("balance - promotional", "WALLET").await,
                kept("promotional", "WALLET").await,
                kept("held", "WALLET").await,
                kept("balance", "EARNINGS").await,
            );
            assert_eq!(
                found,
                (purse.bought, purse.promotional(), held(place), purse.earned),
                "member {place}"
            );
        }
        let fees = "select coalesce(sum(p.amount), 0)::bigint from ledger_postings p join ledger_accounts a on a.id = p.account_id where kind = 'FEES'";
        assert_eq!(app.count(fees).await, self.fees);
    }
}
