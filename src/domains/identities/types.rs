//! GraphQL types of outside identities.

use async_graphql::{Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::model::{self, IdentityRow};
use crate::{
    domains::{
        accounts::types::SessionTokens, second_factor::types::SecondFactorInput, user_error::UserError,
    },
    graphql::scalars::Url,
    payloads,
};

/// Who recognises people for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::OAuthProvider", name = "OAuthProvider")]
pub enum OAuthProvider {
    /// Google.
    Google,
    /// Facebook.
    Facebook,
    /// The `OpenID` Connect issuer that this installation has chosen.
    Oidc,
}

/// Who the caller is at a provider.
#[derive(Clone, Debug)]
pub struct OAuthIdentity(pub IdentityRow);

/// Who the caller is at a provider: one way to sign in.
#[Object(name = "OAuthIdentity")]
impl OAuthIdentity {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The provider.
    async fn provider(&self) -> OAuthProvider {
        self.0.provider.into()
    }

    /// The address as the provider had proven it when the link was made.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// When the link was made.
    async fn linked_at(&self) -> DateTime<Utc> {
        self.0.linked_at
    }

    /// When it was last used to sign in.
    async fn last_used_at(&self) -> DateTime<Utc> {
        self.0.last_used_at
    }
}

/// Through whom, and back to where.
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "StartOAuthInput")]
pub struct StartOAuthInput {
    /// The provider.
    pub provider: OAuthProvider,
    /// Where the provider sends the member back to: exactly one of the addresses that the installation allows, a page
    /// (`https://…`) or an app link (`skillswap://…`).
    pub redirect_uri: String,
    /// A random text of 16 to 128 characters that the client keeps, and shows again to `completeOAuth`: then nobody else
    /// can end this sign-in, and no stranger's sign-in can be slipped to this client.
    pub binding: Option<String>,
}

/// What `startOAuth` did.
#[derive(Clone, Debug, Default, SimpleObject)]
#[graphql(name = "StartOAuthPayload")]
pub struct StartOAuthPayload {
    /// Where to send the member.
    pub url: Option<Url>,
    /// Comes back with the code; good once, for ten minutes.
    pub state: Option<String>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// What the member brought back.
#[derive(Clone, InputObject)]
#[graphql(name = "CompleteOAuthInput")]
pub struct CompleteOAuthInput {
    /// The `state` of the address that the member came back to.
    pub state: String,
    /// Its `code`.
    pub code: String,
    /// As given to `startOAuth`.
    pub binding: Option<String>,
    /// The second factor, if it was asked for: repeat the same `state` and `code` with it.
    pub second_factor: Option<SecondFactorInput>,
}

impl std::fmt::Debug for CompleteOAuthInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets stay out of logs.
        f.write_str("CompleteOAuthInput")
    }
}

/// What `completeOAuth` did.
#[derive(Clone, Debug, Default, SimpleObject)]
#[graphql(name = "CompleteOAuthPayload")]
pub struct CompleteOAuthPayload {
    /// The new device's tokens. `null` for a caller who was signed in: they have linked the identity.
    pub session: Option<SessionTokens>,
    /// The identity that the provider confirmed.
    pub identity: Option<OAuthIdentity>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Which way to sign in goes.
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "UnlinkOAuthIdentityInput")]
pub struct UnlinkOAuthIdentityInput {
    /// The identity, of `viewer.oauthIdentities`.
    pub identity_id: ID,
}

/// What `unlinkOAuthIdentity` did.
#[derive(Clone, Debug, Default, SimpleObject)]
#[graphql(name = "UnlinkOAuthIdentityPayload")]
pub struct UnlinkOAuthIdentityPayload {
    /// What is left.
    pub identities: Option<Vec<OAuthIdentity>>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

payloads!(StartOAuthPayload, CompleteOAuthPayload, UnlinkOAuthIdentityPayload);
