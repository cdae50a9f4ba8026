//! Root queries of the audit log.

use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::{
    model::Action,
    repo::{self, ActSearch},
    service,
    types::{AuditEntry, AuditFilter, AuditHeadInput, AuditVerification},
};
use crate::{
    db::{
        chain::Head,
        ids::{ActId, MemberId},
    },
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, PageArgs, page},
        error::ApiCode,
        field,
    },
};

/// Queries of the audit log.
#[derive(Debug, Default)]
pub struct AuditQuery;

/// Queries of the audit log.
#[Object]
impl AuditQuery {
    /// The audit log, newest first. `null` if it cannot be read.
    async fn admin_audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which rows.")] filter: Option<AuditFilter>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<AuditEntry>> {
        field(async {
            let search = search(filter.unwrap_or_default())?;
            let scope = format!("audit:{search:?}");
            let read = async |keyset| Ok(repo::page(&mut *ctx.conn().await?, &search, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            let key = |row: &super::model::ActRow| -> (DateTime<Utc>, ActId) { (row.occurred_at, row.id) };
            page(args, &scope, read, key, |row| AuditEntry(Arc::new(row))).await.map(Some)
        })
        .await
    }

    /// Checks the whole audit log: every row against its seal, and the chain against every published head. `null` if it
    /// cannot be read.
    async fn verify_audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A head that was kept outside: the chain must still run through it.")]
        known_head: Option<AuditHeadInput>,
    ) -> Field<AuditVerification> {
        field(async {
            let known = known_head.as_ref().map(known).transpose()?;
            Ok(Some(service::verify(&mut *ctx.conn().await?, known).await?.into()))
        })
        .await
    }
}

fn known(head: &AuditHeadInput) -> Result<Head, ApiError> {
    let message = "`knownHead` must be a number from 0 and a hash of 64 hexadecimal digits.";
    Head::read(head.seq.0, &head.hash).ok_or_else(|| ApiError::told(ApiCode::Validation, message))
}

fn search(filter: AuditFilter) -> Result<ActSearch, ApiError> {
    let invalid = |message| ApiError::told(ApiCode::Validation, message);
    let actor = filter.actor_id.map(|id| id.parse::<MemberId>()).transpose();
    let subject = filter.subject_id.map(|id| id.0);
    if subject.as_deref().is_some_and(|id| crate::db::ids::decode(id).is_err()) {
        return Err(invalid("`filter.subjectId` must be a global id."));
    }
    Ok(ActSearch {
        actor: actor.map_err(|_| invalid("`filter.actorId` must be the id of a member."))?,
        subject,
        actions: filter.actions.unwrap_or_default().into_iter().map(Action::from).collect(),
        from: filter.from,
        until: filter.until,
    })
}
