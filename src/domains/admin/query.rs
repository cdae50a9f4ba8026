//! Root queries of administration.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    service,
    types::{AdminMember, AdminMemberFilter},
};
use crate::{
    domains::accounts::model::{MemberRow, MemberSearch, MemberStatus, Role},
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, PageArgs, page},
        error::ApiCode,
        field,
    },
};

/// The longest text to search for, in characters.
const LONGEST_TEXT: usize = 200;

/// Queries of administration.
#[derive(Debug, Default)]
pub struct AdminQuery;

/// Queries of administration.
#[Object]
impl AdminQuery {
    /// The members, newest first. Each reading is a row of the audit log, with its filter. `null` if they cannot be read.
    async fn admin_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which members.")] filter: Option<AdminMemberFilter>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<AdminMember>> {
        field(async {
            // Private to this moment: it shows what administrators see.
            ctx.now();
            let search = search(filter.unwrap_or_default())?;
            let viewer = ctx.viewer().ok_or_else(ApiError::unauthenticated)?;
            // Before anything is shown: what cannot be recorded is not read.
            service::record_reading(ctx.app(), viewer, &search).await?;
            let scope = format!("admin_members:{search:?}");
            let read = async |keyset| Ok(service::members(ctx.app(), &search, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            let key = |row: &MemberRow| (row.created_at, row.id);
            page(args, &scope, read, key, |row| AdminMember(Arc::new(row))).await.map(Some)
        })
        .await
    }
}

fn search(filter: AdminMemberFilter) -> Result<MemberSearch, ApiError> {
    let text = filter.text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TEXT || text.contains('\0')) {
        let message = format!("`filter.text` may have at most {LONGEST_TEXT} characters, and no zero bytes.");
        return Err(ApiError::told(ApiCode::Validation, message));
    }
    Ok(MemberSearch {
        text,
        role: filter.role.map(Role::from),
        status: filter.status.map(MemberStatus::from),
    })
}
