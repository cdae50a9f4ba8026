//! Which document a request means: the text it sends, or one that is known by an id.
//!
//! - Automatic persisted queries, by the [protocol of Apollo](https://www.apollographql.com/docs/apollo-server/performance/apq):
//!   an unknown hash is answered with `PERSISTED_QUERY_NOT_FOUND`, and the client sends hash and text once.
//! - Registered documents, by `documentId` of
//!   [GraphQL over HTTP](https://github.com/graphql/graphql-over-http/blob/main/spec/Appendix%20A%20--%20Persisted%20Documents.md)
//!   or by the hash. Where only these are trusted, everything else is refused before it is parsed, and nothing is learned.
//!
//! Documents that were parsed are remembered too: a client sends few different ones, and parsing is a tenth of a small
//! request.

use std::sync::Arc;

use async_graphql::parser::{parse_query, types::ExecutableDocument};
use moka::sync::Cache;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::{
    cost::Prices,
    members::{Members, Stale},
    registered::Registered,
    run::Params,
    scan, size,
    usage::Subject,
};
use crate::graphql::error::{ApiCode, ApiError};

/// How much text the documents known by hash may have together, in bytes.
const LEARNED: u64 = 8 * 1024 * 1024;
/// How much text the parsed documents may have together, in bytes. They take some fifty times as much, as does each part
/// of the formula for their cost.
const PARSED: u64 = 1024 * 1024;
/// The longest id of a document, in characters.
pub const LONGEST_ID: usize = 256;

/// The documents known by hash, and those that were parsed.
#[derive(Debug)]
pub struct Documents {
    learned: Cache<Arc<str>, Arc<str>>,
    parsed: Cache<Arc<str>, Arc<Known>>,
    members: &'static Members,
}

/// A document that was read, with what is found out about it once.
#[derive(Debug)]
pub struct Known {
    /// The text.
    pub text: Arc<str>,
    /// SHA-256 of the text in hexadecimal.
    pub hash: Arc<str>,
    /// What the text says.
    pub document: ExecutableDocument,
    /// What its operations cost.
    pub prices: Prices,
    registered: Arc<[Subject]>,
    unregistered: Arc<[Subject]>,
    watched: Vec<(String, String)>,
}

/// The id in a request.
#[derive(Debug)]
struct Named {
    id: String,
    /// Whether the client sends hash and text so that the server learns them.
    learns: bool,
}

