//! Closing presences: one, the lost ones, or all.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::{App, IntervalRow, repo, sessions};
use crate::{
    db::{
        Tx,
        ids::{MemberId, SessionId},
        transact,
    },
    domains::rooms::model::ParticipantLeft,
    events::StreamName,
};

/// Closes the lost presences of a session.
///
/// # Errors
/// Only if the database fails.
pub async fn close_lost(app: &App, session: SessionId) -> QueryResult<()> {
    transact(app, async |tx| {
        let now = tx.now();
        if sessions::service::lock(tx, session).await?.is_some() {
            close(tx, session, |interval| interval.is_lost(now)).await?;
        }
        Ok(())
    })
    .await
}

/// Closes every presence of a session that is over. The caller holds the session's lock.
///
/// # Errors
/// Only if the database fails.
pub async fn close_all(tx: &mut Tx, session: SessionId) -> QueryResult<()> {
    close(tx, session, |_| true).await
}

/// Closes some open presences of a session under its lock, and tells whose last one it was.
pub(super) async fn close(
    tx: &mut Tx,
    session: SessionId,
    doomed: impl Fn(&IntervalRow) -> bool + Send,
) -> QueryResult<()> {
    let now = tx.now();
    let mut members: BTreeMap<MemberId, (Vec<IntervalRow>, bool)> = BTreeMap::new();
    for interval in repo::open_in(tx, session).await? {
        let (closing, stays) = members.entry(interval.member_id).or_default();
        if doomed(&interval) {
            closing.push(interval);
        } else {
            *stays = true;
        }
    }
    let ends: Vec<(&IntervalRow, DateTime<Utc>)> = members
        .values()
        .flat_map(|(closing, _)| closing)
        .map(|interval| (interval, interval.end(now)))
        .collect();
    if ends.is_empty() {
        return Ok(());
    }
    let (ids, instants) = ends.iter().map(|(interval, end)| (interval.id, *end)).unzip();
    repo::close(tx, ids, instants).await?;
    for (closing, stays) in members.values() {
        let last = closing
            .iter()
            .map(|interval| (interval.end(now), interval))
            .max_by_key(|(end, interval)| (*end, interval.id));
        if let (Some((left_at, interval)), false) = (last, *stays) {
            let left = ParticipantLeft {
                presence_id: interval.id,
                session_id: session,
                member_id: interval.member_id,
                joined_at: interval.stay_since,
                left_at,
            };
            tx.tell(StreamName::Session(session), &left);
        }
    }
    Ok(())
}
