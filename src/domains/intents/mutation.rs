//! What mutations that can be prepared do with their keys. The mutations that prepare are those of the forms' domains.

use async_graphql::Context;

use super::loaders::IntentById;
use crate::{
    db::{idempotency::Attempt, ids::IntentId},
    domains::{input::not_found, user_error::Refusal},
    graphql::ContextExt,
};

/// Lets a key pass: the client's own text, or an intent that was made for this member and mutation.
///
/// # Errors
/// `NOT_FOUND` for any other intent.
pub async fn check_key(ctx: &Context<'_>, attempt: &Attempt) -> Result<(), Refusal> {
    let Ok(id) = attempt.key.parse::<IntentId>() else { return Ok(()) };
    let intent = ctx.one(IntentById(id)).await?.filter(|intent| {
        intent.member_id == attempt.member_id
            && intent.operation.as_str() == attempt.operation
            && ctx.now() < intent.expires_at
    });
    match intent {
        Some(_) => Ok(()),
        None => {
            Err(not_found("idempotencyKey", "intent of yours for this mutation; prepare it again").into())
        }
    }
}
