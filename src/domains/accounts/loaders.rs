//! Lookups of accounts.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    model::{AuthSessionRow, MemberRow, OwnEmail},
    repo,
};
use crate::db::{
    hot::HotKey,
    ids::{EntityId, MemberId},
    loader::{LoadError, Reader},
};
use crate::graphql::Viewer;

/// A member's public card by id. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberById(pub MemberId);

impl HotKey for MemberById {
    const NAME: &'static str = "member";
    const CAPACITY: u64 = 20_000;
    type Row = Arc<MemberRow>;

    fn id(self) -> Uuid {
        self.0.uuid()
    }
}

impl Loader<MemberById> for Reader {
    type Value = Arc<MemberRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[MemberById]) -> Result<HashMap<MemberById, Arc<MemberRow>>, LoadError> {
        let ids: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::members_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (MemberById(row.id), Arc::new(row))).collect())
    }
}

/// The viewer behind an access token that was verified before, by the token's SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VerifiedToken(pub [u8; 32]);

impl HotKey for VerifiedToken {
    const NAME: &'static str = "verified_token";
    const CAPACITY: u64 = 50_000;
    type Row = Viewer;

    fn id(self) -> Uuid {
        Uuid::nil()
    }
}

/// The address that a member signs in with. Private: only for the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EmailOf(pub MemberId);

impl Loader<EmailOf> for Reader {
    type Value = OwnEmail;
    type Error = LoadError;

    async fn load(&self, keys: &[EmailOf]) -> Result<HashMap<EmailOf, OwnEmail>, LoadError> {
        let ids: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::emails_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|(id, email)| (EmailOf(id), email)).collect())
    }
}

/// The signed-in devices of a member at an instant, last used first. Private: only for the member. Absent if none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DevicesOf(pub MemberId, pub DateTime<Utc>);

impl Loader<DevicesOf> for Reader {
    type Value = Arc<Vec<AuthSessionRow>>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[DevicesOf],
    ) -> Result<HashMap<DevicesOf, Arc<Vec<AuthSessionRow>>>, LoadError> {
        let mut found = HashMap::new();
        let Some(now) = keys.iter().map(|key| key.1).min() else { return Ok(found) };
        let members: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::devices::open_auth_sessions_of(&mut *self.conn().await?, &members, now)
            .await
            .map_err(Arc::new)?;
        for key in keys {
            let of = |row: &&AuthSessionRow| row.member_id == key.0 && row.expires_at > key.1;
            found.insert(*key, Arc::new(rows.iter().filter(of).cloned().collect()));
        }
        Ok(found)
    }
}

/// A member's public card by handle. Absent if unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemberByHandle(pub String);

impl Loader<MemberByHandle> for Reader {
    type Value = Arc<MemberRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[MemberByHandle],
    ) -> Result<HashMap<MemberByHandle, Arc<MemberRow>>, LoadError> {
        let handles: Vec<&str> = keys.iter().map(|key| key.0.as_str()).collect();
        let rows = repo::members_by_handles(&mut *self.conn().await?, &handles).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (MemberByHandle(row.handle.clone()), Arc::new(row))).collect())
    }
}
