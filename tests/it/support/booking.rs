//! Members with credits, and booked sessions.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::{Value, json};
use skillswap::{
    db::{ids::PaymentId, transact},
    domains::wallet::{
        model::{Amount, Asset},
        service as wallet,
    },
};

use super::{Client, Reply, TestApp};

/// Books; `input` needs `mentorId`, `startsAt`, `durationMinutes` and `idempotencyKey`.
pub const BOOK: &str = "mutation($input: BookSessionInput!) { bookSession(input: $input) { replayed
    booking { id status paymentStatus price { amountMinor currency } } session { id status startsAt durationMinutes }
    userErrors { __typename code path message
      ... on SlotTakenError { nextFree { startsAt } } ... on SlotUnavailableError { nextFree { startsAt } }
      ... on InsufficientFundsError { missing { amountMinor } } ... on PriceChangedError { price { amountMinor } } } } }";

/// SQL that completes every booking at once, for tests of what comes after; the credits stay where they are.
pub const COMPLETE: &str =
    "update bookings set status = 'COMPLETED', payment_status = 'RELEASED', completed_at = now()";

/// A booked session.
#[derive(Clone, Debug)]
pub struct Booked {
    /// Global id of the booking.
    pub booking: String,
    /// Global id of the session.
    pub session: String,
    /// Its start.
    pub starts_at: DateTime<Utc>,
}

impl TestApp {
    /// Puts credits into a member's wallet, in hundredths, as a purchase would.
    pub async fn fund(&self, member: &Client, credits: i64) {
        let id = member.id.parse().expect("a member's id");
        let paid = Amount { minor: credits, asset: Asset::of("USD") };
        let done: Result<(), diesel::result::Error> = transact(&self.app, async |tx| {
            wallet::credit_purchase(tx, PaymentId::new(), id, &paid, credits).await
        })
        .await;
        done.expect("the credits arrive");
    }

    /// A new member with 1,000.00 credits.
    pub async fn learner(&self, name: &str) -> Client {
        let learner = self.member(name).await;
        self.fund(&learner, 100_000).await;
        learner
    }

    /// The first full hour that is at least so far away.
    pub fn hour_after(&self, distance: TimeDelta) -> DateTime<Utc> {
        (self.now() + distance).duration_trunc(TimeDelta::hours(1)).expect("an hour") + TimeDelta::hours(1)
    }

    /// What is spendable and what is held of a member's credits, as the ledger has it.
    pub async fn credits(&self, member: &Client) -> (i64, i64) {
        let id = skillswap::db::ids::decode(&member.id).expect("a member's id").1;
        let balance = format!(
            "select coalesce(sum(balance), 0) from ledger_accounts where kind = 'WALLET' and owner_id = '{id}'"
        );
        let held = format!(
            "select coalesce(sum(a.balance), 0) from ledger_accounts a join bookings b on b.id = a.owner_id
             where a.kind = 'ESCROW' and b.learner_id = '{id}'"
        );
        (self.count(&balance).await, self.count(&held).await)
    }
}

impl Client {
    /// Books an hour with a key of its own.
    pub async fn book(&self, mentor: &Client, starts_at: DateTime<Utc>) -> Booked {
        let reply = self.try_book(mentor, starts_at, &format!("book {} {starts_at}", self.id)).await;
        let payload = reply.ok("bookSession");
        let id = |name: &str| payload[name]["id"].as_str().expect("an id").to_owned();
        Booked { booking: id("booking"), session: id("session"), starts_at }
    }

    /// Tries to book an hour.
    pub async fn try_book(&self, mentor: &Client, starts_at: DateTime<Utc>, key: &str) -> Reply {
        self.run(BOOK, json!({ "input": booking_of(mentor, starts_at, key) })).await
    }

    /// Runs a mutation with one `input`, which answers with `selection` and `userErrors { code path }`.
    pub async fn mutate(&self, name: &str, selection: &str, input: Value) -> Reply {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation($input: {kind}!) {{ {name}(input: $input) {{ {selection}
             userErrors {{ __typename code path ... on InvalidTransitionError {{ from allowed }} }} }} }}"
        );
        self.run(&query, json!({ "input": input })).await
    }
}

/// The input that books an hour.
pub fn booking_of(mentor: &Client, starts_at: DateTime<Utc>, key: &str) -> Value {
    json!({ "mentorId": mentor.mentor_id(), "startsAt": starts_at, "durationMinutes": 60, "idempotencyKey": key })
}
