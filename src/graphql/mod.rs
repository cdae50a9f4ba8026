//! The GraphQL kit: knows async-graphql, knows no domain and no actix.
//!
//! - [`context`]: what a resolver may ask for (`ctx.app()`, `ctx.viewer()`, `ctx.hot(key)`, `ctx.one(key)`, …);
//! - [`error`]: [`error::ApiError`] and [`error::Field`], the type of every field that can fail;
//! - [`connection`], [`scalars`]: pages, scalars;
//! - [`feed`]: how a subscription's resolver gets its events.

pub mod connection;
pub mod context;
pub mod error;
pub mod feed;
pub mod scalars;

pub use context::{ContextExt, Scope, Suspended, Viewer, rights_of};
pub use error::{ApiError, Field, field};
