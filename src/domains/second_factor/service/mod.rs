//! Use-cases of the second factor.

mod enrolment;
mod proof;
pub mod seal;
mod standing;

pub use enrolment::{
    ConfirmError, Confirmed, DisableError, EnrollError, Enrolled, confirm, disable, enroll, forget,
};
pub use proof::{
    LogInFactorError, ProofError, check_at_log_in, mark_stepped_up, step_up, step_up_by_provider,
};
pub use standing::{
    StepUpError, require_factor_and_step_up, require_recent_proof, require_step_up,
    require_step_up_if_enrolled,
};
