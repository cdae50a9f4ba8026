//! `Query.viewer`: everything private about the caller, merged from the domains.

use async_graphql::{Context, MergedObject, Object};

use crate::{
    db::ids::MemberId,
    domains::{
        accounts::viewer::AccountViewer, chat::viewer::ChatViewer, disputes::viewer::DisputesViewer,
        event::viewer::StreamViewer, identities::viewer::IdentitiesViewer, invoices::viewer::InvoicesViewer,
        mentorship::viewer::MentorshipViewer, notifications::viewer::NotificationsViewer,
        onboarding::viewer::OnboardingViewer, payments::viewer::PaymentsViewer,
        payouts::viewer::PayoutsViewer, scheduling::viewer::SchedulingViewer,
        second_factor::viewer::SecondFactorViewer, sessions::viewer::SessionsViewer,
        wallet::viewer::WalletViewer,
    },
    graphql::{ContextExt, Field, field},
};

/// The signed-in member: everything private hangs here.
#[derive(Debug, MergedObject)]
pub struct Viewer(
    AccountViewer,
    SecondFactorViewer,
    IdentitiesViewer,
    StreamViewer,
    SchedulingViewer,
    SessionsViewer,
    DisputesViewer,
    WalletViewer,
    PaymentsViewer,
    InvoicesViewer,
    PayoutsViewer,
    ChatViewer,
    NotificationsViewer,
    MentorshipViewer,
    OnboardingViewer,
);

impl Viewer {
    fn of(member: MemberId, stream: StreamViewer) -> Self {
        Self(
            AccountViewer(member),
            SecondFactorViewer,
            IdentitiesViewer(member),
            stream,
            SchedulingViewer(member),
            SessionsViewer(member),
            DisputesViewer(member),
            WalletViewer(member),
            PaymentsViewer(member),
            InvoicesViewer(member),
            PayoutsViewer(member),
            ChatViewer(member),
            NotificationsViewer(member),
            MentorshipViewer(member),
            OnboardingViewer(member),
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
        field(async {
            let Some(member) = ctx.viewer().map(|viewer| viewer.member_id) else { return Ok(None) };
            // The cursor comes first: everything else is read after it.
            let stream = StreamViewer::read(ctx, member).await?;
            Ok(Some(Viewer::of(member, stream)))
        })
        .await
    }
}
