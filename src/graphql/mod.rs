//! The GraphQL kit: knows async-graphql, knows no domain and no actix.
//!
//! - [`context`]: what a resolver may ask for (`ctx.app()`, `ctx.viewer()`, `ctx.hot(key)`, `ctx.one(key)`, …);
//! - [`error`]: [`error::ApiError`] and [`error::Field`], the type of every field that can fail;
//! - [`cookies`]: what a mutation tells a web page to keep; [`pass`]: by what right a WebSocket is open;
//! - [`connection`], [`scalars`]: pages, scalars;
//! - [`plain`]: objects whose fields need no waiting;
//! - [`feed`]: how a subscription's resolver gets its events.

pub mod connection;
pub mod context;
pub mod cookies;
pub mod error;
pub mod feed;
pub mod pass;
pub mod plain;
pub mod scalars;

pub use context::{Client, ClientApp, ContextExt, Scope, Suspended, Viewer, rights_of};
pub use error::{ApiError, Field, field};
