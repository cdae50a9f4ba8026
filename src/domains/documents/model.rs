//! Rows of the registry and of the counts.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use crate::{db::tables::documents, text_enum};

/// How long counts are kept, in days: a release of a mobile app lives about a year.
pub const USAGE_KEPT_DAYS: i64 = 400;

text_enum! {
    /// What is counted.
    pub enum UsageKind {
        Document = "DOCUMENT", Unregistered = "UNREGISTERED", Deprecated = "DEPRECATED", Removed = "REMOVED",
    }
}

/// A document to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    /// SHA-256 of the text in hexadecimal.
    pub hash: String,
    /// The text.
    pub body: String,
    /// Its operations, such as `query Home`.
    pub operations: String,
    /// What it costs at most.
    pub cost: i64,
    /// Other names by which the app asks for it.
    pub ids: Vec<String>,
}

/// A registered document, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
pub struct DocumentRow {
    /// SHA-256 of the text in hexadecimal.
    pub hash: String,
    /// Its operations, such as `query Home`.
    pub operations: String,
    /// What it costs at most.
    pub cost: i64,
    /// When it was registered first.
    pub registered_at: DateTime<Utc>,
}

/// An app that needs a document.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct NeedRow {
    /// The document.
    pub hash: String,
    /// The app's name; empty if nobody said.
    pub client_name: String,
    /// The app's version; empty if nobody said.
    pub client_version: String,
    /// When the app no longer needed it.
    pub retired_at: Option<DateTime<Utc>>,
}

/// How often a document ran.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct RunsRow {
    /// The document.
    pub hash: String,
    /// Executions.
    pub count: i64,
    /// The last of them.
    pub last_at: DateTime<Utc>,
}

/// A registered document with all that is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The document.
    pub document: DocumentRow,
    /// The apps that need or needed it, by name and version.
    pub needs: Vec<NeedRow>,
    /// How often it ran. `None` = never, as far as counts are kept.
    pub runs: Option<RunsRow>,
}

impl Listed {
    /// Whether an app needs it.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.needs.iter().any(|need| need.retired_at.is_none())
    }
}

/// How often an app used something.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct UsageRow {
    /// The app's name; empty if it does not say.
    pub client_name: String,
    /// The app's version; empty if it does not say.
    pub client_version: String,
    /// What kind of thing it used.
    pub kind: UsageKind,
    /// The member of the schema; empty for documents that are not registered.
    pub subject: String,
    /// Executions.
    pub count: i64,
    /// The first day that they are counted for.
    pub first_day: NaiveDate,
    /// The last of them.
    pub last_at: DateTime<Utc>,
}

/// Which uses are listed.
#[derive(Clone, Debug, Default)]
pub struct UsageSearch {
    /// Only of this kind.
    pub kind: Option<UsageKind>,
    /// Only of this member of the schema.
    pub member: Option<String>,
    /// Only by apps of this name.
    pub client: Option<String>,
    /// Only on this day or later.
    pub since: Option<NaiveDate>,
}
