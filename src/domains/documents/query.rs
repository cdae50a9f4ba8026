//! Root queries about the API itself.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::{
    model::{Listed, UsageRow, UsageSearch},
    repo::usage::{self, UsageKey},
    service,
    types::{RegisteredDocument, SchemaUsage, SchemaUsageFilter},
};
use crate::{
    graphql::{
        ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
    },
    schema,
};

/// Queries about the API itself.
#[derive(Debug, Default)]
pub struct DocumentsQuery;

/// Queries about the API itself.
#[Object]
impl DocumentsQuery {
    /// Names this schema: the first 16 digits of the SHA-256 of its text. Equal versions are equal schemas. What was
    /// released only goes away after the date in its deprecation.
    async fn schema_version(&self) -> &str {
        schema::version()
    }

    /// The registered documents of our apps with their costs, registered last first. `null` if they cannot be read.
    async fn admin_documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what apps of this name need.")] client: Option<String>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<RegisteredDocument>> {
        field(async {
            // Private to this moment: it shows what administrators see.
            ctx.now();
            let client = client.as_deref().map(plain_text);
            let scope = format!("documents:{client:?}");
            let read = async |keyset| Ok(service::page(ctx.app(), client.as_deref(), &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            let key = |row: &Listed| -> (DateTime<Utc>, String) {
                (row.document.registered_at, row.document.hash.clone())
            };
            page(args, &scope, read, key, RegisteredDocument).await.map(Some)
        })
        .await
    }

    /// Which version of which app uses what is deprecated, removed or not registered; used last first. Counts are complete
    /// up to ten seconds ago. `null` if they cannot be read.
    async fn admin_schema_usage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which uses.")] filter: Option<SchemaUsageFilter>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<SchemaUsage>> {
        field(async {
            let filter = filter.unwrap_or_default();
            let search = UsageSearch {
                kind: filter.kind.map(Into::into),
                member: filter.member.as_deref().map(plain_text),
                client: filter.client.as_deref().map(plain_text),
                since: filter.since.map(|date| date.0),
            };
            let scope = format!("schema_usage:{search:?}");
            let read = async |keyset| Ok(usage::page(&mut *ctx.conn().await?, &search, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            let key = |row: &UsageRow| -> UsageKey {
                let kind = row.kind.as_str().to_owned();
                (row.last_at, row.client_name.clone(), row.client_version.clone(), kind, row.subject.clone())
            };
            page(args, &scope, read, key, SchemaUsage).await.map(Some)
        })
        .await
    }
}

/// No name has a zero byte, and the database takes none.
fn plain_text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
