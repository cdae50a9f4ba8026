//! Invoices: one numbered document for every payment that succeeded, and a credit note for what was paid back.
//!
//! Vocabulary: a *series* is the documents of one kind and year, `INV-2026-000001` and on; an *invoice* says what was bought
//! and paid; a *credit note* corrects an invoice; the *file* of a document is its PDF.
//!
//! Invariants: numbers of a series begin at 1 and have no gap and no double, because a number is taken under the lock of its
//! series in the transaction that makes the document; a payment has one invoice, a refund one credit note; a document never
//! changes, and keeps the names that seller and buyer had; its file is made from it alone, kept with its hash, and handed
//! out by links that expire; the buyer gets it by mail, once.

pub mod jobs;
pub mod listener;
pub mod loaders;
pub mod model;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
