//! GraphQL types of mentorship.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    loaders::ApplicationById,
    model::{self, ApplicationRow},
};
use crate::{
    db::ids::MentorApplicationId,
    domains::{
        access,
        accounts::{loaders::MemberById, model::Permission},
        event::Happened,
        profiles::types::Member,
        user_error::UserError,
    },
    graphql::{ApiError, ContextExt, Field, field, plain::PlainFields},
    payloads,
};

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::ApplicationStatus")]
pub enum MentorApplicationStatus {
    /// An administrator will decide.
    Pending,
    /// The applicant is a mentor.
    Approved,
    /// Not this time; the applicant may apply again later.
    Rejected,
}

/// An application to become a mentor.
#[derive(Clone, Debug)]
pub struct MentorApplication(pub Arc<ApplicationRow>);

/// An application to become a mentor: for the applicant, and for those with the permission `REVIEW_MENTORS`.
#[Object]
impl MentorApplication {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Who applies. `null` if the account was removed.
    async fn applicant(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.0.member_id)).await?.map(Member)) }).await
    }

    /// What the applicant wants to teach, and why others should learn it from them.
    async fn statement(&self) -> &str {
        &self.0.statement
    }

    /// Where it stands.
    async fn status(&self) -> MentorApplicationStatus {
        self.0.status.into()
    }

    /// Why it was decided so. `null` while it is pending.
    async fn reason(&self) -> Option<&str> {
        self.0.reviewed_at.map(|_| self.0.reason.as_str())
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was decided. `null` while it is pending.
    async fn reviewed_at(&self) -> Option<DateTime<Utc>> {
        self.0.reviewed_at
    }

    /// After a rejection: when the applicant may apply again. `null` otherwise.
    async fn reapply_after(&self) -> Option<DateTime<Utc>> {
        self.0.reapply_after
    }
}

impl PlainFields for MentorApplication {}

/// An application as the caller may see it: the own, or any for reviewers.
///
/// # Errors
/// Only if the database fails.
pub async fn application_of_caller(
    ctx: &Context<'_>,
    id: MentorApplicationId,
) -> Result<Option<MentorApplication>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let Some(row) = ctx.one(ApplicationById(id)).await? else { return Ok(None) };
    if row.member_id != viewer.member_id {
        match access::guard::privileged(ctx, Permission::ReviewMentors).await {
            Ok(()) => {}
            Err(ApiError::Told { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(MentorApplication(row)))
}

macro_rules! application_event {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Happened, pub model::$name);

        $(#[$doc])*
        #[Object]
        impl $name {
            /// Opaque place right after this event.
            pub async fn cursor(&self) -> String {
                self.0.cursor()
            }

            /// When it happened.
            pub async fn occurred_at(&self) -> DateTime<Utc> {
                self.0.occurred_at()
            }

            /// The application, as it was then.
            async fn application(&self) -> MentorApplication {
                MentorApplication(Arc::new(self.1.application.clone()))
            }
        }
    };
}

application_event! {
    /// A member applied to become a mentor: told to administrators.
    MentorApplicationReceived
}
application_event! {
    /// An application to become a mentor was decided: told to the applicant and to administrators.
    MentorApplicationReviewed
}

/// Who applies, and with what.
#[derive(Clone, Debug, InputObject)]
pub struct ApplyAsMentorInput {
    /// What the caller wants to teach, and why others should learn it from them: 50 to 2000 characters.
    pub statement: String,
}

/// What `applyAsMentor` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ApplyAsMentorPayload {
    /// The application: the new one, or the one that is pending.
    pub application: Option<MentorApplication>,
    /// Whether it was pending before: nothing new was made.
    pub replayed: Option<bool>,
    /// Why nobody applied.
    pub user_errors: Vec<UserError>,
}

/// How an application is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum MentorApplicationDecision {
    /// The applicant becomes a mentor.
    Approve,
    /// Not this time.
    Reject,
}

/// Which application is decided, and how.
#[derive(Clone, Debug, InputObject)]
pub struct ReviewMentorApplicationInput {
    /// The application.
    pub application_id: ID,
    /// How.
    pub decision: MentorApplicationDecision,
    /// Why, for the applicant and the audit log: 3 to 500 characters.
    pub reason: String,
}

/// What `reviewMentorApplication` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ReviewMentorApplicationPayload {
    /// The application, decided.
    pub application: Option<MentorApplication>,
    /// Whether it was decided so before.
    pub replayed: Option<bool>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

payloads!(ApplyAsMentorPayload, ReviewMentorApplicationPayload);
