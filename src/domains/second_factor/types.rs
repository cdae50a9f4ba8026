//! GraphQL types of the second factor.

use async_graphql::{Context, Enum, InputObject, Object, OneofObject, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    loaders::StandingOn,
    model::{self, Proof, Standing},
};
use crate::{
    domains::user_error::UserError,
    graphql::{ApiError, ContextExt, Viewer},
    payloads,
};

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::ProofMethod")]
pub enum ProofMethod {
    /// Six digits of the authenticator app: `code`.
    Totp,
    /// One of the recovery codes: `recoveryCode`.
    RecoveryCode,
    /// The password: `password`. Only where there is no second factor.
    Password,
}

/// The caller's second factor, as seen from this device.
#[derive(Clone, Copy, Debug)]
pub struct SecondFactor {
    standing: Standing,
    now: DateTime<Utc>,
}

impl SecondFactor {
    /// The caller's second factor now.
    ///
    /// # Errors
    /// Only if the database fails.
    pub async fn of(ctx: &Context<'_>, viewer: Viewer) -> Result<Option<Self>, ApiError> {
        let now = ctx.now();
        Ok(ctx.one(StandingOn(viewer.auth_session_id)).await?.map(|standing| Self { standing, now }))
    }
}

/// The caller's second factor, as seen from this device.
#[Object]
impl SecondFactor {
    /// Whether signing in asks for it.
    async fn enabled(&self) -> bool {
        self.standing.enabled
    }

    /// Whether acts with money or rights are closed until there is one: for mentors and administrators.
    async fn required(&self) -> bool {
        self.standing.required
    }

    /// Recovery codes that were not used.
    async fn recovery_codes_left(&self) -> i32 {
        i32::try_from(self.standing.recovery_codes_left).unwrap_or(i32::MAX)
    }

    /// Until when this device may do sensitive acts. `null` = it has to `stepUp` first.
    async fn stepped_up_until(&self) -> Option<DateTime<Utc>> {
        self.standing.stepped_up_until(self.now)
    }

    /// How the caller can `stepUp`. Empty for accounts that only sign in through others.
    async fn methods(&self) -> Vec<ProofMethod> {
        self.standing.methods().into_iter().map(ProofMethod::from).collect()
    }
}

/// The second factor shown at sign-in: exactly one of the two.
#[derive(Clone, OneofObject)]
pub enum SecondFactorInput {
    /// Six digits of the authenticator app.
    Code(String),
    /// One of the recovery codes; it is good once.
    RecoveryCode(String),
}

impl From<SecondFactorInput> for Proof {
    fn from(input: SecondFactorInput) -> Self {
        match input {
            SecondFactorInput::Code(code) => Self::Code(code),
            SecondFactorInput::RecoveryCode(code) => Self::RecoveryCode(code),
        }
    }
}

/// How the caller proves who they are: exactly one of the three.
#[derive(Clone, OneofObject)]
pub enum StepUpInput {
    /// Six digits of the authenticator app.
    Code(String),
    /// One of the recovery codes; it is good once.
    RecoveryCode(String),
    /// The password; only where there is no second factor.
    Password(String),
}

/// What `stepUp` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct StepUpPayload {
    /// The caller's second factor, with the end of the proof.
    pub second_factor: Option<SecondFactor>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Sets an authenticator app up.
#[derive(Clone, Debug, InputObject)]
pub struct EnrollTotpInput {
    /// Returned as it is, for clients that match answers to requests.
    pub client_mutation_id: Option<String>,
}

/// What `enrollTotp` did.
#[derive(Clone, Default, SimpleObject)]
pub struct EnrollTotpPayload {
    /// The secret in base 32, to type into an authenticator app (SHA-1, six digits, 30 seconds). Shown this once.
    pub secret: Option<String>,
    /// The same as an `otpauth://` address, for a QR code.
    pub otpauth_url: Option<String>,
    /// As in the input.
    pub client_mutation_id: Option<String>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// The first code.
#[derive(Clone, InputObject)]
pub struct ConfirmTotpInput {
    /// Six digits that the authenticator app shows now.
    pub code: String,
}

/// What `confirmTotp` did.
#[derive(Clone, Default, SimpleObject)]
pub struct ConfirmTotpPayload {
    /// Ten codes for the day when the app is lost, each good once. Shown this once: keep them apart from the app.
    pub recovery_codes: Option<Vec<String>>,
    /// The caller's second factor.
    pub second_factor: Option<SecondFactor>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Takes the second factor away.
#[derive(Clone, Debug, InputObject)]
pub struct DisableTotpInput {
    /// Returned as it is, for clients that match answers to requests.
    pub client_mutation_id: Option<String>,
}

/// What `disableTotp` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct DisableTotpPayload {
    /// The caller's second factor.
    pub second_factor: Option<SecondFactor>,
    /// As in the input.
    pub client_mutation_id: Option<String>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

macro_rules! silent {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                // Secrets stay out of logs.
                f.write_str(stringify!($name))
            }
        }
    )+};
}

silent!(SecondFactorInput, StepUpInput, EnrollTotpPayload, ConfirmTotpInput, ConfirmTotpPayload);
payloads!(StepUpPayload, EnrollTotpPayload, ConfirmTotpPayload, DisableTotpPayload);
