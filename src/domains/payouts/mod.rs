//! Payouts: earnings become money at the mentor's bank.
//!
//! Vocabulary: a *payout account* is the member's account at the provider, which proves who they are; a *payout* is an
//! amount of credits on its way there. Credits are turned into money at the rate of the house ([`model::Terms`]), rounded
//! down to whole minor units.
//!
//! Invariants: a payout takes its credits from the earnings in the transaction that makes it, and only what is there; the
//! provider is asked by a job after the commit, under the payout's id, so that asking again moves nothing twice; what the
//! provider refuses or the bank sends back returns to the earnings, once; states only move forward, whatever the order in
//! which the provider tells; asking for a payout needs a second factor and a recent proof.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
