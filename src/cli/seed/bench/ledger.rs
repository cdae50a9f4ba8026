//! The ledger of the benchmark data: a large purchase for each member, then the money of every booking.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Client, Error};
use uuid::Uuid;

use super::{
    copy::Copy,
    draw::{Kind, id, id_at},
    members::PURCHASE,
    seats::{Seat, Status, seats},
    volume::Volume,
};
use crate::domains::wallet::model::split;

/// Earnings and fee in hundredths of a percent.
const SHARES: [u32; 2] = [8_500, 1_500];
const CREDIT: &str = "CREDIT/2";
const DOLLAR: &str = "USD/2";

/// An account.
#[derive(Clone, Copy, Debug)]
enum Account {
    Wallet(usize),
    Earnings(usize),
    Escrow(usize),
    Platform(Platform),
}

/// An account of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Platform {
    Gateway,
    Sales,
    Issued,
    Fees,
}

const PLATFORM: [(Platform, &str, &str); 4] = [
    (Platform::Gateway, "GATEWAY", DOLLAR),
    (Platform::Sales, "SALES", DOLLAR),
    (Platform::Issued, "ISSUED", CREDIT),
    (Platform::Fees, "FEES", CREDIT),
];

impl Account {
    fn id(self) -> Uuid {
        match self {
            Self::Wallet(member) => id(Kind::Wallet, member),
            Self::Earnings(mentor) => id(Kind::Earnings, mentor),
            Self::Escrow(booking) => id(Kind::Escrow, booking),
            Self::Platform(own) => id(
                Kind::Platform,
                PLATFORM.iter().position(|(platform, ..)| *platform == own).unwrap_or_default(),
            ),
        }
    }

    const fn asset(self) -> &'static str {
        match self {
            Self::Platform(Platform::Gateway | Platform::Sales) => DOLLAR,
            _ => CREDIT,
        }
    }
}

/// A transaction of the ledger.
struct Transaction {
    kind: &'static str,
    subject: Uuid,
    at: DateTime<Utc>,
    postings: Vec<(Account, i64)>,
}

/// Every transaction: the purchases, then those of each booking.
fn transactions(volume: Volume, now: DateTime<Utc>) -> impl Iterator<Item = Transaction> {
    let bought_at = now - TimeDelta::days(630);
    let purchases = (0..volume.members).map(move |member| Transaction {
        kind: "PURCHASE",
        subject: id(Kind::Payment, member),
        at: bought_at,
        postings: vec![
            (Account::Wallet(member), PURCHASE),
            (Account::Platform(Platform::Issued), -PURCHASE),
            (Account::Platform(Platform::Gateway), PURCHASE),
            (Account::Platform(Platform::Sales), -PURCHASE),
        ],
    });
    purchases.chain(seats(volume, now).filter(|seat| seat.price > 0).flat_map(of_booking))
}

fn of_booking(seat: Seat) -> impl Iterator<Item = Transaction> {
    let (price, subject) = (seat.price, id(Kind::Booking, seat.booking));
    let (wallet, escrow) = (Account::Wallet(seat.learner), Account::Escrow(seat.booking));
    let hold = Transaction {
        kind: "HOLD",
        subject,
        at: seat.booked_at,
        postings: vec![(wallet, -price), (escrow, price)],
    };
    let end = seat.settled_at().map(|at| match seat.status {
        Status::Completed => {
            let parts = split(price, &SHARES);
            let to = [Account::Earnings(seat.mentor), Account::Platform(Platform::Fees)];
            let postings = std::iter::once((escrow, -price)).chain(to.into_iter().zip(parts)).collect();
            Transaction { kind: "RELEASE", subject, at, postings }
        }
        _ => Transaction { kind: "REFUND", subject, at, postings: vec![(escrow, -price), (wallet, price)] },
    });
    std::iter::once(hold).chain(end)
}

