//! The transports: how a request reaches the engine and how its answer leaves. Knows actix; holds no SQL and no rule of
//! the business.
//!
//! - [`server`]: listening, serving, stopping; `connection`: one connection, and how long it may take; `tls`: HTTPS;
//!   `routes`: every route, in reading order; `envelope`: what all answers have;
//! - `graphql`: queries and mutations over HTTP, with `media`, `upload` and `params`: what a
//!   client accepts, sends and asks for;
//! - `websocket` and `sse`: subscriptions, both on `operations`, the operations that run on one connection;
//! - `long_lived`: how many sockets and event streams each caller keeps open; `descriptors`: how many the process can hold;
//! - `auth`: token → viewer; `cookies`: the tokens of web pages; `origins`: which pages may call; `ops`: health and metrics; `playground`: the page;
//! - `webhooks`: what payment providers tell; `sandbox`: the sandbox provider's hosted page; `mail`: the mailbox;
//! - `files`: files in and out by signed links;
//! - `account`: where the links in mails lead.

mod account;
mod auth;
mod connection;
mod cookies;
mod descriptors;
mod envelope;
mod files;
mod graphql;
mod identity;
mod invoices;
mod limits;
mod long_lived;
mod mail;
mod media;
mod meters;
mod operations;
mod ops;
mod origins;
mod params;
mod playground;
mod routes;
mod sandbox;
pub mod server;
mod sse;
mod tls;
mod upload;
mod webhooks;
mod websocket;

pub use server::{Running, bind, serve};
