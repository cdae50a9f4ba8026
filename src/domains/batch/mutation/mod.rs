//! The root mutation of batches.

mod run;

use std::collections::HashSet;

use async_graphql::{Context, Object};

use super::types::{BatchItemInput, ExecuteBatchInput, ExecuteBatchPayload};
use crate::{
    domains::{
        input::{list, text},
        user_error::{UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Items of one batch.
pub const MOST_ITEMS: usize = 20;

/// The root mutation of batches.
#[derive(Debug, Default)]
pub struct BatchMutation;

/// The root mutation of batches.
#[Object]
impl BatchMutation {
    /// Executes what a client wanted while it was offline: each item as its own mutation would, one after the other, with a
    /// result for each. Safe to send twice, as a whole or in part: each item has the key of its mutation. Needs a signed-in
    /// caller.
    async fn execute_batch(&self, ctx: &Context<'_>, input: ExecuteBatchInput) -> Field<ExecuteBatchPayload> {
        answer(async {
            ctx.signed_in()?;
            let items = checked(input.items)?;
            Ok(ExecuteBatchPayload { results: run::all(ctx, items).await, user_errors: Vec::new() })
        })
        .await
    }
}

fn checked(items: Vec<BatchItemInput>) -> Result<Vec<BatchItemInput>, UserError> {
    let items = list(items, "items", MOST_ITEMS)?;
    if items.is_empty() {
        return Err(UserError::validation("items", "SIZE", "`items` must have at least one entry."));
    }
    let mut names = HashSet::new();
    for (place, item) in items.iter().enumerate() {
        let path = format!("items.{place}.name");
        if text(&item.name, &path, 1..=64)? != item.name {
            return Err(UserError::validation(&path, "SPACE", "A name has no space around it."));
        }
        if !names.insert(item.name.as_str()) {
            return Err(UserError::validation(&path, "UNIQUE", "Give every item another name."));
        }
        if item.after.as_ref().is_some_and(|after| after.len() > MOST_ITEMS) {
            let message = format!("An item waits for at most {MOST_ITEMS} others.");
            return Err(UserError::validation(&format!("items.{place}.after"), "SIZE", message));
        }
    }
    Ok(items)
}
