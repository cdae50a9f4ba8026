//! Root mutations of scheduling.

use super::{model::OfferedSlot, service::ClaimError, types::Slot};
use crate::domains::{
    input::not_found,
    user_error::{ErrorCode, Refusal, UserError},
};

/// Says why a slot was not taken; `path` is where the input names its start.
#[must_use]
pub fn refuse_claim(error: ClaimError, path: &str) -> Refusal {
    let slots = |free: Vec<OfferedSlot>| free.into_iter().map(|slot| Slot(slot, None)).collect();
    match error {
        ClaimError::Taken { next_free } => UserError::slot_taken(path, slots(next_free)).into(),
        ClaimError::NotOffered { next_free } => UserError::slot_unavailable(path, slots(next_free)).into(),
        ClaimError::OwnTimeConflict => {
            let message = "You have something else at that time. Choose another time, or cancel the other meeting first.";
            UserError::basic(ErrorCode::TimeConflict, path, message).into()
        }
        ClaimError::OwnSlot => {
            UserError::basic(ErrorCode::Forbidden, "mentorId", "You cannot book yourself. Choose another mentor.").into()
        }
        ClaimError::UnknownMentor => not_found("mentorId", "mentor").into(),
        ClaimError::Database(_) => Refusal::Api(error.into()),
    }
}
