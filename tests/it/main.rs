//! The integration tests: everything through HTTP and WebSocket against a real server on its own database.

#![expect(unreachable_pub, reason = "the harness reads like a library")]

mod support;

mod accounts;
mod bad_input;
mod boundaries;
mod chat;
mod discovery;
mod events;
mod migrations;
mod notifications;
mod payments;
mod profiles;
mod reviews;
mod rooms;
mod scheduling;
mod schema;
mod seed;
mod sessions;
mod transport;
mod walkthrough;
mod wallet;
