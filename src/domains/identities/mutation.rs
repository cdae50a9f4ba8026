//! Root mutations of outside identities.

use async_graphql::{Context, Object};

use super::{
    service::{self, Complete, CompleteError, Completed, Start, StartError, UnlinkError},
    types::{
        CompleteOAuthInput, CompleteOAuthPayload, OAuthIdentity, StartOAuthInput, StartOAuthPayload,
        UnlinkOAuthIdentityInput, UnlinkOAuthIdentityPayload,
    },
    viewer::identities_of,
};
use crate::{
    domains::{
        accounts::{service::device::Device, types::SessionTokens},
        input::{id, not_found, text},
        second_factor::mutation::stepped_up,
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field, scalars::Url},
    integrations::oidc::OidcError,
};

/// Mutations of outside identities.
#[derive(Debug, Default)]
pub struct IdentitiesMutation;

/// Mutations of outside identities.
#[Object]
impl IdentitiesMutation {
    /// Begins to sign in through a provider; for a signed-in caller, to link one more way to sign in (they must have signed in or
    /// stepped up in the last ten minutes), or to step up by one that is linked. Open to everybody.
    #[graphql(name = "startOAuth")]
    async fn start_oauth(&self, ctx: &Context<'_>, input: StartOAuthInput) -> Field<StartOAuthPayload> {
        answer(async {
            let binding = input.binding.map(|binding| text(&binding, "binding", 16..=128)).transpose()?;
            let provider = input.provider.into();
            let command = Start { provider, redirect_uri: input.redirect_uri, binding };
            let started = service::start(ctx.app(), ctx.viewer(), command).await?;
            Ok(StartOAuthPayload {
                url: Some(Url(started.url)),
                state: Some(started.state),
                ..Default::default()
            })
        })
        .await
    }

    /// Ends what `startOAuth` began, with what the provider sent back: signs a device in, or links the identity to the
    /// caller who began it. Open to everybody.
    #[graphql(name = "completeOAuth")]
    async fn complete_oauth(
        &self,
        ctx: &Context<'_>,
        input: CompleteOAuthInput,
    ) -> Field<CompleteOAuthPayload> {
        answer(async {
            let command = Complete {
                state: input.state,
                code: input.code,
                binding: input.binding.map(|binding| binding.trim().to_owned()),
                factor: input.second_factor.map(Into::into),
                device: Device::of(ctx.client(), None),
            };
            let completed = service::complete(ctx.app(), ctx.viewer(), command).await?;
            ctx.wrote();
            let (session, identity) = match completed {
                Completed::SignedIn(signed_in, identity) => {
                    (Some(SessionTokens::hand_out(ctx, signed_in)), identity)
                }
                Completed::Linked(identity) => (None, identity),
            };
            Ok(CompleteOAuthPayload {
                session,
                identity: Some(OAuthIdentity(identity)),
                ..Default::default()
            })
        })
        .await
    }

    /// Takes one way to sign in away, but never the last. Needs a caller who stepped up in the last ten minutes.
    #[graphql(name = "unlinkOAuthIdentity")]
    async fn unlink_oauth_identity(
        &self,
        ctx: &Context<'_>,
        input: UnlinkOAuthIdentityInput,
    ) -> Field<UnlinkOAuthIdentityPayload> {
        answer(async {
            let viewer = stepped_up(ctx).await?;
            service::unlink(ctx.app(), viewer, id(&input.identity_id, "identityId")?).await?;
            ctx.wrote();
            let identities = identities_of(ctx, viewer.member_id).await?;
            Ok(UnlinkOAuthIdentityPayload { identities: Some(identities), ..Default::default() })
        })
        .await
    }
}

impl From<StartError> for Refusal {
    fn from(error: StartError) -> Self {
        match error {
            StartError::NotSetUp => UserError::basic(
                ErrorCode::ProviderUnavailable,
                "provider",
                "This provider is not set up here. Sign in with `logIn`, or through another one.",
            )
            .into(),
            StartError::RedirectNotAllowed => UserError::validation(
                "redirectUri",
                "REDIRECT",
                "This address is not allowed. Send exactly one of those in SKILLSWAP_OAUTH_REDIRECTS.",
            )
            .into(),
            StartError::Provider(error) => error.into(),
            StartError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<CompleteError> for Refusal {
    fn from(error: CompleteError) -> Self {
        match error {
            CompleteError::StateInvalid => UserError::basic(
                ErrorCode::OauthStateInvalid,
                "state",
                "This sign-in is unknown, used, older than ten minutes, or somebody else's. Begin again with `startOAuth`.",
            )
            .into(),
            CompleteError::EmailNotVerified => UserError::basic(
                ErrorCode::EmailNotVerified,
                "",
                "The provider and the account must both have proven the e-mail address. Prove it there, then begin again with `startOAuth`.",
            )
            .into(),
            CompleteError::IdentityTaken => UserError::basic(
                ErrorCode::IdentityTaken,
                "",
                "Another account signs in with this identity. Sign in to that one, or unlink it there first.",
            )
            .into(),
            CompleteError::StepUp(error) => error.into(),
            CompleteError::Provider(error) => error.into(),
            CompleteError::LogIn(error) => error.into(),
            CompleteError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<OidcError> for Refusal {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Unavailable(error) => {
                tracing::warn!(error = format!("{error:#}"), "an identity provider is unavailable");
                let message =
                    "The provider cannot be reached. Try again in a minute, or sign in another way.";
                UserError::basic(ErrorCode::ProviderUnavailable, "", message).into()
            }
            OidcError::Refused(reason) => {
                tracing::info!(reason, "an identity provider's answer was refused");
                let message = "The provider did not confirm this code. Begin again with `startOAuth`.";
                UserError::basic(ErrorCode::TokenInvalid, "code", message).into()
            }
        }
    }
}

impl From<UnlinkError> for Refusal {
    fn from(error: UnlinkError) -> Self {
        match error {
            UnlinkError::NotFound => not_found("identityId", "identity").into(),
            UnlinkError::LastCredential => UserError::basic(
                ErrorCode::LastCredential,
                "identityId",
                "This is the only way to sign in to the account. First link another identity or set a password.",
            )
            .into(),
            UnlinkError::Database(_) => Self::Api(error.into()),
        }
    }
}
