//! Taking a member back from a provider.

use super::{
    super::{
        model::{IdentityRow, StateRow},
        repo,
    },
    derived, hash,
    link::{self, LinkError},
    provider,
};
use crate::{
    app::App,
    domains::{
        accounts::service::{LogInError, SignedIn, device::Device, outside},
        second_factor::{model::Proof, service::StepUpError},
    },
    graphql::Viewer,
    integrations::oidc::{Exchange, OidcError, Profile},
};

/// What a member brings back.
#[derive(Clone, Debug)]
pub struct Complete {
    /// As at the beginning.
    pub state: String,
    /// The provider's word.
    pub code: String,
    /// As at the beginning.
    pub binding: Option<String>,
    /// The second factor, if it was asked for.
    pub factor: Option<Proof>,
    /// The device that comes back.
    pub device: Device,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Completed {
    /// A device is signed in.
    SignedIn(SignedIn, IdentityRow),
    /// The caller, who was signed in, has this way to sign in.
    Linked(IdentityRow),
}

/// Why a sign-in did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CompleteError {
    /// Unknown, taken, expired, or somebody else's.
    #[error("not a state of this caller")]
    StateInvalid,
    /// The provider has not proven the address, or the account has not.
    #[error("address not proven")]
    EmailNotVerified,
    /// The identity is another member's.
    #[error("another member's identity")]
    IdentityTaken,
    /// The caller neither signed in nor stepped up in the last ten minutes.
    #[error("recent proof: {0}")]
    StepUp(#[from] StepUpError),
    /// The provider is not set up, cannot be reached, or refuses.
    #[error("provider: {0}")]
    Provider(#[from] OidcError),
    /// The account may not be used, or asks for its second factor.
    #[error("sign-in: {0}")]
    LogIn(#[from] LogInError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

impl From<LinkError> for CompleteError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::EmailNotVerified => Self::EmailNotVerified,
            LinkError::IdentityTaken => Self::IdentityTaken,
            LinkError::Gone => Self::Provider(OidcError::Refused("the person is gone")),
            LinkError::StepUp(error) => Self::StepUp(error),
            LinkError::Database(error) => Self::Database(error),
        }
    }
}

/// Ends a sign-in: the state is taken, whatever comes of it. If the account asks for its second factor, the same state and
/// code can be sent once more with it.
///
/// # Errors
/// See [`CompleteError`].
pub async fn complete(
    app: &App,
    viewer: Option<Viewer>,
    command: Complete,
) -> Result<Completed, CompleteError> {
    let state = take_state(app, viewer, &command).await?;
    let identity = if let Some(id) = state.proven_id {
        repo::identity(&mut *app.conn().await?, id).await?.ok_or(CompleteError::StateInvalid)?
    } else {
        let profile = ask_provider(app, &state, &command).await?;
        if let Some(viewer) = viewer.filter(|_| state.member_id.is_some()) {
            return Ok(Completed::Linked(link::add(app, viewer, state.provider, &profile).await?));
        }
        link::find_or_link(app, state.provider, &profile).await?
    };
    let member = identity.member_id;
    match outside::log_in_recognised(app, member, command.factor, &command.device).await {
        Ok(signed_in) => Ok(Completed::SignedIn(signed_in, identity)),
        Err(error) => {
            if matches!(error, LogInError::Factor(_)) {
                let awaiting =
                    StateRow { proven_id: Some(identity.id), code_hash: Some(hash(&command.code)), ..state };
                repo::insert_state(&mut *app.conn().await?, &awaiting).await?;
            }
            Err(error.into())
        }
    }
}

async fn take_state(
    app: &App,
    viewer: Option<Viewer>,
    command: &Complete,
) -> Result<StateRow, CompleteError> {
    let taken = repo::take_state(&mut *app.conn().await?, &hash(&command.state), app.clock.now()).await?;
    let fits = |state: &StateRow| {
        let same_member =
            state.member_id.is_none_or(|member| viewer.is_some_and(|viewer| viewer.member_id == member));
        let same_client = state.binding_hash == command.binding.as_deref().map(hash);
        let same_code = state.code_hash.as_ref().is_none_or(|kept| *kept == hash(&command.code));
        same_member && same_client && same_code
    };
    taken.filter(fits).ok_or(CompleteError::StateInvalid)
}

async fn ask_provider(app: &App, state: &StateRow, command: &Complete) -> Result<Profile, CompleteError> {
    let gone = || OidcError::Unavailable(anyhow::anyhow!("not set up any more"));
    let provider = provider(app, state.provider).ok_or_else(gone)?;
    let (verifier, nonce) = (derived(app, "verifier", &command.state), derived(app, "nonce", &command.state));
    let exchange = Exchange {
        code: &command.code,
        redirect_uri: &state.redirect_uri,
        verifier: &verifier,
        nonce: &nonce,
    };
    Ok(provider.exchange(exchange, app.clock.now()).await?)
}
