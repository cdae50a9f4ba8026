//! Setting a second factor up and taking it away.

use super::{
    super::{
        model::{FactorRow, ProofMethod, RECOVERY_CODES, normal_recovery_code, recovery_code, totp},
        repo,
    },
    proof::{ProofError, mark_stepped_up, spend_try, step_of},
    seal::{self, SealBroken},
    standing::standing,
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{EntityId, MemberId},
        transact,
    },
    domains::audit::{
        self,
        model::{Act, Action},
    },
    graphql::Viewer,
};

/// What authenticator apps show above the code.
const ISSUER: &str = "SkillSwap";

/// A secret that waits for its first code.
#[derive(Clone)]
pub struct Enrolled {
    /// In base 32, for typing.
    pub secret: String,
    /// For a QR code.
    pub otpauth_url: String,
}

impl std::fmt::Debug for Enrolled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolled")
    }
}

/// Why no secret was given.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// There is a confirmed second factor.
    #[error("already enabled")]
    AlreadyEnabled,
    /// The caller neither signed in nor stepped up in the last ten minutes.
    #[error("no recent proof")]
    StepUpRequired {
        /// How they can.
        methods: Vec<ProofMethod>,
    },
    /// The secret cannot be sealed.
    #[error("seal: {0}")]
    Seal(#[from] SealBroken),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Makes a secret, which replaces one that was never confirmed.
///
/// # Errors
/// See [`EnrollError`].
pub async fn enroll(app: &App, viewer: Viewer) -> Result<Enrolled, EnrollError> {
    let member = viewer.member_id;
    let standing = standing(app, viewer.auth_session_id).await?;
    if standing.is_some_and(|standing| standing.enabled) {
        return Err(EnrollError::AlreadyEnabled);
    }
    if !standing.is_some_and(|standing| standing.may_enroll(app.clock.now())) {
        let methods = standing.map(|standing| standing.methods()).unwrap_or_default();
        return Err(EnrollError::StepUpRequired { methods });
    }
    let secret: [u8; totp::SECRET_LENGTH] = rand::random();
    let sealed = seal::seal(&app.secret, member.uuid(), &secret)?;
    let email = transact(app, async |tx| {
        let now = tx.now();
        if !repo::enroll(tx, member, &sealed, now).await? {
            return Err(EnrollError::AlreadyEnabled);
        }
        let act = Act::by(member, Action::SecondFactorEnrolled).on(viewer.auth_session_id).about(member);
        audit::service::record(tx, act).await?;
        Ok(repo::credential(tx, member).await?.map(|(email, _)| email))
    })
    .await?;
    let account = email.unwrap_or_else(|| member.to_string());
    Ok(Enrolled { secret: totp::base32(&secret), otpauth_url: totp::otpauth_url(ISSUER, &account, &secret) })
}

/// The recovery codes, shown this once.
#[derive(Clone)]
pub struct Confirmed {
    /// Each good once.
    pub recovery_codes: Vec<String>,
}

impl std::fmt::Debug for Confirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Confirmed")
    }
}

/// Why a second factor was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// There is no secret to confirm.
    #[error("not enrolled")]
    NotEnrolled,
    /// It was confirmed before.
    #[error("already enabled")]
    AlreadyEnabled,
    /// The code is not good.
    #[error("code: {0}")]
    Proof(#[from] ProofError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Makes the second factor count, once the caller's app has shown a code of it. Proofs given without it end; this device
/// has stepped up.
///
/// # Errors
/// See [`ConfirmError`].
pub async fn confirm(app: &App, viewer: Viewer, code: &str) -> Result<Confirmed, ConfirmError> {
    let member = viewer.member_id;
    let found = repo::factor(&mut *app.conn().await?, member).await?.ok_or(ConfirmError::NotEnrolled)?;
    if found.confirmed_at.is_some() {
        return Err(ConfirmError::AlreadyEnabled);
    }
    spend_try(app, member).await?;
    let shown = FactorRow { last_step: step_of(app, &found, code)?, ..found };
    let recovery_codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(rand::random())).collect();
    let hashes: Vec<Vec<u8>> =
        recovery_codes.iter().map(|code| seal::hash(&app.secret, &normal_recovery_code(code))).collect();
    transact(app, async |tx| {
        let now = tx.now();
        if !repo::confirm(tx, &shown, now).await? {
            return Err(ConfirmError::AlreadyEnabled);
        }
        repo::insert_recovery_codes(tx, member, &hashes).await?;
        repo::forget_tries(tx, member).await?;
        repo::forget_step_ups(tx, member).await?;
        let act = Act::by(member, Action::SecondFactorEnabled).on(viewer.auth_session_id).about(member);
        audit::service::record(tx, act).await?;
        Ok(mark_stepped_up(tx, viewer.auth_session_id).await?)
    })
    .await?;
    Ok(Confirmed { recovery_codes })
}

/// Why a second factor was not taken away.
#[derive(Debug, thiserror::Error)]
pub enum DisableError {
    /// There is none.
    #[error("not enabled")]
    NotEnabled,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Takes the second factor away, with its recovery codes. The caller checks that the device stepped up.
///
/// # Errors
/// See [`DisableError`].
pub async fn disable(app: &App, viewer: Viewer) -> Result<(), DisableError> {
    let member = viewer.member_id;
    transact(app, async |tx| {
        if !forget(tx, member).await? {
            return Err(DisableError::NotEnabled);
        }
        let act = Act::by(member, Action::SecondFactorDisabled).on(viewer.auth_session_id).about(member);
        Ok(audit::service::record(tx, act).await?)
    })
    .await
}

/// Removes what a member has of a second factor, confirmed or not, and every proof; `false` if there was none.
///
/// # Errors
/// Only if the database fails.
pub async fn forget(tx: &mut Tx, member: MemberId) -> diesel::QueryResult<bool> {
    repo::forget_step_ups(tx, member).await?;
    repo::remove(tx, member).await
}
