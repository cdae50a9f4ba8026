//! The domains, each with the same rooms, left out when empty:
//!
//! - `model`: rows, enums, pure rules; `repo`: every SQL statement; `loaders`: one key type per lookup with its batch;
//! - `service`: use-cases that write (lock, check, write, tell); `jobs`; `listener`: acts in the transaction of an event;
//! - `types`: GraphQL objects, enums and inputs; `query`, `mutation`, `subscription`: root fields; `viewer`: the domain's
//!   part of `Query.viewer`.
//!
//! What several domains share at the edge: [`access`] (who may use which field), [`event`] (every happening as a GraphQL type), [`user_error`] (every refusal),
//! [`input`] (checks of input values).

pub mod access;
pub mod accounts;
pub mod admin;
pub mod audit;
pub mod batch;
pub mod chargebacks;
pub mod chat;
pub mod discovery;
pub mod disputes;
pub mod documents;
pub mod event;
pub mod identities;
pub mod input;
pub mod intents;
pub mod invoices;
pub mod mentorship;
pub mod notifications;
pub mod onboarding;
pub mod oversight;
pub mod payments;
pub mod payouts;
pub mod policies;
pub mod profiles;
pub mod reviews;
pub mod rooms;
pub mod scheduling;
pub mod second_factor;
pub mod sessions;
pub mod uploads;
pub mod user_error;
pub mod viewer;
pub mod wallet;