pub(super) async fn payments(client: &Client, volume: Volume, now: DateTime<Utc>) -> Result<u64, Error> {
    let columns = "id, member_id, package_id, provider, provider_reference, status, amount, currency, credits, captured, created_at, settled_at";
    let mut copy = Copy::into(client, "payments", columns).await?;
    let at = now - TimeDelta::days(630);
    for member in 0..volume.members {
        copy.row(&[
            &id(Kind::Payment, member),
            &id(Kind::Member, member),
            &id(Kind::Package, 0),
            &"sandbox",
            &format!("bench_{member}"),
            &"SUCCEEDED",
            &PURCHASE,
            &"USD",
            &PURCHASE,
            &PURCHASE,
            &at,
            &at,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn accounts(client: &Client, volume: Volume, now: DateTime<Utc>) -> Result<u64, Error> {
    let mut wallets = vec![0_i64; volume.members];
    let mut held = vec![0_i64; volume.members];
    let mut earnings = vec![0_i64; volume.mentors()];
    for (account, amount) in transactions(volume, now).flat_map(|transaction| transaction.postings) {
        let balance = match account {
            Account::Wallet(member) => wallets.get_mut(member),
            Account::Earnings(mentor) => earnings.get_mut(mentor),
            Account::Escrow(_) | Account::Platform(_) => None,
        };
        if let Some(balance) = balance {
            *balance += amount;
        }
    }
    for seat in seats(volume, now).filter(|seat| seat.status == Status::Upcoming) {
        if let Some(held) = held.get_mut(seat.learner) {
            *held += seat.price;
        }
    }
    let columns = "id, kind, owner_id, asset, balance, payer_id, held";
    let mut copy = Copy::into(client, "ledger_accounts", columns).await?;
    let (nobody, nothing) = (None::<Uuid>, None::<i64>);
    for (own, kind, asset) in PLATFORM {
        copy.row(&[&Account::Platform(own).id(), &kind, &nobody, &asset, &nothing, &nobody, &nothing])
            .await?;
    }
    for (member, (balance, held)) in wallets.iter().zip(held).enumerate() {
        let owner = id(Kind::Member, member);
        copy.row(&[&Account::Wallet(member).id(), &"WALLET", &owner, &CREDIT, balance, &nobody, &Some(held)])
            .await?;
    }
    for (mentor, balance) in earnings.iter().enumerate() {
        let owner = id(Kind::Member, volume.mentor(mentor));
        copy.row(&[
            &Account::Earnings(mentor).id(),
            &"EARNINGS",
            &owner,
            &CREDIT,
            balance,
            &nobody,
            &nothing,
        ])
        .await?;
    }
    for seat in seats(volume, now).filter(|seat| seat.price > 0) {
        let (booking, payer) = (id(Kind::Booking, seat.booking), Some(id(Kind::Member, seat.learner)));
        let balance = if seat.status == Status::Upcoming { seat.price } else { 0 };
        copy.row(&[
            &Account::Escrow(seat.booking).id(),
            &"ESCROW",
            &booking,
            &CREDIT,
            &balance,
            &payer,
            &nothing,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn transaction_rows(
    client: &Client,
    volume: Volume,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let mut copy = Copy::into(client, "ledger_transactions", "id, kind, subject_id, created_at").await?;
    for (number, transaction) in transactions(volume, now).enumerate() {
        let key = id_at(Kind::Transaction, number, transaction.at);
        copy.row(&[&key, &transaction.kind, &transaction.subject, &transaction.at]).await?;
    }
    let rows = copy.finish().await?;
    client.execute("insert into ledger_unsealed select id from ledger_transactions", &[]).await?;
    Ok(rows)
}

pub(super) async fn postings(client: &Client, volume: Volume, now: DateTime<Utc>) -> Result<u64, Error> {
    let mut copy = Copy::into(client, "ledger_postings", "transaction_id, account_id, asset, amount").await?;
    for (number, transaction) in transactions(volume, now).enumerate() {
        let key = id_at(Kind::Transaction, number, transaction.at);
        for (account, amount) in &transaction.postings {
            copy.row(&[&key, &account.id(), &account.asset(), amount]).await?;
        }
    }
    copy.finish().await
}
