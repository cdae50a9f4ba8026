//! How much there is of everything.

/// Numbers of rows, all in proportion to the members.
#[derive(Clone, Copy, Debug)]
pub(super) struct Volume {
    /// Members; every tenth is a mentor.
    pub(super) members: usize,
    /// Categories of skills.
    pub(super) categories: usize,
    /// Skills.
    pub(super) skills: usize,
    /// Meetings that are over, as sessions; most have two learners.
    pub(super) past: usize,
    /// Conversations of two.
    pub(super) conversations: usize,
    /// Messages.
    pub(super) messages: usize,
    /// Notifications.
    pub(super) notifications: usize,
    /// Members in the conversation of one large live session.
    pub(super) room: usize,
}

/// Meetings ahead per active learner.
pub(super) const UPCOMING_EACH: usize = 6;

impl Volume {
    /// One part in `divisor` of the whole.
    pub(super) fn of(divisor: usize) -> Self {
        let part = |whole: usize| whole / divisor.clamp(1, 500);
        Self {
            members: part(50_000),
            categories: 20,
            skills: if divisor <= 1 { 300 } else { 40 },
            past: part(170_000),
            conversations: part(20_000),
            messages: part(1_000_000),
            notifications: part(500_000),
            room: part(10_000),
        }
    }

    /// Number of mentors, and as many learners are active: they have all the meetings ahead.
    pub(super) const fn mentors(&self) -> usize {
        self.members / 10
    }

    /// Number of members who are not mentors.
    pub(super) const fn learners(&self) -> usize {
        self.members - self.mentors()
    }

    /// The n-th mentor among the members.
    pub(super) const fn mentor(&self, mentor: usize) -> usize {
        mentor % self.mentors() * 10 + 9
    }

    /// The n-th learner among the members; the active ones come first.
    pub(super) const fn learner(&self, learner: usize) -> usize {
        let learner = learner % self.learners();
        learner + learner / 9
    }

    /// Meetings ahead.
    pub(super) const fn upcoming(&self) -> usize {
        self.mentors() * UPCOMING_EACH
    }
}
