//! Use-cases of mentorship.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::{
    model::{
        ApplicationRow, ApplicationStatus, MentorApplicationReceived, MentorApplicationReviewed, REAPPLY_WAIT,
    },
    repo,
};
use crate::{
    app::App,
    db::{
        ids::{MemberId, MentorApplicationId},
        transact,
    },
    domains::{
        accounts::{
            self,
            model::Role,
            service::rights::{self, RightsError},
        },
        audit::{
            self,
            model::{Act, Action},
        },
        profiles,
    },
    events::StreamName,
    graphql::Viewer,
};

/// Why nobody applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The member is a mentor.
    #[error("a mentor already")]
    MentorAlready,
    /// The last application was rejected not long ago: when the next one can be made.
    #[error("too soon")]
    ReapplyAfter(DateTime<Utc>),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Applies to become a mentor. While an application is pending, another one gives the same; the flag tells.
///
/// # Errors
/// See [`ApplyError`].
pub async fn apply(
    app: &App,
    member: MemberId,
    statement: &str,
) -> Result<(ApplicationRow, bool), ApplyError> {
    transact(app, async |tx| {
        tx.acting(member);
        let now = tx.now();
        // Under the lock of the member, so that of two at once the second sees the first.
        let applicant = accounts::service::lock(tx, member).await?;
        if applicant.is_some_and(|applicant| applicant.has_role(Role::Mentor)) {
            return Err(ApplyError::MentorAlready);
        }
        if let Some(last) = repo::latest(tx, &[member]).await?.into_iter().next() {
            if last.status == ApplicationStatus::Pending {
                return Ok((last, true));
            }
            if let Some(after) = last.reapply_after.filter(|&after| after > now) {
                return Err(ApplyError::ReapplyAfter(after));
            }
        }
        let application = ApplicationRow {
            id: MentorApplicationId::new(),
            member_id: member,
            statement: statement.to_owned(),
            status: ApplicationStatus::Pending,
            reason: String::new(),
            reviewed_by: None,
            reviewed_at: None,
            reapply_after: None,
            created_at: now,
        };
        repo::insert(tx, &application).await?;
        tx.tell(StreamName::Admin, &MentorApplicationReceived { application: application.clone() });
        Ok((application, false))
    })
    .await
}

/// Why an application was not decided.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// No such application.
    #[error("unknown application")]
    NotFound,
    /// It is the reviewer's own.
    #[error("the reviewer's own")]
    Own,
    /// It was decided the other way: how.
    #[error("decided already")]
    Decided(ApplicationStatus),
    /// The role could not be granted.
    #[error("rights")]
    Rights(#[from] RightsError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Decides an application. The same decision again gives the first one; the flag tells.
///
/// # Errors
/// See [`ReviewError`].
pub async fn review(
    app: &App,
    by: Viewer,
    id: MentorApplicationId,
    approve: bool,
    reason: &str,
) -> Result<(ApplicationRow, bool), ReviewError> {
    let decision = if approve { ApplicationStatus::Approved } else { ApplicationStatus::Rejected };
    transact(app, async |tx| {
        tx.acting(by.member_id);
        let now = tx.now();
        rights::still_admin(tx, by).await?;
        let pending = repo::lock(tx, id).await?.ok_or(ReviewError::NotFound)?;
        if pending.member_id == by.member_id {
            return Err(ReviewError::Own);
        }
        match pending.status {
            ApplicationStatus::Pending => {}
            status if status == decision => return Ok((pending, true)),
            status => return Err(ReviewError::Decided(status)),
        }
        let application = ApplicationRow {
            status: decision,
            reason: reason.to_owned(),
            reviewed_by: Some(by.member_id),
            reviewed_at: Some(now),
            reapply_after: (!approve).then(|| now + REAPPLY_WAIT),
            ..pending
        };
        repo::decide(tx, &application).await?;
        let act = Act::by(by.member_id, Action::MentorApplicationReviewed)
            .on(by.auth_session_id)
            .about(application.member_id)
            .because(reason)
            .with("application", &id)
            .with("decision", &decision);
        audit::service::record(tx, act).await?;
        if approve {
            rights::add_role(tx, by, application.member_id, Role::Mentor, reason).await?;
            profiles::service::announce(tx, application.member_id);
        }
        let event = MentorApplicationReviewed { application: application.clone() };
        tx.tell(StreamName::User(application.member_id), &event);
        tx.tell(StreamName::Admin, &event);
        Ok((application, false))
    })
    .await
}

/// A page of the applications, longest waiting first.
///
/// # Errors
/// Only if the database fails.
pub async fn page(
    app: &App,
    status: Option<ApplicationStatus>,
    page: &crate::db::keyset::Keyset<(DateTime<Utc>, MentorApplicationId)>,
) -> QueryResult<Vec<ApplicationRow>> {
    repo::page(&mut *app.conn().await?, status, page).await
}
