//! GraphQL types of the registry and of the counts.

use async_graphql::{Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::model::{Listed, UsageKind, UsageRow};
use crate::{
    domains::access::Needs,
    graphql::{
        plain::PlainFields,
        scalars::{BigInt, Date},
    },
};

/// An app that calls the API.
#[derive(Clone, Debug, SimpleObject)]
pub struct ClientApp {
    /// Its name; empty if it was not said.
    pub name: String,
    /// Its version; empty if it was not said.
    pub version: String,
}

/// A registered document.
#[derive(Clone, Debug)]
pub struct RegisteredDocument(pub Listed);

/// A registered document: what one of our apps sends. Needs the permission `READ_USAGE`.
#[Object(guard = "Needs(\"RegisteredDocument\")")]
impl RegisteredDocument {
    /// SHA-256 of its text, in hexadecimal.
    async fn hash(&self) -> &str {
        &self.0.document.hash
    }

    /// Its operations, such as `query Home, mutation Book`.
    async fn operations(&self) -> &str {
        &self.0.document.operations
    }

    /// What it costs at most, whatever its variables, as it was when it was registered.
    async fn cost(&self) -> BigInt {
        BigInt(self.0.document.cost)
    }

    /// When it was registered first.
    async fn registered_at(&self) -> DateTime<Utc> {
        self.0.document.registered_at
    }

    /// Whether it runs where only registered documents do: whether an app needs it.
    async fn trusted(&self) -> bool {
        self.0.is_trusted()
    }

    /// The apps that need it, by name and version.
    async fn clients(&self) -> Vec<ClientApp> {
        let needs = self.0.needs.iter().filter(|need| need.retired_at.is_none());
        needs
            .map(|need| ClientApp { name: need.client_name.clone(), version: need.client_version.clone() })
            .collect()
    }

    /// How often it was executed in the last 400 days.
    async fn uses(&self) -> BigInt {
        BigInt(self.0.runs.as_ref().map_or(0, |runs| runs.count))
    }

    /// When it was executed last. `null` if it was not in the last 400 days.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.runs.as_ref().map(|runs| runs.last_at)
    }
}

impl PlainFields for RegisteredDocument {}

/// What an app used that it should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SchemaUsageKind {
    /// A deprecated member of the schema.
    Deprecated,
    /// A member that the schema does not have: it was removed, or never there.
    Removed,
    /// A document that is not registered: it would not run where only registered ones do.
    UnregisteredDocument,
}

impl From<SchemaUsageKind> for UsageKind {
    fn from(kind: SchemaUsageKind) -> Self {
        match kind {
            SchemaUsageKind::Deprecated => Self::Deprecated,
            SchemaUsageKind::Removed => Self::Removed,
            SchemaUsageKind::UnregisteredDocument => Self::Unregistered,
        }
    }
}

/// How often a version of an app used something.
#[derive(Clone, Debug)]
pub struct SchemaUsage(pub UsageRow);

/// How often a version of an app used something that it should not. Needs the permission `READ_USAGE`.
#[Object(guard = "Needs(\"SchemaUsage\")")]
impl SchemaUsage {
    /// The app, in its own words. Beyond 200 names a day that no registered document has, it is `other`.
    async fn client(&self) -> ClientApp {
        ClientApp { name: self.0.client_name.clone(), version: self.0.client_version.clone() }
    }

    /// What it used.
    async fn kind(&self) -> SchemaUsageKind {
        match self.0.kind {
            UsageKind::Deprecated => SchemaUsageKind::Deprecated,
            UsageKind::Removed => SchemaUsageKind::Removed,
            UsageKind::Document | UsageKind::Unregistered => SchemaUsageKind::UnregisteredDocument,
        }
    }

    /// The coordinate of the member, such as `Slot.offset`. `null` for documents that are not registered.
    async fn member(&self) -> Option<&str> {
        Some(self.0.subject.as_str()).filter(|subject| !subject.is_empty())
    }

    /// Executions of documents that named it.
    async fn count(&self) -> BigInt {
        BigInt(self.0.count)
    }

    /// The first day, in UTC, that is counted here.
    async fn first_used_on(&self) -> Date {
        Date(self.0.first_day)
    }

    /// The last execution.
    async fn last_used_at(&self) -> DateTime<Utc> {
        self.0.last_at
    }
}

impl PlainFields for SchemaUsage {}

/// Which uses.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SchemaUsageFilter {
    /// Only of this kind.
    pub kind: Option<SchemaUsageKind>,
    /// Only of this member of the schema: its coordinate, such as `Slot.offset`.
    pub member: Option<String>,
    /// Only by apps of this name.
    pub client: Option<String>,
    /// Only on this day or later, in UTC.
    pub since: Option<Date>,
}
