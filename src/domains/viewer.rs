//! `Query.viewer`: everything private about the caller, merged from the domains.

use async_graphql::{Context, MergedObject, Object};

use crate::{
    domains::{accounts::viewer::AccountViewer, sessions::viewer::SessionsViewer},
    graphql::{ContextExt, Field, field},
};

/// The signed-in member: everything private hangs here.
#[derive(Debug, MergedObject)]
pub struct Viewer(AccountViewer, SessionsViewer);

/// The root of everything private.
#[derive(Debug, Default)]
pub struct ViewerQuery;

/// The root of everything private.
#[Object]
impl ViewerQuery {
    /// The signed-in member. `null` for anonymous callers.
    async fn viewer(&self, ctx: &Context<'_>) -> Field<Viewer> {
        field(async {
            let id = ctx.viewer().map(|viewer| viewer.member_id);
            Ok(id.map(|id| Viewer(AccountViewer(id), SessionsViewer(id))))
        })
        .await
    }
}
