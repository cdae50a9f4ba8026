//! The integration tests: everything through HTTP and WebSocket against a real server on its own database.

mod support;

mod accounts;
mod boundaries;
mod migrations;
mod profiles;
mod schema;
