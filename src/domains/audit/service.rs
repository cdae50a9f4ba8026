//! Use-cases of the audit log.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::{
    model::{Act, ActRow, Action, AuditReport, Fault, FaultKind, HEAD_DETAILS},
    repo,
};
use crate::{
    app::App,
    db::{
        Tx,
        chain::{Hash, Head},
        ids::ActId,
        transact,
    },
};

/// Acts sealed by one transaction, and links read at once by a check.
const BATCH: i64 = 1000;

/// Records an act, inside the transaction of what it tells of: both are kept, or neither.
///
/// # Errors
/// Only if the database fails.
pub async fn record(tx: &mut Tx, act: Act) -> QueryResult<()> {
    let row = ActRow {
        id: ActId::new(),
        actor_id: act.actor,
        auth_session_id: act.device,
        action: act.action.as_str().to_owned(),
        subject: act.subject,
        reason: act.reason,
        details: serde_json::to_string(&act.details).unwrap_or_else(|_| "{}".to_owned()),
        occurred_at: tx.now(),
    };
    repo::insert(tx, &row).await
}

/// Seals every act that has no seal yet; returns how many. Several processes may do it at once: they take turns.
///
/// # Errors
/// Only if the database fails.
pub async fn seal(app: &App) -> QueryResult<usize> {
    let mut total = 0;
    loop {
        let sealed = transact(app, async |tx| {
            repo::take_turn(tx).await?;
            let mut head = repo::head(tx).await?;
            let rows = repo::unsealed(tx, BATCH).await?;
            let links: Vec<(ActId, Head)> = rows
                .iter()
                .map(|row| {
                    head = row.link(&head);
                    (row.id, head)
                })
                .collect();
            if !links.is_empty() {
                repo::seal(tx, &links).await?;
            }
            Ok::<usize, diesel::result::Error>(links.len())
        })
        .await?;
        total += sealed;
        if i64::try_from(sealed) != Ok(BATCH) {
            return Ok(total);
        }
    }
}

/// Publishes the head: in the log of the process, which leaves the machine, and in the log itself. Nothing happens if
/// nothing was sealed since the last time.
///
/// # Errors
/// Only if the database fails.
pub async fn publish_head(app: &App) -> QueryResult<Option<Head>> {
    seal(app).await?;
    let published = transact(app, async |tx| {
        let head = repo::head(tx).await?;
        let known = repo::act_at(tx, head.seq).await?.is_none_or(|act| act.publishes());
        if known {
            return Ok(None);
        }
        let [seq, hash] = HEAD_DETAILS;
        let act = Act::by_system(Action::HeadPublished).with(seq, &head.seq).with(hash, &head.hex());
        record(tx, act).await?;
        Ok::<_, diesel::result::Error>(Some(head))
    })
    .await?;
    if let Some(head) = published {
        tracing::info!(audit.seq = head.seq, audit.hash = head.hex(), "the head of the audit log");
    }
    Ok(published)
}

/// The head that was published last.
///
/// # Errors
/// Only if the database fails.
pub async fn published_head(conn: &mut AsyncPgConnection) -> QueryResult<Option<Head>> {
    Ok(repo::newest(conn, Action::HeadPublished).await?.and_then(|act| act.published_head()))
}

/// Goes through the whole chain in one snapshot and finds the first place that is not as it was written. `known` is a
/// head that somebody kept outside: the chain must still run through it, as through every head that was published.
///
/// # Errors
/// Only if the database fails.
pub async fn verify(conn: &mut AsyncPgConnection, known: Option<Head>) -> QueryResult<AuditReport> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(async |tx| {
            let unsealed = repo::count_unsealed(tx).await?;
            let published = repo::all(tx, Action::HeadPublished).await?;
            let mut wanted: Vec<(Option<ActId>, Option<Head>)> =
                published.iter().map(|act| (Some(act.id), act.published_head())).collect();
            wanted.extend(known.map(|head| (None, Some(head))));
            let places = wanted.iter().filter_map(|(_, head)| head.map(|head| head.seq)).collect();
            let Walk { head, passed, fault } = walk(tx, &places).await?;
            let differs = wanted.iter().find(|(_, head)| {
                head.is_none_or(|head| head != Head::GENESIS && passed.get(&head.seq) != Some(&head.hash))
            });
            let fault = match (fault, differs) {
                (Some(fault), _) => Some(fault),
                (None, Some(&(act, head))) => {
                    Some(Fault { kind: FaultKind::HeadDiffers, seq: head.map(|head| head.seq), act })
                }
                (None, None) => repo::stray(tx).await?.map(|act| Fault {
                    kind: FaultKind::RowNotSealed,
                    seq: None,
                    act: Some(act),
                }),
            };
            Ok(AuditReport { sealed: head.seq, unsealed, head, fault })
        })
        .await
}

/// A way through the chain.
struct Walk {
    /// The last good link.
    head: Head,
    /// The hashes at the places that were asked for.
    passed: BTreeMap<i64, Hash>,
    /// What is wrong behind the last good link.
    fault: Option<Fault>,
}

async fn walk(tx: &mut AsyncPgConnection, places: &BTreeSet<i64>) -> QueryResult<Walk> {
    let mut walk = Walk { head: Head::GENESIS, passed: BTreeMap::new(), fault: None };
    loop {
        let links = repo::links(tx, walk.head.seq, BATCH).await?;
        let last = i64::try_from(links.len()) != Ok(BATCH);
        for kept in links {
            let next = kept.row.as_ref().map(|row| row.link(&walk.head));
            let kind = match next {
                _ if kept.seq != walk.head.seq + 1 => Some(FaultKind::SealMissing),
                None => Some(FaultKind::RowMissing),
                Some(next) if next.hash.as_slice() != kept.hash => Some(FaultKind::RowAltered),
                Some(next) => {
                    walk.head = next;
                    None
                }
            };
            if let Some(kind) = kind {
                let seq = Some(walk.head.seq + 1);
                walk.fault = Some(Fault { kind, seq, act: Some(kept.act) });
                return Ok(walk);
            }
            if places.contains(&walk.head.seq) {
                walk.passed.insert(walk.head.seq, walk.head.hash);
            }
        }
        if last {
            return Ok(walk);
        }
    }
}
