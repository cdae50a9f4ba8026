//! The ledger of the demo: purchases, holds, releases, refunds. Every transaction sums to zero, every kept balance is
//! the sum of its postings.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    catalogue::PACKAGES,
    world::{Outcome, World},
};
use crate::cli::seed::{
    accounts::place,
    ids::{id, id_at, pick},
    rows::Rows,
};

/// The platform's share of a completed booking, in percent.
const FEE_PERCENT: i64 = 15;

/// An account of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Account {
    Wallet(usize),
    Earnings(usize),
    Escrow { meeting: usize, payer: usize },
    Gateway,
    Sales,
    Issued,
    Fees,
}

impl Account {
    const fn kind(self) -> &'static str {
        match self {
            Self::Wallet(_) => "WALLET",
            Self::Earnings(_) => "EARNINGS",
            Self::Escrow { .. } => "ESCROW",
            Self::Gateway => "GATEWAY",
            Self::Sales => "SALES",
            Self::Issued => "ISSUED",
            Self::Fees => "FEES",
        }
    }

    const fn asset(self) -> &'static str {
        match self {
            Self::Gateway | Self::Sales => "USD/2",
            _ => "CREDIT/2",
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::Wallet(number) | Self::Earnings(number) | Self::Escrow { meeting: number, .. } => {
                id(self.kind(), number)
            }
            _ => id(self.kind(), 0),
        }
    }
}

/// A payment for a package.
pub(super) struct Purchase {
    /// Its number.
    pub(super) number: usize,
    /// Who bought.
    pub(super) member: usize,
    /// Which package.
    pub(super) package: usize,
    /// When.
    pub(super) at: DateTime<Utc>,
}

impl Purchase {
    /// The id of the payment.
    pub(super) fn payment_id(&self) -> Uuid {
        id_at("payment", self.number, self.at)
    }
}

/// What everybody bought: enough for everything booked later.
pub(super) fn purchases(world: &World) -> Vec<Purchase> {
    let mut purchases = Vec::new();
    for member in 0..world.people.len() {
        let booked = world.meetings.iter().filter(|meeting| meeting.learner == member);
        let Some(first) = booked.clone().map(|meeting| meeting.booked_at).min() else { continue };
        let packages = match member {
            place::LEARNER => vec![4, 3],
            _ => packages_for(booked.map(|meeting| meeting.price).sum()),
        };
        for (count, package) in packages.into_iter().enumerate() {
            let before = TimeDelta::minutes(90 - i64::try_from(count).unwrap_or_default());
            purchases.push(Purchase { number: purchases.len(), member, package, at: first - before });
        }
    }
    purchases
}

/// The places of packages that together give at least this many credits.
fn packages_for(mut needed: i64) -> Vec<usize> {
    let mut packages = Vec::new();
    while 0 < needed {
        let package =
            PACKAGES.iter().position(|(_, credits, _)| needed <= *credits).unwrap_or(PACKAGES.len() - 1);
        needed -= pick(&PACKAGES, package).1;
        packages.push(package);
    }
    packages
}

