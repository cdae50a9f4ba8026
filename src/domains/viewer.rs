//! `Query.viewer`: everything private about the caller, merged from the domains.

use async_graphql::{Context, MergedObject, Object};

use crate::{
    db::ids::MemberId,
    domains::{
        accounts::viewer::AccountViewer, payments::viewer::PaymentsViewer, scheduling::viewer::SchedulingViewer,
        sessions::viewer::SessionsViewer,
        wallet::viewer::WalletViewer,
    },
    graphql::{ContextExt, Field, field},
};

/// The signed-in member: everything private hangs here.
#[derive(Debug, MergedObject)]
pub struct Viewer(AccountViewer, SchedulingViewer, SessionsViewer, WalletViewer, PaymentsViewer);

impl Viewer {
    fn of(member: MemberId) -> Self {
        Self(
            AccountViewer(member),
            SchedulingViewer(member),
            SessionsViewer(member),
            WalletViewer(member),
            PaymentsViewer(member),
        )
    }
}

/// The root of everything private.
#[derive(Debug, Default)]
pub struct ViewerQuery;

/// The root of everything private.
#[Object]
impl ViewerQuery {
    /// The signed-in member. `null` for anonymous callers.
    async fn viewer(&self, ctx: &Context<'_>) -> Field<Viewer> {
        field(async { Ok(ctx.viewer().map(|viewer| Viewer::of(viewer.member_id))) }).await
    }
}
