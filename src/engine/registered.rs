//! The registered documents, all of them in memory: a request never waits for the database to learn whether its document
//! is trusted, and a flood of unknown hashes costs nothing. Operators write the registry, so its size is theirs to say.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use uuid::Uuid;

use super::documents::hash_of;
use crate::db::hot::Tag;

/// What kept answers depend on: which documents are registered.
pub const DOCUMENTS: Tag = ("documents", Uuid::nil());

/// A registered document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// SHA-256 of the text in hexadecimal.
    pub hash: Arc<str>,
    /// The text.
    pub body: Arc<str>,
}

/// The registered documents of this process.
#[derive(Debug, Default)]
pub struct Registered(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Documents of the server's own pages.
    own: HashMap<Arc<str>, Document>,
    /// By hash, and by every other id.
    listed: HashMap<Arc<str>, Document>,
}

impl Registered {
    /// The document with a hash (bare, or after `sha256:`) or another id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Document> {
        let id = id.strip_prefix("sha256:").unwrap_or(id);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.listed.get(id).or_else(|| known.own.get(id)).cloned()
    }

    /// Trusts documents of the server's own pages.
    pub fn trust_own<'t>(&self, texts: impl IntoIterator<Item = &'t str>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for text in texts {
            let hash: Arc<str> = hash_of(text).into();
            known.own.insert(Arc::clone(&hash), Document { hash, body: text.into() });
        }
    }

    /// The texts in memory, by hash, so that they need not be read again.
    #[must_use]
    pub fn bodies(&self) -> HashMap<Arc<str>, Arc<str>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.listed.values().map(|known| (Arc::clone(&known.hash), Arc::clone(&known.body))).collect()
    }

    /// Takes the registry as the database has it: every id with its document.
    pub fn replace(&self, listed: HashMap<Arc<str>, Document>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).listed = listed;
    }
}
