//! Executes the items of a batch, each when what it waits for is done.

use async_graphql::Context;

use crate::{
    domains::{
        batch::types::{BatchActInput, BatchItemInput, BatchPayload, BatchResult, Outcome},
        chat::mutation::ChatMutation,
        notifications::mutation::NotificationsMutation,
        payments::mutation::PaymentsMutation,
        scheduling::mutation::SchedulingMutation,
        sessions::mutation::SessionsMutation,
        user_error::{BasicError, ErrorCode, UserError, path},
    },
    graphql::{ApiError, ContextExt, Field},
};

/// Executes all items; the results are in their order.
pub(super) async fn all(ctx: &Context<'_>, items: Vec<BatchItemInput>) -> Vec<BatchResult> {
    let mut batch: Vec<(BatchItemInput, Option<Outcome>)> =
        items.into_iter().map(|item| (item, None)).collect();
    while let Some(place) = next(&mut batch) {
        let Some((item, _)) = batch.get(place) else { break };
        let outcome = match ready(item.clone(), &batch) {
            Ok(act) => execute(ctx, act).await,
            Err(error) => Outcome::Skipped(error),
        };
        // What this item wrote, the next one must not read as it was before.
        ctx.wrote();
        if let Some((_, ended)) = batch.get_mut(place) {
            *ended = Some(outcome);
        }
    }
    let results = batch.into_iter().map(|(item, outcome)| BatchResult {
        outcome: outcome.unwrap_or_else(|| Outcome::Skipped(waits(&item.name, "waits for itself"))),
        name: item.name,
    });
    results.collect()
}

type Batch = [(BatchItemInput, Option<Outcome>)];

/// The first item that has not ended and waits for none that has not. `None` if there is no such item.
fn next(batch: &mut Batch) -> Option<usize> {
    let open: Vec<String> =
        batch.iter().filter(|(_, outcome)| outcome.is_none()).map(|(item, _)| item.name.clone()).collect();
    batch
        .iter_mut()
        .position(|(item, outcome)| outcome.is_none() && !needs(item).iter().any(|name| open.contains(name)))
}

/// The names that an item waits for.
fn needs(item: &mut BatchItemInput) -> Vec<String> {
    let mut names = item.after.clone().unwrap_or_default();
    let referred = item.act.reference().and_then(|(id, _, _)| id.strip_prefix('$').map(str::to_owned));
    names.extend(referred);
    names
}

/// What an item does, with the ids of what others made, if all that it waits for is done.
fn ready(mut item: BatchItemInput, batch: &Batch) -> Result<BatchActInput, UserError> {
    let find = |name: &str| {
        let found = batch.iter().find(|(other, _)| other.name == name);
        found.and_then(|(_, outcome)| outcome.as_ref())
    };
    for name in needs(&mut item) {
        match find(&name) {
            Some(outcome) if is_done(outcome) => {}
            Some(_) => return Err(waits(&name, "was not done")),
            None => return Err(waits(&name, "is not in this batch")),
        }
    }
    if let Some((id, at, needed)) = item.act.reference()
        && let Some(name) = id.strip_prefix('$')
    {
        let made = match find(name) {
            Some(Outcome::Answered(payload)) => payload.made(needed),
            _ => None,
        };
        *id = made.ok_or_else(|| {
            let message = format!("The item `{name}` makes no such thing. Name the item that does.");
            UserError::validation(at, "REFERENCE", message)
        })?;
    }
    Ok(item.act)
}

/// Whether what waits for an item may go on. What was done before, and is over by now, was done.
fn is_done(outcome: &Outcome) -> bool {
    let Outcome::Answered(payload) = outcome else { return false };
    let before =
        |error: &UserError| matches!(error, UserError::Basic(error) if error.code == ErrorCode::AlreadyDone);
    payload.user_errors().iter().all(before)
}

fn waits(name: &str, why: &str) -> UserError {
    let message = format!("Not executed: `{name}` {why}. Send both again, when you have settled that.");
    BasicError { code: ErrorCode::DependencyFailed, message, path: path("after"), retryable: true }.into()
}

async fn execute(ctx: &Context<'_>, act: BatchActInput) -> Outcome {
    match act {
        BatchActInput::HoldSlot(input) => {
            outcome(SchedulingMutation.hold_slot(ctx, input).await, BatchPayload::HoldSlot)
        }
        BatchActInput::ReleaseSlot(input) => {
            outcome(SchedulingMutation.release_slot(ctx, input).await, BatchPayload::ReleaseSlot)
        }
        BatchActInput::BookSession(input) => {
            outcome(SessionsMutation.book_session(ctx, input).await, BatchPayload::BookSession)
        }
        BatchActInput::CancelBooking(input) => {
            outcome(SessionsMutation.cancel_booking(ctx, input).await, BatchPayload::CancelBooking)
        }
        BatchActInput::SendMessage(input) => {
            outcome(ChatMutation.send_message(ctx, input).await, BatchPayload::SendMessage)
        }
        BatchActInput::MarkRead(input) => {
            outcome(ChatMutation.mark_read(ctx, input).await, BatchPayload::MarkRead)
        }
        BatchActInput::MarkNotificationsRead(input) => outcome(
            NotificationsMutation.mark_notifications_read(ctx, input).await,
            BatchPayload::MarkNotificationsRead,
        ),
        BatchActInput::CreateCheckout(input) => {
            outcome(PaymentsMutation.create_checkout(ctx, input).await, BatchPayload::CreateCheckout)
        }
    }
}

/// A mutation's answer as an item's outcome.
fn outcome<P>(answer: async_graphql::Result<Field<P>>, payload: fn(P) -> BatchPayload) -> Outcome {
    match answer {
        Ok(Some(Ok(done))) => Outcome::Answered(payload(done)),
        Ok(Some(Err(error))) => Outcome::Failed(error),
        // A mutation always answers.
        Ok(None) | Err(_) => Outcome::Failed(ApiError::forbidden()),
    }
}
