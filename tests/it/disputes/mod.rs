mod life;
mod lists;
mod money;
mod races;
mod refusals;
mod timeline;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    support::{Client, Reply, TestApp, booking::Booked},
    wallet::assert_sound,
};

const FIELDS: &str = "replayed booking { id status paymentStatus autoConfirmsAt }
    dispute { id status outcome held { amountMinor } asked { amountMinor } offered { amountMinor } answerBy evidenceUntil
      split { learner { amountMinor } mentor { amountMinor } fee { amountMinor } } silenceRule decision
      viewerCanRespond viewerCanAcceptOffer viewerCanAddEvidence viewerCanWithdraw viewerCanResolve }";
const REASON: &str = "The mentor left after ten minutes.";

/// An hour for 60.00 credits that took place and has ended; nobody confirmed it.
pub struct Case {
    pub app: TestApp,
    pub mentor: Client,
    pub learner: Client,
    pub booked: Booked,
}

impl Case {
    pub async fn ended() -> Self {
        Self::ended_on(TestApp::start().await).await
    }

    pub async fn ended_on(app: TestApp) -> Self {
        let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
        let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
        app.advance(booked.starts_at - app.now());
        let mut case = Self { app, mentor, learner, booked };
        case.sign_in().await;
        hold(&case.mentor, &case.booked).await;
        case
    }

    /// Signs both in anew, as tokens end.
    pub async fn sign_in(&mut self) {
        self.mentor = self.app.sign_in("grace@example.org").await;
        self.learner = self.app.sign_in("ada@example.org").await;
    }

    /// Moves the clock, lets the jobs do what is due, and signs both in anew.
    pub async fn wait(&mut self, time: TimeDelta) {
        self.app.advance(time);
        self.app.work().await;
        self.sign_in().await;
    }

    pub async fn confirm(&self) {
        confirm(&self.learner, &self.booked).await.ok("confirmSession");
    }

    /// Opens a dispute that asks for an amount, and gives its id.
    pub async fn dispute(&self, by: &Client, amount: i64) -> String {
        let reply = open(by, &self.booked, json!({ "amountMinor": amount.to_string() }), "open").await;
        text(&reply.ok("openDispute")["dispute"]["id"])
    }

    /// Available and held of the learner, and pending of the mentor.
    pub async fn money(&self) -> (i64, i64, i64) {
        let (available, held) = self.app.credits(&self.learner).await;
        (available, held, kept(&self.app, "EARNINGS", &self.mentor).await)
    }

    /// Status and payment status of the booking.
    pub async fn booking(&self) -> String {
        let id = skillswap::db::ids::decode(&self.booked.booking).expect("an id").1;
        self.app.sql(&format!("select status, payment_status from bookings where id = '{id}'")).await[0]
            .join(" ")
    }

    pub async fn assert_sound(&self) {
        assert_sound(&self.app.app).await;
    }
}

/// Starts and ends a session.
pub async fn hold(mentor: &Client, booked: &Booked) {
    for name in ["startSession", "endSession"] {
        mentor.mutate(name, "session { id }", json!({ "sessionId": booked.session })).await.ok(name);
    }
}

pub async fn confirm(learner: &Client, booked: &Booked) -> Reply {
    learner.mutate("confirmSession", "booking { status }", json!({ "bookingId": booked.booking })).await
}

pub async fn open(by: &Client, booked: &Booked, asked: Value, key: &str) -> Reply {
    let input =
        json!({ "bookingId": booked.booking, "reason": REASON, "asked": asked, "idempotencyKey": key });
    let query = format!(
        "mutation($input: OpenDisputeInput!) {{ openDispute(input: $input) {{ {FIELDS} userErrors {{ code path message
         ... on InvalidTransitionError {{ from allowed }} ... on WindowClosedError {{ closedAt }} }} }} }}"
    );
    by.run(&query, json!({ "input": input })).await
}

/// Any of the mutations that take a dispute, with further input and a key of its own.
pub async fn act(by: &Client, name: &str, dispute: &str, more: Value) -> Reply {
    let mut input = json!({ "disputeId": dispute, "idempotencyKey": format!("{name} {more}") });
    for (field, value) in more.as_object().into_iter().flatten() {
        input[field] = value.clone();
    }
    by.mutate(name, FIELDS, input).await
}

pub fn offer(amount: i64) -> Value {
    json!({ "response": { "offer": { "amountMinor": amount.to_string(), "statement": "I was there for the whole hour." } } })
}

pub fn accept() -> Value {
    json!({ "response": { "accept": true } })
}

pub async fn resolve(admin: &Client, dispute: &str, parts: (i64, i64, i64), key: &str) -> Reply {
    let split = json!({ "learnerMinor": parts.0.to_string(), "mentorMinor": parts.1.to_string(), "feeMinor": parts.2.to_string() });
    let input = json!({ "disputeId": dispute, "split": split, "reason": "Both were there for half of it.", "idempotencyKey": key });
    let query = format!(
        "mutation($input: ResolveDisputeInput!) {{ resolveDispute(input: $input) {{ {FIELDS} userErrors {{ code path
         ... on SplitMismatchError {{ held {{ amountMinor }} }} }} }} }}"
    );
    admin.run(&query, json!({ "input": input })).await
}

/// What a member has in accounts of a kind.
pub async fn kept(app: &TestApp, kind: &str, member: &Client) -> i64 {
    let id = skillswap::db::ids::decode(&member.id).expect("an id").1;
    app.count(&format!(
        "select coalesce(sum(balance), 0) from ledger_accounts where kind = '{kind}' and owner_id = '{id}'"
    ))
    .await
}

/// What must not change when something is refused.
pub async fn state(app: &TestApp) -> Vec<Vec<String>> {
    app.sql(
        "select (select coalesce(md5(string_agg(d::text, ',' order by d.id)), '') from disputes d),
                (select coalesce(md5(string_agg(b::text, ',' order by b.id)), '') from bookings b),
                (select count(*) from dispute_evidence), (select count(*) from ledger_postings),
                (select count(*) from events), (select count(*) from notifications), (select count(*) from idempotency_keys)",
    )
    .await
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The parts of a split, as numbers.
pub fn parts(dispute: &Value) -> (i64, i64, i64) {
    let part = |name: &str| {
        dispute["split"][name]["amountMinor"].as_str().expect("an amount").parse().expect("a number")
    };
    (part("learner"), part("mentor"), part("fee"))
}
