//! The guard of sensitive acts.

use diesel::QueryResult;

use super::super::{
    model::{ProofMethod, Standing},
    repo,
};
use crate::{
    app::App,
    db::{Tx, ids::AuthSessionId},
    graphql::Viewer,
};

/// Why a sensitive act was refused.
#[derive(Debug, thiserror::Error)]
pub enum StepUpError {
    /// The member must have a second factor and has none.
    #[error("no second factor")]
    TwoFactorRequired,
    /// The device has not stepped up in the last ten minutes.
    #[error("no recent proof")]
    StepUpRequired {
        /// How it can.
        methods: Vec<ProofMethod>,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Lets a sensitive act through only if the caller's device stepped up in the last ten minutes. Who can receive money or
/// is an administrator must have a second factor. One statement.
///
/// # Errors
/// See [`StepUpError`].
pub async fn require_step_up(app: &App, viewer: Viewer) -> Result<(), StepUpError> {
    let Some(standing) = standing(app, viewer.auth_session_id).await? else {
        return Err(StepUpError::StepUpRequired { methods: Vec::new() });
    };
    if standing.required && !standing.enabled {
        return Err(StepUpError::TwoFactorRequired);
    }
    recent(app, &standing)
}

/// The same for an act that pays money out: it needs a second factor from everybody.
///
/// # Errors
/// See [`StepUpError`].
pub async fn require_factor_and_step_up(app: &App, viewer: Viewer) -> Result<(), StepUpError> {
    match standing(app, viewer.auth_session_id).await? {
        Some(standing) if standing.enabled => recent(app, &standing),
        Some(_) => Err(StepUpError::TwoFactorRequired),
        None => Err(StepUpError::StepUpRequired { methods: Vec::new() }),
    }
}

fn recent(app: &App, standing: &Standing) -> Result<(), StepUpError> {
    match standing.stepped_up_until(app.clock.now()) {
        Some(_) => Ok(()),
        None => Err(StepUpError::StepUpRequired { methods: standing.methods() }),
    }
}

/// The same for an act that asks for the password itself: only who has a second factor must have shown it.
///
/// # Errors
/// See [`StepUpError`].
pub async fn require_step_up_if_enrolled(app: &App, viewer: Viewer) -> Result<(), StepUpError> {
    match standing(app, viewer.auth_session_id).await? {
        Some(standing) if !standing.enabled => Ok(()),
        Some(_) | None => require_step_up(app, viewer).await,
    }
}

/// Lets an act that adds a way to sign in through only if the caller's device signed in or stepped up in the last ten
/// minutes: a token that leaked later must not be enough.
///
/// # Errors
/// [`StepUpError::StepUpRequired`], also for a device that was signed out.
pub async fn require_recent_proof(tx: &mut Tx, viewer: Viewer) -> Result<(), StepUpError> {
    let standing = repo::standings(tx, &[viewer.auth_session_id]).await?.pop();
    if standing.is_some_and(|standing| standing.may_enroll(tx.now())) {
        return Ok(());
    }
    Err(StepUpError::StepUpRequired {
        methods: standing.map(|standing| standing.methods()).unwrap_or_default(),
    })
}

/// How the member on a device stands; `None` if the device is not there any more.
pub(super) async fn standing(app: &App, device: AuthSessionId) -> QueryResult<Option<Standing>> {
    Ok(repo::standings(&mut *app.conn().await?, &[device]).await?.pop())
}
