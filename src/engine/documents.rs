//! Automatic persisted queries: a client may send the SHA-256 of a document instead of the document.
//!
//! The [protocol of Apollo](https://www.apollographql.com/docs/apollo-server/performance/apq): an unknown hash is
//! answered with `PERSISTED_QUERY_NOT_FOUND`, and the client sends hash and text once.

use std::sync::Arc;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::graphql::error::{ApiCode, ApiError};

/// How many documents are remembered.
const CAPACITY: u64 = 2_000;

/// The documents known by hash.
#[derive(Debug)]
pub struct Documents {
    known: Cache<String, Arc<str>>,
}

impl Default for Documents {
    fn default() -> Self {
        Self { known: Cache::new(CAPACITY) }
    }
}

impl Documents {
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