/// The payments and the ledger.
pub(super) fn rows(world: &World, purchases: &[Purchase]) -> Vec<Rows> {
    let mut payments = Rows::of("payments");
    let mut checkouts = Rows::of("sandbox_checkouts");
    let mut ledger = Ledger::default();
    for purchase in purchases {
        let (_, credits, price) = pick(&PACKAGES, purchase.package);
        payments.push(json!({
            "id": purchase.payment_id(), "member_id": world.person(purchase.member).id,
            "package_id": id("package", purchase.package), "provider": "sandbox",
            "provider_reference": format!("demo_{}", purchase.number), "status": "SUCCEEDED",
            "amount": price, "currency": "USD", "credits": credits, "captured": price,
            "created_at": purchase.at - TimeDelta::minutes(1), "settled_at": purchase.at,
        }));
        checkouts.push(json!({
            "id": format!("demo_{}", purchase.number), "payment_id": purchase.payment_id(), "amount": price,
            "currency": "USD", "price": format!("{}.{:02} USD", price / 100, price % 100),
            "title": format!("{} credits", credits / 100), "status": "PAID",
            "created_at": purchase.at - TimeDelta::minutes(1),
        }));
        ledger.post(
            "PURCHASE",
            purchase.payment_id(),
            purchase.at,
            &[
                (Account::Wallet(purchase.member), credits),
                (Account::Issued, -credits),
                (Account::Gateway, price),
                (Account::Sales, -price),
            ],
        );
    }
    for meeting in &world.meetings {
        let (subject, price) = (meeting.booking_id(), meeting.price);
        let (wallet, escrow) = (
            Account::Wallet(meeting.learner),
            Account::Escrow { meeting: meeting.number, payer: meeting.learner },
        );
        ledger.post("HOLD", subject, meeting.booked_at, &[(wallet, -price), (escrow, price)]);
        match meeting.outcome {
            Outcome::Completed => {
                let fee = price * FEE_PERCENT / 100;
                let earnings = (Account::Earnings(meeting.mentor), price - fee);
                ledger.post(
                    "RELEASE",
                    subject,
                    meeting.settled_at(),
                    &[(escrow, -price), earnings, (Account::Fees, fee)],
                );
            }
            Outcome::Cancelled => {
                ledger.post("REFUND", subject, meeting.settled_at(), &[(escrow, -price), (wallet, price)]);
            }
            Outcome::Upcoming => {}
        }
    }
    let accounts = ledger.accounts(world);
    vec![payments, checkouts, accounts, ledger.transactions, ledger.postings, ledger.unsealed]
}

struct Ledger {
    balances: BTreeMap<Account, i64>,
    transactions: Rows,
    postings: Rows,
    unsealed: Rows,
    count: usize,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            balances: BTreeMap::new(),
            transactions: Rows::of("ledger_transactions"),
            postings: Rows::of("ledger_postings"),
            unsealed: Rows::of("ledger_unsealed"),
            count: 0,
        }
    }
}

impl Ledger {
    fn post(&mut self, kind: &str, subject: Uuid, at: DateTime<Utc>, postings: &[(Account, i64)]) {
        let transaction = id_at("ledger transaction", self.count, at);
        self.count += 1;
        self.transactions
            .push(json!({ "id": transaction, "kind": kind, "subject_id": subject, "created_at": at }));
        self.unsealed.push(json!({ "transaction_id": transaction }));
        for &(account, amount) in postings {
            *self.balances.entry(account).or_default() += amount;
            self.postings.push(json!({
                "transaction_id": transaction, "account_id": account.id(), "asset": account.asset(), "amount": amount,
            }));
        }
    }

    fn accounts(&self, world: &World) -> Rows {
        let mut rows = Rows::of("ledger_accounts");
        let mut held: BTreeMap<usize, i64> = BTreeMap::new();
        for (account, balance) in &self.balances {
            if let Account::Escrow { payer, .. } = account {
                *held.entry(*payer).or_default() += balance;
            }
        }
        for (&account, &balance) in &self.balances {
            let (owner, payer, held) = match account {
                Account::Wallet(number) => (
                    Some(world.person(number).id),
                    None,
                    Some(held.get(&number).copied().unwrap_or_default()),
                ),
                Account::Earnings(number) => (Some(world.person(number).id), None, None),
                Account::Escrow { meeting, payer } => {
                    (Some(id("booking", meeting)), Some(world.person(payer).id), None)
                }
                _ => (None, None, None),
            };
            rows.push(json!({
                "id": account.id(), "kind": account.kind(), "owner_id": owner, "asset": account.asset(),
                "balance": owner.map(|_| balance), "payer_id": payer, "held": held,
            }));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_cover_what_is_needed() {
        for needed in [1, 999, 1_000, 1_001, 28_000, 28_001, 100_000] {
            let credits: i64 = packages_for(needed).iter().map(|&package| PACKAGES[package].1).sum();
            assert!(needed <= credits, "{needed}");
        }
        assert!(packages_for(0).is_empty());
    }
}