/// What `text` is known by: its SHA-256 in hexadecimal.
#[must_use]
pub fn hash_of(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Default for Documents {
    fn default() -> Self {
        Self {
            learned: Cache::builder()
                .weigher(|_, text: &Arc<str>| u32::try_from(text.len()).unwrap_or(u32::MAX))
                .max_capacity(LEARNED)
                .build(),
            parsed: Cache::builder()
                .weigher(|text: &Arc<str>, known: &Arc<Known>| {
                    u32::try_from(text.len() + 2 * known.prices.parts()).unwrap_or(u32::MAX)
                })
                .max_capacity(PARSED)
                .build(),
            members: Members::get(),
        }
    }
}

impl Documents {
    /// The document that a request means, and whether it is registered. With `trusted_only` it has to be.
    ///
    /// # Errors
    /// `DOCUMENT_NOT_TRUSTED`, `PERSISTED_QUERY_NOT_FOUND` for an unknown id, `BAD_REQUEST` if id and text differ or both
    /// are missing, and what [`Self::parse`] says.
    pub fn resolve(
        &self,
        params: &Params,
        registered: &Registered,
        trusted_only: bool,
    ) -> Result<(Arc<Known>, bool), ApiError> {
        let named = named(params)?;
        let Some(text) = params.query.as_deref().filter(|text| !text.is_empty()) else {
            let Some(named) = named else { return Err(bad("Must provide a query string.")) };
            if let Some(document) = registered.find(&named.id) {
                return Ok((self.parse(&document.body)?, true));
            }
            return match self.learned.get(named.id.as_str()) {
                _ if trusted_only => Err(not_trusted()),
                Some(text) if named.learns => Ok((self.parse(&text)?, false)),
                Some(_) | None => {
                    Err(ApiError::told(ApiCode::PersistedQueryNotFound, "PersistedQueryNotFound"))
                }
            };
        };
        let parsed = self.parsed.get(text);
        let hash = parsed.as_ref().map_or_else(|| hash_of(text).into(), |known| Arc::clone(&known.hash));
        if let Some(named) = &named
            && named.id != *hash
            && registered.find(&named.id).is_none_or(|document| document.hash != hash)
        {
            let name = if named.learns { "extensions.persistedQuery.sha256Hash" } else { "documentId" };
            return Err(bad(&format!("`{name}` is not the SHA-256 of the query, and no other id of it.")));
        }
        let is_registered = registered.find(&hash).is_some();
        if trusted_only && !is_registered {
            return Err(not_trusted());
        }
        let known = match parsed {
            Some(known) => known,
            None => self.read(text, hash)?,
        };
        if !is_registered && named.is_some_and(|named| named.learns) {
            self.learned.insert(Arc::clone(&known.hash), Arc::clone(&known.text));
        }
        Ok((known, is_registered))
    }

    /// Scans and parses a document, unless that was done before.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` or `BAD_DOCUMENT`.
    pub fn parse(&self, text: &str) -> Result<Arc<Known>, ApiError> {
        match self.parsed.get(text) {
            Some(known) => Ok(known),
            None => self.read(text, hash_of(text).into()),
        }
    }

    fn read(&self, text: &str, hash: Arc<str>) -> Result<Arc<Known>, ApiError> {
        scan::check(text)?;
        let document =
            parse_query(text).map_err(|error| ApiError::told(ApiCode::BadDocument, error.to_string()))?;
        size::check(&document)?;
        let found = self.members.find(&document);
        let stale = || found.stale.iter().cloned().map(subject);
        let known = Arc::new(Known {
            registered: std::iter::once(Subject::Document(Arc::clone(&hash))).chain(stale()).collect(),
            unregistered: std::iter::once(Subject::Unregistered).chain(stale()).collect(),
            text: text.into(),
            hash,
            prices: Prices::of(&document),
            document,
            watched: found.watched,
        });
        self.parsed.insert(Arc::clone(&known.text), Arc::clone(&known));
        Ok(known)
    }

    /// What an execution of a document counts as.
    #[must_use]
    pub fn counts_as(
        &self,
        known: &Known,
        registered: bool,
        variables: &Map<String, Json>,
    ) -> Arc<[Subject]> {
        let subjects = if registered { &known.registered } else { &known.unregistered };
        if known.watched.is_empty() {
            return Arc::clone(subjects);
        }
        let more = self.members.in_variables(&known.watched, variables).into_iter().map(subject);
        let more = more.filter(|subject| !subjects.contains(subject));
        subjects.iter().cloned().chain(more).collect()
    }
}

impl Known {
    /// The deprecated members of the schema that the text names.
    pub fn deprecated(&self) -> impl Iterator<Item = &str> {
        self.unregistered.iter().filter_map(|subject| match subject {
            Subject::Deprecated(member) => Some(&**member),
            Subject::Document(_) | Subject::Unregistered | Subject::Removed(_) => None,
        })
    }
}

fn subject(stale: Stale) -> Subject {
    match stale {
        Stale::Deprecated(member) => Subject::Deprecated(member.into()),
        Stale::Removed(member) => Subject::Removed(member.into()),
    }
}

fn named(params: &Params) -> Result<Option<Named>, ApiError> {
    let fits = |id: &str| !id.is_empty() && id.chars().count() <= LONGEST_ID;
    if let Some(id) = &params.document_id {
        let id = id.strip_prefix("sha256:").unwrap_or(id);
        let named = Named { id: id.to_owned(), learns: false };
        return if fits(id) { Ok(Some(named)) } else { Err(bad("`documentId` must be a document's id.")) };
    }
    let Some(persisted) = params
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get("persistedQuery"))
        .filter(|value| !value.is_null())
    else {
        return Ok(None);
    };
    let version = persisted.get("version").and_then(Json::as_i64);
    match (version, persisted.get("sha256Hash").and_then(Json::as_str)) {
        // A hash is one in capitals too; an id of another form is as it was registered.
        (Some(1), Some(hash)) if hash.len() == 64 => {
            Ok(Some(Named { id: hash.to_ascii_lowercase(), learns: true }))
        }
        (Some(1), Some(id)) if fits(id) => Ok(Some(Named { id: id.to_owned(), learns: true })),
        _ => Err(bad(
            "`extensions.persistedQuery` must be {version: 1, sha256Hash: <64 hexadecimal digits, or a registered id>}.",
        )),
    }
}

fn bad(message: &str) -> ApiError {
    ApiError::told(ApiCode::BadRequest, message)
}

fn not_trusted() -> ApiError {
    let message = "This server runs registered documents only, and this is none of them: register it with \
        `skillswap documents register`, or send the hash of one that is.";
    ApiError::told(ApiCode::DocumentNotTrusted, message)
}
