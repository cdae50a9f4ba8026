//! Lookups of sessions. They are private: a key carries the reader, unless its owner already has the right.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{
    model::{
        BookingRow, SessionAt, SessionRole,
        quote::{CancellationQuoteRow, PriceQuoteRow},
    },
    repo::{quotes, read},
};
use crate::db::{
    ids::{BookingId, CancellationQuoteId, MemberId, PriceQuoteId, SessionId},
    loader::{LoadError, Reader},
};

/// A session with its place in its stream, for whoever already sees something of it. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionById(pub SessionId);

/// A session as a member may see it: as host, or with a booking, cancelled or not. Absent otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionSeenBy(pub SessionId, pub MemberId);

/// A booking as its learner or mentor. Absent for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BookingSeenBy(pub BookingId, pub MemberId);

/// A booking, for whoever already sees something of it. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BookingById(pub BookingId);

/// The bookings of a session that a member may see: all for the mentor, the own one for a learner. Absent if none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BookingsIn(pub SessionId, pub MemberId);

/// A quote of a cancellation, for whoever looks whose it is. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CancellationQuoteById(pub CancellationQuoteId);

/// A quote of a price, for whoever looks whose it is. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PriceQuoteById(pub PriceQuoteId);

/// The part that a member has in a session. Absent if none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoleIn(pub SessionId, pub MemberId);

impl Loader<SessionById> for Reader {
    type Value = SessionAt;
    type Error = LoadError;

    async fn load(&self, keys: &[SessionById]) -> Result<HashMap<SessionById, SessionAt>, LoadError> {
        let ids = keys.iter().map(|key| key.0).collect();
        let rows = read::sessions_at(&mut *self.conn().await?, ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|at| (SessionById(at.row.id), at)).collect())
    }
}

impl Loader<SessionSeenBy> for Reader {
    type Value = SessionAt;
    type Error = LoadError;

    async fn load(&self, keys: &[SessionSeenBy]) -> Result<HashMap<SessionSeenBy, SessionAt>, LoadError> {
        let mut found = HashMap::new();
        for (member, ids) in by_member(keys.iter().map(|key| (key.1, key.0))) {
            let rows =
                read::sessions_seen_by(&mut *self.conn().await?, ids, member).await.map_err(Arc::new)?;
            found.extend(rows.into_iter().map(|at| (SessionSeenBy(at.row.id, member), at)));
        }
        Ok(found)
    }
}

impl Loader<BookingSeenBy> for Reader {
    type Value = Arc<BookingRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[BookingSeenBy],
    ) -> Result<HashMap<BookingSeenBy, Arc<BookingRow>>, LoadError> {
        let mut found = HashMap::new();
        for (member, ids) in by_member(keys.iter().map(|key| (key.1, key.0))) {
            let rows =
                read::bookings_seen_by(&mut *self.conn().await?, ids, member).await.map_err(Arc::new)?;
            found.extend(rows.into_iter().map(|row| (BookingSeenBy(row.id, member), Arc::new(row))));
        }
        Ok(found)
    }
}

impl Loader<BookingById> for Reader {
    type Value = Arc<BookingRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[BookingById]) -> Result<HashMap<BookingById, Self::Value>, LoadError> {
        let ids: Vec<BookingId> = keys.iter().map(|key| key.0).collect();
        let rows = read::bookings_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (BookingById(row.id), Arc::new(row))).collect())
    }
}

impl Loader<BookingsIn> for Reader {
    type Value = Vec<Arc<BookingRow>>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[BookingsIn],
    ) -> Result<HashMap<BookingsIn, Vec<Arc<BookingRow>>>, LoadError> {
        let mut found: HashMap<BookingsIn, Vec<Arc<BookingRow>>> = HashMap::new();
        for (member, ids) in by_member(keys.iter().map(|key| (key.1, key.0))) {
            let rows = read::bookings_in(&mut *self.conn().await?, ids, member).await.map_err(Arc::new)?;
            for row in rows {
                found.entry(BookingsIn(row.session_id, member)).or_default().push(Arc::new(row));
            }
        }
        Ok(found)
    }
}

impl Loader<CancellationQuoteById> for Reader {
    type Value = Arc<CancellationQuoteRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[CancellationQuoteById],
    ) -> Result<HashMap<CancellationQuoteById, Arc<CancellationQuoteRow>>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = quotes::cancellations(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (CancellationQuoteById(row.id), Arc::new(row))).collect())
    }
}

impl Loader<PriceQuoteById> for Reader {
    type Value = Arc<PriceQuoteRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[PriceQuoteById],
    ) -> Result<HashMap<PriceQuoteById, Arc<PriceQuoteRow>>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = quotes::prices(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (PriceQuoteById(row.id), Arc::new(row))).collect())
    }
}

impl Loader<RoleIn> for Reader {
    type Value = SessionRole;
    type Error = LoadError;

    async fn load(&self, keys: &[RoleIn]) -> Result<HashMap<RoleIn, SessionRole>, LoadError> {
        let mut found = HashMap::new();
        for (member, ids) in by_member(keys.iter().map(|key| (key.1, key.0))) {
            let rows = read::roles_in(&mut *self.conn().await?, ids, member).await.map_err(Arc::new)?;
            found.extend(rows.into_iter().map(|(session, role)| (RoleIn(session, member), role)));
        }
        Ok(found)
    }
}

/// The keys of each reader. A batch is made for one request, so there is one reader in practice.
fn by_member<T>(keys: impl Iterator<Item = (MemberId, T)>) -> HashMap<MemberId, Vec<T>> {
    let mut members: HashMap<MemberId, Vec<T>> = HashMap::new();
    for (member, key) in keys {
        members.entry(member).or_default().push(key);
    }
    members
}
