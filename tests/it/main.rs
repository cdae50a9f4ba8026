//! The integration tests: everything through HTTP and WebSocket against a real server on its own database.

#![expect(unreachable_pub, reason = "the harness reads like a library")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::similar_names,
    clippy::too_many_lines,
    reason = "a test stops at what it did not expect, finds its programs by itself, and reads like a story"
)]

mod support;

mod access;
mod accounts;
mod admin;
mod audit;
mod bad_input;
mod batch;
mod boundaries;
mod chat;
mod discovery;
mod disputes;
mod documents;
mod events;
mod identities;
mod intents;
mod invoices;
mod limits;
mod migrations;
mod notifications;
mod onboarding;
mod oversight;
mod payments;
mod payouts;
mod profiles;
mod reviews;
mod rooms;
mod scheduling;
mod schema;
mod second_factor;
mod seed;
mod sessions;
mod transport;
mod uploads;
mod walkthrough;
mod wallet;
