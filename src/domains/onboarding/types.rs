//! GraphQL types of onboarding.

use async_graphql::{Enum, SimpleObject};

use super::model::{Facts, Step};

/// A step of a new member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Step")]
pub enum OnboardingStepKind {
    /// Open the link of the mail: `verifyEmail`.
    VerifyEmail,
    /// Write a `bio` and show a picture: `updateProfile`.
    Profile,
    /// Say what to learn: `setMemberSkills` with `DESIRED`.
    DesiredSkills,
    /// Say what to teach: `setMemberSkills` with `OFFERED`.
    OfferedSkills,
    /// Apply to become a mentor: `applyAsMentor`. An administrator decides.
    MentorApplication,
    /// Say when one can be booked: `setAvailabilityRules`.
    Availability,
    /// Say what an hour costs: `updateMentorProfile`.
    Price,
    /// Set up an authenticator app: `enrollTotp`. Without it no money can be received.
    SecondFactor,
    /// Nothing is left to do.
    Complete,
}

/// A step, and whether it is done.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct OnboardingStep {
    /// Which.
    pub kind: OnboardingStepKind,
    /// Whether the data says that it is done.
    pub done: bool,
}

/// What the caller still has to do. It follows from the data and the caller's roles, so the order does not matter.
#[derive(Clone, Debug, SimpleObject)]
pub struct Onboarding {
    /// The steps of the caller's roles, in the order in which to offer them.
    pub steps: Vec<OnboardingStep>,
    /// The first that is not done, or `COMPLETE`.
    pub next: OnboardingStepKind,
}

impl From<Facts> for Onboarding {
    fn from(facts: Facts) -> Self {
        let step = |(kind, done): (Step, bool)| OnboardingStep { kind: kind.into(), done };
        Self { steps: facts.steps().into_iter().map(step).collect(), next: facts.next().into() }
    }
}
