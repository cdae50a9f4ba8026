//! Statements of webhooks.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::{WebhookOutcome, WebhookRow};
use crate::db::{
    ids::{EntityId, WebhookId},
    keyset::Keyset,
    tables::webhook_events,
};

/// Stores a webhook; `false` if it came before.
pub async fn insert(conn: &mut AsyncPgConnection, webhook: &WebhookRow) -> QueryResult<bool> {
    let inserted = diesel::insert_into(webhook_events::table)
        .values(webhook)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// A webhook, locked until the end of the transaction.
pub async fn lock(
    conn: &mut AsyncPgConnection,
    provider: &str,
    event_id: &str,
) -> QueryResult<Option<WebhookRow>> {
    webhook_events::table
        .find((provider, event_id))
        .select(WebhookRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// Webhooks by our names for them.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[WebhookId]) -> QueryResult<Vec<WebhookRow>> {
    webhook_events::table
        .filter(webhook_events::id.eq_any(ids))
        .select(WebhookRow::as_select())
        .load(conn)
        .await
}

/// A webhook by our name for it, locked until the end of the transaction.
pub async fn lock_by_id(conn: &mut AsyncPgConnection, id: WebhookId) -> QueryResult<Option<WebhookRow>> {
    let own = webhook_events::table.filter(webhook_events::id.eq(id));
    own.select(WebhookRow::as_select()).for_update().first(conn).await.optional()
}

/// Notes what a locked webhook did.
pub async fn mark_applied(
    conn: &mut AsyncPgConnection,
    webhook: &WebhookRow,
    outcome: WebhookOutcome,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(webhook_events::table.find((webhook.provider.as_str(), &webhook.event_id)))
        .set((webhook_events::applied_at.eq(now), webhook_events::outcome.eq(outcome)))
        .execute(conn)
        .await
        .map(drop)
}

/// A page of webhooks, newest first; of one outcome, or of all.
pub async fn page(
    conn: &mut AsyncPgConnection,
    outcome: Option<WebhookOutcome>,
    page: &Keyset<WebhookId>,
) -> QueryResult<Vec<WebhookRow>> {
    let older_than = page.after.unwrap_or_else(|| WebhookId::from_uuid(uuid::Uuid::max()));
    let newer_than = page.before.unwrap_or_else(|| WebhookId::from_uuid(uuid::Uuid::nil()));
    let mut rows = webhook_events::table
        .filter(webhook_events::id.lt(older_than))
        .filter(webhook_events::id.gt(newer_than))
        .limit(page.fetch())
        .select(WebhookRow::as_select())
        .into_boxed();
    if let Some(outcome) = outcome {
        rows = rows.filter(webhook_events::outcome.eq(outcome));
    }
    if page.backward {
        rows.order(webhook_events::id.asc()).load(conn).await
    } else {
        rows.order(webhook_events::id.desc()).load(conn).await
    }
}

/// Removes some webhooks that were applied and came before an instant; returns how many.
pub async fn forget(conn: &mut AsyncPgConnection, before: DateTime<Utc>, most: i64) -> QueryResult<usize> {
    let old: Vec<WebhookId> = webhook_events::table
        .filter(webhook_events::received_at.lt(before))
        .filter(webhook_events::applied_at.is_not_null())
        .order(webhook_events::received_at)
        .limit(most)
        .select(webhook_events::id)
        .load(conn)
        .await?;
    diesel::delete(webhook_events::table.filter(webhook_events::id.eq_any(old))).execute(conn).await
}
