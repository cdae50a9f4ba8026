//! Root queries of mentorship.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::{ApplicationRow, ApplicationStatus},
    service,
    types::{MentorApplication, MentorApplicationStatus},
};
use crate::graphql::{
    ContextExt, Field,
    connection::{Connection, PageArgs, page},
    field,
};

/// Queries of mentorship.
#[derive(Debug, Default)]
pub struct MentorshipQuery;

/// Queries of mentorship.
#[Object]
impl MentorshipQuery {
    /// The applications to become a mentor, longest waiting first. `null` if they cannot be read.
    async fn admin_mentor_applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that stand here.")] status: Option<MentorApplicationStatus>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<MentorApplication>> {
        field(async {
            // Private to this moment: it shows what reviewers see.
            ctx.now();
            let status = status.map(ApplicationStatus::from);
            let scope = format!("mentor_applications:{status:?}");
            let read = async |keyset| Ok(service::page(ctx.app(), status, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            let key = |row: &ApplicationRow| (row.created_at, row.id);
            page(args, &scope, read, key, |row| MentorApplication(Arc::new(row))).await.map(Some)
        })
        .await
    }
}
