//! Every statement of the audit log.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{ActRow, Action};
use crate::db::{
    chain::{self, Head, link},
    ids::{ActId, MemberId},
    keyset::Keyset,
    tables::{audit_log, audit_seals, audit_unsealed},
};

/// The chain is sealed by one at a time; the number only has to differ from other advisory locks.
const SEALING: i64 = 0x5ea1_0000_a0d1;

/// Writes an act.
pub async fn insert(conn: &mut AsyncPgConnection, row: &ActRow) -> QueryResult<()> {
    diesel::insert_into(audit_log::table).values(row).execute(conn).await.map(drop)
}

/// Waits until nobody else seals, until the end of the transaction.
pub async fn take_turn(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    chain::take_turn(conn, SEALING).await
}

/// The last seal.
pub async fn head(conn: &mut AsyncPgConnection) -> QueryResult<Head> {
    let last: Option<(i64, Vec<u8>)> = audit_seals::table
        .order(audit_seals::seq.desc())
        .select((audit_seals::seq, audit_seals::hash))
        .first(conn)
        .await
        .optional()?;
    Ok(last.map_or(Head::GENESIS, |(seq, hash)| Head { seq, hash: link(&hash) }))
}

/// The oldest acts without a seal.
pub async fn unsealed(conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<ActRow>> {
    audit_log::table
        .inner_join(audit_unsealed::table)
        .order((audit_log::occurred_at, audit_log::id))
        .limit(limit)
        .select(ActRow::as_select())
        .load(conn)
        .await
}

/// Seals acts.
pub async fn seal(conn: &mut AsyncPgConnection, links: &[(ActId, Head)]) -> QueryResult<()> {
    let rows: Vec<_> = links
        .iter()
        .map(|(act, head)| {
            (
                audit_seals::seq.eq(head.seq),
                audit_seals::act_id.eq(act),
                audit_seals::hash.eq(head.hash.to_vec()),
            )
        })
        .collect();
    diesel::insert_into(audit_seals::table).values(rows).execute(conn).await?;
    let sealed: Vec<ActId> = links.iter().map(|(act, _)| *act).collect();
    diesel::delete(audit_unsealed::table.filter(audit_unsealed::act_id.eq_any(sealed)))
        .execute(conn)
        .await
        .map(drop)
}

/// A link as it is kept, with the row that it covers, if that is there.
#[derive(Clone, Debug, Queryable)]
pub struct KeptLink {
    /// Its number.
    pub seq: i64,
    /// The act.
    pub act: ActId,
    /// The hash.
    pub hash: Vec<u8>,
    /// The row.
    pub row: Option<ActRow>,
}

/// The links after a number, in order.
pub async fn links(conn: &mut AsyncPgConnection, after: i64, limit: i64) -> QueryResult<Vec<KeptLink>> {
    audit_seals::table
        .left_join(audit_log::table)
        .filter(audit_seals::seq.gt(after))
        .order(audit_seals::seq)
        .limit(limit)
        .select((audit_seals::seq, audit_seals::act_id, audit_seals::hash, Option::<ActRow>::as_select()))
        .load(conn)
        .await
}

/// How many acts wait for their seal.
pub async fn count_unsealed(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    audit_unsealed::table.count().get_result(conn).await
}

/// An act that has no seal and does not wait for one: it was not written by us.
pub async fn stray(conn: &mut AsyncPgConnection) -> QueryResult<Option<ActId>> {
    let sealed = audit_seals::table.filter(audit_seals::act_id.eq(audit_log::id));
    let waiting = audit_unsealed::table.filter(audit_unsealed::act_id.eq(audit_log::id));
    audit_log::table
        .filter(diesel::dsl::not(diesel::dsl::exists(sealed)))
        .filter(diesel::dsl::not(diesel::dsl::exists(waiting)))
        .order((audit_log::occurred_at, audit_log::id))
        .select(audit_log::id)
        .first(conn)
        .await
        .optional()
}

/// The newest act of a kind.
pub async fn newest(conn: &mut AsyncPgConnection, action: Action) -> QueryResult<Option<ActRow>> {
    audit_log::table
        .filter(audit_log::action.eq(action.as_str()))
        .order((audit_log::occurred_at.desc(), audit_log::id.desc()))
        .select(ActRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// Every act of a kind, oldest first.
pub async fn all(conn: &mut AsyncPgConnection, action: Action) -> QueryResult<Vec<ActRow>> {
    audit_log::table
        .filter(audit_log::action.eq(action.as_str()))
        .order((audit_log::occurred_at, audit_log::id))
        .select(ActRow::as_select())
        .load(conn)
        .await
}

/// The act that a head ends with.
pub async fn act_at(conn: &mut AsyncPgConnection, seq: i64) -> QueryResult<Option<ActRow>> {
    audit_seals::table
        .inner_join(audit_log::table)
        .filter(audit_seals::seq.eq(seq))
        .select(ActRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// Acts by id.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[ActId]) -> QueryResult<Vec<ActRow>> {
    audit_log::table.filter(audit_log::id.eq_any(ids)).select(ActRow::as_select()).load(conn).await
}

/// The seals of acts.
pub async fn seals_of(conn: &mut AsyncPgConnection, acts: &[ActId]) -> QueryResult<Vec<(ActId, Head)>> {
    let rows: Vec<(ActId, i64, Vec<u8>)> = audit_seals::table
        .filter(audit_seals::act_id.eq_any(acts))
        .select((audit_seals::act_id, audit_seals::seq, audit_seals::hash))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|(act, seq, hash)| (act, Head { seq, hash: link(&hash) })).collect())
}

/// Which acts are listed.
#[derive(Clone, Debug, Default)]
pub struct ActSearch {
    /// Only of this actor.
    pub actor: Option<MemberId>,
    /// Only about this global id.
    pub subject: Option<String>,
    /// Only of these kinds; empty = of all.
    pub actions: Vec<Action>,
    /// Only at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Only before this instant.
    pub until: Option<DateTime<Utc>>,
}

/// A page of the log, newest first.
pub async fn page(
    conn: &mut AsyncPgConnection,
    search: &ActSearch,
    page: &Keyset<(DateTime<Utc>, ActId)>,
) -> QueryResult<Vec<ActRow>> {
    let mut query = audit_log::table.select(ActRow::as_select()).limit(page.fetch()).into_boxed();
    if let Some(actor) = search.actor {
        query = query.filter(audit_log::actor_id.eq(actor));
    }
    if let Some(subject) = &search.subject {
        query = query.filter(audit_log::subject.eq(subject));
    }
    if !search.actions.is_empty() {
        query = query.filter(audit_log::action.eq_any(search.actions.iter().map(|action| action.as_str())));
    }
    if let Some(from) = search.from {
        query = query.filter(audit_log::occurred_at.ge(from));
    }
    if let Some(until) = search.until {
        query = query.filter(audit_log::occurred_at.lt(until));
    }
    if let Some((at, id)) = page.after {
        query = query.filter(
            audit_log::occurred_at.lt(at).or(audit_log::occurred_at.eq(at).and(audit_log::id.lt(id))),
        );
    }
    if let Some((at, id)) = page.before {
        query = query.filter(
            audit_log::occurred_at.gt(at).or(audit_log::occurred_at.eq(at).and(audit_log::id.gt(id))),
        );
    }
    query = if page.backward {
        query.order((audit_log::occurred_at.asc(), audit_log::id.asc()))
    } else {
        query.order((audit_log::occurred_at.desc(), audit_log::id.desc()))
    };
    query.load(conn).await
}
