//! The access of every root field.

use super::Access::{self, Anybody, Party, Permission, Role, SignedIn, Visible};
use crate::domains::accounts::model::{
    Permission::{ManageMembers, ReadAudit, ReviewMentors},
    Role::Mentor,
};

/// The fields of `Query`.
pub const QUERIES: &[(&str, Access)] = &[
    ("adminAuditLog", Permission(ReadAudit)),
    ("adminMembers", Permission(ManageMembers)),
    ("adminMentorApplications", Permission(ReviewMentors)),
    ("conversation", Visible),
    ("creditPackages", Anybody),
    ("ledgerProof", Anybody),
    ("member", Anybody),
    ("mentors", Anybody),
    ("node", Visible),
    ("nodes", Visible),
    ("policies", Anybody),
    ("session", Visible),
    ("skill", Anybody),
    ("skillCategories", Anybody),
    ("skills", Anybody),
    ("verifyAuditLog", Permission(ReadAudit)),
    ("viewer", Visible),
];

/// The fields of `Mutation`.
pub const MUTATIONS: &[(&str, Access)] = &[
    ("addReview", Party("the booking's learner")),
    ("adminSetMemberStatus", Permission(ManageMembers)),
    ("adminSetRoles", Permission(ManageMembers)),
    ("applyAsMentor", SignedIn),
    ("bookSession", SignedIn),
    ("cancelBooking", Party("the booking's learner or its mentor")),
    ("clearAvailabilityOverride", Role(Mentor)),
    ("confirmSession", Party("the booking's learner")),
    ("createCheckout", SignedIn),
    ("endSession", Party("the session's mentor")),
    ("endorseSkill", Party("a caller who had a completed session with the member")),
    ("holdSlot", SignedIn),
    ("joinSession", Party("a participant of the session")),
    ("leaveSession", Party("the presence's owner")),
    ("logIn", Anybody),
    ("logOut", SignedIn),
    ("markNotificationsRead", SignedIn),
    ("markRead", Party("a member of the conversation")),
    ("refreshSession", Anybody),
    ("registerMember", Anybody),
    ("releaseSlot", Party("the hold's own caller")),
    ("reviewMentorApplication", Permission(ReviewMentors)),
    ("sendMessage", SignedIn),
    ("setAvailabilityOverride", Role(Mentor)),
    ("setAvailabilityRules", Role(Mentor)),
    ("setMemberSkills", SignedIn),
    ("startSession", Party("the session's mentor")),
    ("updateMentorProfile", Role(Mentor)),
    ("updateProfile", SignedIn),
];

/// The fields of `Subscription`.
pub const SUBSCRIPTIONS: &[(&str, Access)] = &[
    ("adminEvents", Permission(ManageMembers)),
    ("conversationEvents", Party("a member of the conversation")),
    ("sessionEvents", Party("a participant of the session")),
    ("viewerEvents", SignedIn),
];

/// Object types that only the privileged see, however they come to them.
pub const OBJECTS: &[(&str, Access)] =
    &[("AdminMember", Permission(ManageMembers)), ("AuditEntry", Permission(ReadAudit))];

/// What a suspended member may still do: nothing but leave.
pub const WHILE_SUSPENDED: &[&str] = &["logIn", "logOut", "refreshSession", "registerMember"];

/// The access of a field of a root type, or of an object type.
#[must_use]
pub fn of(root: &str, name: &str) -> Option<Access> {
    let table = match root {
        "Query" => QUERIES,
        "Mutation" => MUTATIONS,
        "Subscription" => SUBSCRIPTIONS,
        _ => OBJECTS,
    };
    table.iter().find(|(known, _)| *known == name).map(|(_, access)| *access)
}
