//! Proving who one is, a bounded number of times.

use super::{
    super::{
        model::{FactorRow, Proof, ProofMethod, TRY_WINDOW, normal_recovery_code, totp},
        repo,
    },
    seal::{self, SealBroken},
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{AuthSessionId, EntityId, MemberId},
        transact,
    },
    domains::{
        accounts::service::password::{HashingError, Turn},
        audit::{
            self,
            model::{Act, Action},
        },
    },
    graphql::Viewer,
};

/// Why a proof was refused.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Not a code of the authenticator app now.
    #[error("wrong code")]
    CodeInvalid,
    /// The code, or a later one, was taken before.
    #[error("code taken before")]
    CodeReused,
    /// Unknown or used recovery code.
    #[error("no such recovery code")]
    RecoveryCodeInvalid,
    /// Wrong password.
    #[error("wrong password")]
    PasswordWrong,
    /// The member proves it in other ways.
    #[error("another method is needed")]
    OtherMethod {
        /// The ways.
        methods: Vec<ProofMethod>,
    },
    /// Too many tries.
    #[error("too many tries")]
    TooManyTries {
        /// Seconds until the next.
        retry_after: i64,
    },
    /// The secret cannot be opened.
    #[error("seal: {0}")]
    Seal(#[from] SealBroken),
    /// The password could not be compared.
    #[error("hashing: {0}")]
    Hashing(#[from] HashingError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Why a sign-in with the right password was refused.
#[derive(Debug, thiserror::Error)]
pub enum LogInFactorError {
    /// The account has a second factor and none was shown.
    #[error("second factor missing")]
    Missing {
        /// How it can be shown.
        methods: Vec<ProofMethod>,
    },
    /// It was shown and is not good.
    #[error("second factor: {0}")]
    Proof(#[from] ProofError),
}

/// Steps the caller's device up for ten minutes.
///
/// # Errors
/// See [`ProofError`].
pub async fn step_up(app: &App, viewer: Viewer, proof: Proof) -> Result<(), ProofError> {
    let proven = try_step_up(app, viewer, proof).await;
    if let Err(
        ProofError::CodeInvalid
        | ProofError::CodeReused
        | ProofError::RecoveryCodeInvalid
        | ProofError::PasswordWrong,
    ) = proven
    {
        // As many rows as tries that are counted, so nobody can fill the log.
        let act = Act::by(viewer.member_id, Action::StepUpRefused).on(viewer.auth_session_id);
        let act = act.about(viewer.member_id);
        transact(app, async |tx| audit::service::record(tx, act.clone()).await).await?;
    }
    proven
}

async fn try_step_up(app: &App, viewer: Viewer, proof: Proof) -> Result<(), ProofError> {
    let member = viewer.member_id;
    let factor = confirmed(app, member).await?;
    match (&factor, proof) {
        (Some(factor), proof @ (Proof::Code(_) | Proof::RecoveryCode(_))) => {
            spend_try(app, member).await?;
            take(app, factor, &proof, Some(viewer.auth_session_id)).await
        }
        (None, Proof::Password(password)) => {
            let hash = repo::credential(&mut *app.conn().await?, member).await?.and_then(|(_, hash)| hash);
            if hash.is_none() {
                return Err(ProofError::OtherMethod { methods: Vec::new() });
            }
            let turn = Turn::take(app)?;
            spend_try(app, member).await?;
            if !turn.verify(password, hash).await? {
                return Err(ProofError::PasswordWrong);
            }
            transact(app, async |tx| {
                // A second factor that was confirmed meanwhile makes the password too little.
                if repo::factor(tx, member).await?.is_some_and(|factor| factor.confirmed_at.is_some()) {
                    return Err(ProofError::OtherMethod { methods: by_factor() });
                }
                succeeded(tx, member, Some(viewer.auth_session_id)).await
            })
            .await
        }
        (Some(_), Proof::Password(_)) => Err(ProofError::OtherMethod { methods: by_factor() }),
        (None, _) => {
            let has_password = repo::credential(&mut *app.conn().await?, member)
                .await?
                .is_some_and(|(_, hash)| hash.is_some());
            let methods = if has_password { vec![ProofMethod::Password] } else { Vec::new() };
            Err(ProofError::OtherMethod { methods })
        }
    }
}

/// After the right password: whether the account's second factor, if it has one, was shown too. `true` if it was.
///
/// # Errors
/// See [`LogInFactorError`].
pub async fn check_at_log_in(
    app: &App,
    member: MemberId,
    shown: Option<Proof>,
) -> Result<bool, LogInFactorError> {
    let Some(factor) = confirmed(app, member).await? else { return Ok(false) };
    match shown {
        Some(proof @ (Proof::Code(_) | Proof::RecoveryCode(_))) => {
            spend_try(app, member).await?;
            take(app, &factor, &proof, None).await?;
            Ok(true)
        }
        Some(Proof::Password(_)) | None => Err(LogInFactorError::Missing { methods: by_factor() }),
    }
}

/// Marks a device as stepped up, when its holder has just proven who they are.
///
/// # Errors
/// Only if the database fails.
pub async fn mark_stepped_up(tx: &mut Tx, device: AuthSessionId) -> diesel::QueryResult<()> {
    let now = tx.now();
    repo::mark_stepped_up(tx, device, now).await
}

/// Steps the caller's device up after a provider has recognised them again. It is not enough where there is a second factor.
///
/// # Errors
/// Only if the database fails.
pub async fn step_up_by_provider(tx: &mut Tx, viewer: Viewer) -> diesel::QueryResult<()> {
    match repo::factor(tx, viewer.member_id).await? {
        Some(factor) if factor.confirmed_at.is_some() => Ok(()),
        _ => mark_stepped_up(tx, viewer.auth_session_id).await,
    }
}

/// The step of a code that is good now.
pub(super) fn step_of(app: &App, factor: &FactorRow, code: &str) -> Result<i64, ProofError> {
    let secret = seal::open(&app.secret, factor.member_id.uuid(), &factor.sealed_secret)?;
    totp::matching_step(&secret, code, app.clock.now()).ok_or(ProofError::CodeInvalid)
}

/// Counts a try before it is looked at: what crashes or races is counted too.
pub(super) async fn spend_try(app: &App, member: MemberId) -> Result<(), ProofError> {
    let now = app.clock.now();
    let mut conn = app.conn().await?;
    if repo::count_try(&mut conn, member, now).await?.is_some() {
        return Ok(());
    }
    let began = repo::tries_since(&mut conn, member).await?.unwrap_or(now);
    let retry_after = (began + TRY_WINDOW - now).num_seconds().max(0) + 1;
    Err(ProofError::TooManyTries { retry_after })
}

/// Takes a code or a recovery code, once.
async fn take(
    app: &App,
    factor: &FactorRow,
    proof: &Proof,
    device: Option<AuthSessionId>,
) -> Result<(), ProofError> {
    let member = factor.member_id;
    transact(app, async |tx| {
        match proof {
            Proof::Code(code) => {
                let step = step_of(app, factor, code)?;
                if !repo::take_step(tx, member, step).await? {
                    return Err(ProofError::CodeReused);
                }
            }
            Proof::RecoveryCode(code) => {
                let hash = seal::hash(&app.secret, &normal_recovery_code(code));
                let now = tx.now();
                if !repo::spend_recovery_code(tx, member, &hash, now).await? {
                    return Err(ProofError::RecoveryCodeInvalid);
                }
                let mut act = Act::by(member, Action::RecoveryCodeUsed).about(member);
                if let Some(device) = device {
                    act = act.on(device);
                }
                audit::service::record(tx, act).await?;
            }
            Proof::Password(_) => return Err(ProofError::OtherMethod { methods: by_factor() }),
        }
        succeeded(tx, member, device).await
    })
    .await
}

async fn succeeded(tx: &mut Tx, member: MemberId, device: Option<AuthSessionId>) -> Result<(), ProofError> {
    repo::forget_tries(tx, member).await?;
    if let Some(device) = device {
        mark_stepped_up(tx, device).await?;
    }
    Ok(())
}

async fn confirmed(app: &App, member: MemberId) -> Result<Option<FactorRow>, ProofError> {
    let factor = repo::factor(&mut *app.conn().await?, member).await?;
    Ok(factor.filter(|factor| factor.confirmed_at.is_some()))
}

fn by_factor() -> Vec<ProofMethod> {
    vec![ProofMethod::Totp, ProofMethod::RecoveryCode]
}
