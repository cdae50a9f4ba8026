//! Automatic persisted queries: a client may send the SHA-256 of a document instead of the document.
//!
//! The [protocol of Apollo](https://www.apollographql.com/docs/apollo-server/performance/apq): an unknown hash is
//! answered with `PERSISTED_QUERY_NOT_FOUND`, and the client sends hash and text once. Documents that were parsed are
//! remembered too: a client sends few different ones, and parsing is a tenth of a small request.

use std::sync::Arc;

use async_graphql::parser::{parse_query, types::ExecutableDocument};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::{cost::Prices, scan, size};
use crate::graphql::error::{ApiCode, ApiError};

/// How many documents are remembered.
const CAPACITY: u64 = 2_000;

/// How much text the parsed documents may have together, in bytes. They take some fifty times as much, as does each part
/// of the formula for their cost.
const PARSED: u64 = 1024 * 1024;

/// A document that was scanned and parsed.
#[derive(Debug)]
pub struct Parsed {
    /// The document.
    pub document: ExecutableDocument,
    /// What its operations cost.
    pub prices: Prices,
}

/// The documents known by hash, and those that were parsed.
#[derive(Debug)]
pub struct Documents {
    known: Cache<String, Arc<str>>,
    parsed: Cache<Arc<str>, Arc<Parsed>>,
}

impl Default for Documents {
    fn default() -> Self {
        let parsed = Cache::builder()
            .weigher(|text: &Arc<str>, parsed: &Arc<Parsed>| {
                u32::try_from(text.len() + 2 * parsed.prices.parts()).unwrap_or(u32::MAX)
            })
            .max_capacity(PARSED)
            .build();
        Self { known: Cache::new(CAPACITY), parsed }
    }
}

impl Documents {
    /// Scans and parses a document, unless that was done before.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` or `BAD_DOCUMENT`.
    pub fn parse(&self, query: &str) -> Result<Arc<Parsed>, ApiError> {
        if let Some(known) = self.parsed.get(query) {
            return Ok(known);
        }
        scan::check(query)?;
        let document =
            parse_query(query).map_err(|error| ApiError::told(ApiCode::BadDocument, error.to_string()))?;
        size::check(&document)?;
        let prices = Prices::of(&document);
        let parsed = Arc::new(Parsed { document, prices });
        self.parsed.insert(query.into(), Arc::clone(&parsed));
        Ok(parsed)
    }

    /// The document to run: the one sent, or the one known by `hash`.
    ///
    /// # Errors
    /// `PERSISTED_QUERY_NOT_FOUND` for an unknown hash, `BAD_REQUEST` if hash and text differ or both are missing.
    pub fn resolve(&self, query: Option<String>, hash: Option<&str>) -> Result<String, ApiError> {
        match (query.filter(|query| !query.is_empty()), hash) {
            (Some(query), None) => Ok(query),
            (Some(query), Some(hash)) => {
                let digest: String =
                    Sha256::digest(&query).iter().map(|byte| format!("{byte:02x}")).collect();
                if !digest.eq_ignore_ascii_case(hash) {
                    let message = "`extensions.persistedQuery.sha256Hash` is not the SHA-256 of the query.";
                    return Err(ApiError::told(ApiCode::BadRequest, message));
                }
                self.known.insert(digest, query.as_str().into());
                Ok(query)
            }
            (None, Some(hash)) => match self.known.get(&hash.to_ascii_lowercase()) {
                Some(query) => Ok(query.to_string()),
                None => Err(ApiError::told(ApiCode::PersistedQueryNotFound, "PersistedQueryNotFound")),
            },
            (None, None) => Err(ApiError::told(ApiCode::BadRequest, "Must provide a query string.")),
        }
    }
}
