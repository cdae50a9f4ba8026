//! Root mutations of mentorship.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::STATEMENT_LENGTH,
    service::{self, ApplyError, ReviewError},
    types::{
        ApplyAsMentorInput, ApplyAsMentorPayload, MentorApplication, MentorApplicationDecision,
        ReviewMentorApplicationInput, ReviewMentorApplicationPayload,
    },
};
use crate::{
    domains::{
        input::{id, not_found, text},
        second_factor::mutation::stepped_up,
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Characters of a reason.
const REASON: std::ops::RangeInclusive<usize> = 3..=500;

/// Mutations of mentorship.
#[derive(Debug, Default)]
pub struct MentorshipMutation;

/// Mutations of mentorship.
#[Object]
impl MentorshipMutation {
    /// Applies to become a mentor; an administrator decides. While an application is pending, the same one is given again.
    async fn apply_as_mentor(
        &self,
        ctx: &Context<'_>,
        input: ApplyAsMentorInput,
    ) -> Field<ApplyAsMentorPayload> {
        answer(async {
            let member = ctx.signed_in()?.member_id;
            let statement = text(&input.statement, "statement", STATEMENT_LENGTH)?;
            let (application, before) = service::apply(ctx.app(), member, &statement).await?;
            ctx.wrote();
            let application = Some(MentorApplication(Arc::new(application)));
            Ok(ApplyAsMentorPayload { application, replayed: Some(before), ..Default::default() })
        })
        .await
    }

    /// Decides an application: an approved applicant is a mentor at once, a rejected one may apply again after 30 days. The
    /// applicant is told, with the reason. Needs a step-up in the
    /// last ten minutes.
    async fn review_mentor_application(
        &self,
        ctx: &Context<'_>,
        input: ReviewMentorApplicationInput,
    ) -> Field<ReviewMentorApplicationPayload> {
        answer(async {
            let viewer = stepped_up(ctx).await?;
            let application = id(&input.application_id, "applicationId")?;
            let reason = text(&input.reason, "reason", REASON)?;
            let approve = input.decision == MentorApplicationDecision::Approve;
            let (application, before) =
                service::review(ctx.app(), viewer, application, approve, &reason).await?;
            ctx.wrote();
            let application = Some(MentorApplication(Arc::new(application)));
            Ok(ReviewMentorApplicationPayload { application, replayed: Some(before), ..Default::default() })
        })
        .await
    }
}

impl From<ApplyError> for Refusal {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::MentorAlready => {
                let message = "You are a mentor. Set your offer with updateMentorProfile.";
                UserError::basic(ErrorCode::AlreadyDone, "", message).into()
            }
            ApplyError::ReapplyAfter(date) => UserError::reapply_after(date).into(),
            ApplyError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<ReviewError> for Refusal {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::NotFound => not_found("applicationId", "application").into(),
            ReviewError::Own => {
                let message = "Somebody else must decide your own application.";
                UserError::basic(ErrorCode::Forbidden, "applicationId", message).into()
            }
            ReviewError::Decided(status) => UserError::transition(status.as_str(), &[]).into(),
            ReviewError::Rights(error) => error.into(),
            ReviewError::Database(_) => Self::Api(error.into()),
        }
    }
}
