//! The steps, and which of them concern a member.

use diesel::prelude::*;

/// A step of a new member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Prove the address.
    VerifyEmail,
    /// Write something about oneself and show a picture.
    Profile,
    /// Say what to learn.
    DesiredSkills,
    /// Say what to teach.
    OfferedSkills,
    /// Apply to become a mentor.
    MentorApplication,
    /// Say when one can be booked.
    Availability,
    /// Say what an hour costs.
    Price,
    /// Set up a second factor.
    SecondFactor,
    /// Nothing is left.
    Complete,
}

/// What the data says of a member.
#[derive(Clone, Debug, Queryable)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// Holds the role LEARNER.
    pub learner: bool,
    /// Holds the role MENTOR.
    pub mentor: bool,
    /// Holds the role EXCHANGER.
    pub exchanger: bool,
    /// Holds the role ADMIN.
    pub admin: bool,
    /// The address is proven, or there is none to prove.
    pub email_verified: bool,
    /// There is a text and a picture.
    pub profile: bool,
    /// At least one skill is looked for.
    pub desires: bool,
    /// At least one skill is offered.
    pub offers: bool,
    /// An application to become a mentor waits.
    pub applied: bool,
    /// There are hours in which to be booked.
    pub available: bool,
    /// An hour has a price.
    pub priced: bool,
    /// There is a confirmed second factor.
    pub second_factor: bool,
}

impl Facts {
    /// The steps that concern the member, in the order in which to offer them, and whether each is done.
    #[must_use]
    pub fn steps(&self) -> Vec<(Step, bool)> {
        let Self { learner, mentor, exchanger, admin, .. } = *self;
        [
            (true, Step::VerifyEmail, self.email_verified),
            (true, Step::Profile, self.profile),
            // Who only teaches need not look for anything.
            ((learner && !mentor) || exchanger, Step::DesiredSkills, self.desires),
            (mentor || exchanger || self.applied, Step::OfferedSkills, self.offers),
            (mentor || self.applied, Step::MentorApplication, mentor || self.applied),
            (mentor, Step::Availability, self.available),
            (mentor, Step::Price, self.priced),
            (mentor || admin, Step::SecondFactor, self.second_factor),
        ]
        .into_iter()
        .filter(|(concerns, _, _)| *concerns)
        .map(|(_, step, done)| (step, done))
        .collect()
    }

    /// What to do next.
    #[must_use]
    pub fn next(&self) -> Step {
        self.steps().into_iter().find(|(_, done)| !done).map_or(Step::Complete, |(step, _)| step)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Step::{
            Availability, Complete, DesiredSkills, MentorApplication, OfferedSkills, Price, Profile,
            SecondFactor, VerifyEmail,
        },
        *,
    };

    const NOBODY: Facts = Facts {
        learner: false,
        mentor: false,
        exchanger: false,
        admin: false,
        email_verified: false,
        profile: false,
        desires: false,
        offers: false,
        applied: false,
        available: false,
        priced: false,
        second_factor: false,
    };

    #[test]
    fn steps_done_in_any_order_end_in_complete() {
        let learner = Facts { learner: true, ..NOBODY };
        for of in [
            learner.clone(),
            Facts { mentor: true, ..learner },
            Facts { exchanger: true, admin: true, ..NOBODY },
        ] {
            // Every set of facts is a state on the way of some order; with all of them nothing is left.
            for bits in 0..256_u32 {
                let bit = |place: u32| bits & (1 << place) != 0;
                let facts = Facts {
                    email_verified: bit(0),
                    profile: bit(1),
                    desires: bit(2),
                    offers: bit(3),
                    applied: bit(4),
                    available: bit(5),
                    priced: bit(6),
                    second_factor: bit(7),
                    ..of.clone()
                };
                let open = facts.steps().into_iter().find(|(_, done)| !done);
                assert_eq!(facts.next(), open.map_or(Complete, |(step, _)| step));
                assert!(bits != 255 || facts.next() == Complete, "{of:?}");
                assert!(bits != 0 || facts.next() == VerifyEmail);
            }
        }
    }

    #[test]
    fn the_steps_are_those_of_the_roles() {
        let steps = |facts: Facts| facts.steps().into_iter().map(|(step, _)| step).collect::<Vec<_>>();
        let learner = Facts { learner: true, ..NOBODY };
        assert_eq!(steps(learner.clone()), [VerifyEmail, Profile, DesiredSkills]);
        assert_eq!(
            steps(Facts { applied: true, ..learner.clone() }),
            [VerifyEmail, Profile, DesiredSkills, OfferedSkills, MentorApplication]
        );
        assert_eq!(
            steps(Facts { mentor: true, ..learner }),
            [VerifyEmail, Profile, OfferedSkills, MentorApplication, Availability, Price, SecondFactor]
        );
        assert_eq!(steps(Facts { admin: true, ..NOBODY }), [VerifyEmail, Profile, SecondFactor]);
    }
}
