//! The database kit: knows diesel, knows no domain.
//!
//! A repo takes `&mut AsyncPgConnection` first and returns [`diesel::QueryResult`]; the caller owns the transaction
//! ([`tx::transact`]). Nothing here imports a domain, actix or (but for [`loader`]) async-graphql.

pub mod chain;
pub mod constraint;
pub mod embedded;
pub mod gather;
pub mod hot;
pub mod idempotency;
pub mod ids;
pub mod keyset;
pub mod loader;
pub mod migrate;
pub mod pool;
pub mod sql_types;
pub mod statement;
#[expect(missing_docs, reason = "generated from the migrated database")]
pub mod tables;
pub mod tx;

pub use pool::{Conn, Pool};
pub use tx::{Tx, transact};
