//! `SkillSwap`: the backend of a live skill marketplace. One GraphQL schema over PostgreSQL.
//!
//! The code map, in reading order:
//!
//! - [`cli`]: the commands (`serve`, `migrate`, `seed`, `schema`, …); [`config`]: every setting; [`app`]: what is built once;
//!   [`clock`], [`telemetry`], [`html`];
//! - [`http`]: the transports, actix only; [`engine`]: a document to its answers; [`schema`] and [`node`]: the merged roots;
//! - [`domains`]: one folder each, with the same rooms (`model`, `repo`, `loaders`, `service`, `types`, `query`, `mutation`, …);
//! - [`graphql`], [`db`], [`events`], [`jobs`], [`limits`]: the kits, which know no domain; [`integrations`]: the outward
//!   ports.
//!
//! ARCHITECTURE.md says who may import whom, and a test holds the code to it.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod domains;
pub mod engine;
pub mod events;
pub mod graphql;
pub mod html;
pub mod http;
pub mod integrations;
pub mod jobs;
pub mod limits;
pub mod node;
pub mod schema;
pub mod telemetry;
