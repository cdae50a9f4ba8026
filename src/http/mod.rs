//! The transports: how a request reaches the engine and how its answer leaves. Knows actix; holds no SQL and no rule of
//! the business.
//!
//! - [`server`]: listening, serving, stopping; `routes`: every route, in reading order; `envelope`: what all answers have;
//! - `graphql`: queries and mutations over HTTP, with `media` and `params`, its two negotiations;
//! - `websocket` and `sse`: subscriptions, both on `operations`, the operations that run on one connection;
//! - `auth`: token → viewer; `origins`: which pages may call; `ops`: health and metrics; `playground`: the page.

mod auth;
mod envelope;
mod graphql;
mod identity;
mod media;
mod meters;
mod operations;
mod ops;
mod origins;
mod params;
mod playground;
mod routes;
pub mod server;
mod sse;
mod websocket;

pub use server::{Running, bind, serve};
