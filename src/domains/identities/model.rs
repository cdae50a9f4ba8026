//! Rows of outside identities.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::{
    db::{
        ids::{MemberId, OAuthIdentityId},
        tables::{external_users, oauth_identities, oauth_states},
    },
    text_enum,
};

text_enum! {
    /// Who recognises people for us.
    pub enum OAuthProvider { Google = "GOOGLE", Facebook = "FACEBOOK", Oidc = "OIDC" }
}

/// How long a delivery is remembered: longer than the issuer sends one again, and than its signature is taken.
pub const DELIVERIES_KEPT: TimeDelta = TimeDelta::days(30);
/// How long a sign-in may be on its way.
pub const STATE_LIFE: TimeDelta = TimeDelta::minutes(10);

/// Who a member is at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = oauth_identities, check_for_backend(diesel::pg::Pg))]
pub struct IdentityRow {
    /// Its id.
    pub id: OAuthIdentityId,
    /// Whose.
    pub member_id: MemberId,
    /// At whom.
    pub provider: OAuthProvider,
    /// The provider's address.
    pub issuer: String,
    /// The provider's name for the person.
    pub subject: String,
    /// The address that the provider had proven when the link was made.
    pub email: String,
    /// When the link was made.
    pub linked_at: DateTime<Utc>,
    /// When it was last used to sign in.
    pub last_used_at: DateTime<Utc>,
}

/// A sign-in on its way.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = oauth_states, check_for_backend(diesel::pg::Pg))]
pub struct StateRow {
    /// The hash of the state.
    pub state_hash: Vec<u8>,
    /// Through whom.
    pub provider: OAuthProvider,
    /// Where the member comes back to.
    pub redirect_uri: String,
    /// Who began it, if they were signed in.
    pub member_id: Option<MemberId>,
    /// The hash of what the client has to show again.
    pub binding_hash: Option<Vec<u8>>,
    /// Whom the provider confirmed, while the second factor is awaited.
    pub proven_id: Option<OAuthIdentityId>,
    /// The hash of the code that was confirmed.
    pub code_hash: Option<Vec<u8>>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// A person of the issuer, as its webhooks tell.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = external_users, check_for_backend(diesel::pg::Pg))]
pub struct ExternalUserRow {
    /// The issuer's address.
    pub issuer: String,
    /// The issuer's name for the person.
    pub subject: String,
    /// The address, if the issuer has proven it.
    pub verified_email: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// When this became so, at the issuer.
    pub updated_at: DateTime<Utc>,
    /// When we heard that they are gone.
    pub deleted_at: Option<DateTime<Utc>>,
}
