//! The access of every root field.

use super::Access::{self, Anybody, Party, Permission, Role, SignedIn, Visible};
use crate::domains::accounts::model::{
    Permission::{
        ManageMembers, ManageMoney, OverseeConversations, ReadAudit, ReadUsage, ResolveDisputes,
        ReviewMentors,
    },
    Role::Mentor,
};

/// The fields of `Query`.
pub const QUERIES: &[(&str, Access)] = &[
    ("adminAdjustments", Permission(ManageMoney)),
    ("adminAuditLog", Permission(ReadAudit)),
    ("adminConversation", Permission(OverseeConversations)),
    ("adminDisputes", Permission(ResolveDisputes)),
    ("adminDocuments", Permission(ReadUsage)),
    ("adminMembers", Permission(ManageMembers)),
    ("adminMentorApplications", Permission(ReviewMentors)),
    ("adminSchemaUsage", Permission(ReadUsage)),
    ("cancellationQuote", Party("the booking's learner or its mentor")),
    ("adminWebhooks", Permission(ManageMoney)),
    ("conversation", Visible),
    ("creditPackages", Anybody),
    ("ledgerProof", Anybody),
    ("member", Anybody),
    ("mentors", Anybody),
    ("node", Visible),
    ("nodes", Visible),
    ("paymentProviders", Anybody),
    ("policies", Anybody),
    ("priceQuote", SignedIn),
    ("refundQuote", Permission(ManageMoney)),
    ("schemaVersion", Anybody),
    ("session", Visible),
    ("skill", Anybody),
    ("skillCategories", Anybody),
    ("skills", Anybody),
    ("verifyAuditLog", Permission(ReadAudit)),
    ("viewer", Visible),
];

/// The fields of `Mutation`.
pub const MUTATIONS: &[(&str, Access)] = &[
    ("acceptDisputeOffer", Party("who opened the dispute")),
    ("addDisputeEvidence", Party("a side of the dispute")),
    ("addReview", Party("the booking's learner")),
    ("adminAdjustCredits", Permission(ManageMoney)),
    ("adminApproveAdjustment", Permission(ManageMoney)),
    ("adminOpenConversation", Permission(OverseeConversations)),
    ("adminRefund", Permission(ManageMoney)),
    ("adminRejectAdjustment", Permission(ManageMoney)),
    ("adminReplayWebhook", Permission(ManageMoney)),
    ("adminSetMemberStatus", Permission(ManageMembers)),
    ("adminSetRoles", Permission(ManageMembers)),
    ("applyAsMentor", SignedIn),
    ("bookSession", SignedIn),
    ("cancelBooking", Party("the booking's learner or its mentor")),
    ("changePassword", SignedIn),
    ("clearAvailabilityOverride", Role(Mentor)),
    ("completeOAuth", Anybody),
    ("confirmEmailChange", Anybody),
    ("confirmSession", Party("the booking's learner")),
    ("confirmTotp", SignedIn),
    ("connectPayoutAccount", SignedIn),
    ("createCheckout", SignedIn),
    ("disableTotp", SignedIn),
    ("endSession", Party("the session's mentor")),
    ("endorseSkill", Party("a caller who had a completed session with the member")),
    ("enrollTotp", SignedIn),
    ("executeBatch", SignedIn),
    ("finalizeUpload", Party("the upload's owner")),
    ("holdSlot", SignedIn),
    ("joinSession", Party("a participant of the session")),
    ("leaveSession", Party("the presence's owner")),
    ("logIn", Anybody),
    ("logOut", SignedIn),
    ("markNotificationsRead", SignedIn),
    ("markRead", Party("a member of the conversation")),
    ("openDispute", Party("the booking's learner or its mentor")),
    ("prepareBooking", SignedIn),
    ("prepareCheckout", SignedIn),
    ("refreshConnection", SignedIn),
    ("refreshSession", Anybody),
    ("registerMember", Anybody),
    ("releaseSlot", Party("the hold's own caller")),
    ("requestEmailChange", SignedIn),
    ("requestEmailVerification", SignedIn),
    ("requestPasswordReset", Anybody),
    ("requestPayout", SignedIn),
    ("requestUpload", SignedIn),
    ("resetPassword", Anybody),
    ("resolveDispute", Permission(ResolveDisputes)),
    ("respondDispute", Party("the other side of the dispute")),
    ("reviewMentorApplication", Permission(ReviewMentors)),
    ("revokeAuthSession", Party("the device's owner")),
    ("sendMessage", SignedIn),
    ("setAvailabilityOverride", Role(Mentor)),
    ("setAvailabilityRules", Role(Mentor)),
    ("setCancellationPolicy", Role(Mentor)),
    ("setMemberSkills", SignedIn),
    ("startOAuth", Anybody),
    ("startSession", Party("the session's mentor")),
    ("stepUp", SignedIn),
    ("unlinkOAuthIdentity", Party("the identity's owner")),
    ("updateMentorProfile", Role(Mentor)),
    ("updateProfile", SignedIn),
    ("verifyEmail", Anybody),
    ("withdrawDispute", Party("who opened the dispute")),
    ("verifyPayment", Party("the payment's payer")),
];

/// The fields of `Subscription`.
pub const SUBSCRIPTIONS: &[(&str, Access)] = &[
    ("adminEvents", Permission(ManageMembers)),
    ("conversationEvents", Party("a member of the conversation, or an administrator who has opened it")),
    ("sessionEvents", Party("a participant of the session")),
    ("viewerEvents", SignedIn),
];

/// Object types that only the privileged see, however they come to them.
pub const OBJECTS: &[(&str, Access)] = &[
    ("AdminConversation", Permission(OverseeConversations)),
    ("AdminMember", Permission(ManageMembers)),
    ("AuditEntry", Permission(ReadAudit)),
    ("CreditAdjustment", Permission(ManageMoney)),
    ("RegisteredDocument", Permission(ReadUsage)),
    ("SchemaUsage", Permission(ReadUsage)),
    ("Webhook", Permission(ManageMoney)),
];

/// What a suspended member may still do: keep the account safe, and leave.
pub const WHILE_SUSPENDED: &[&str] = &[
    "changePassword",
    "completeOAuth",
    "confirmEmailChange",
    "logIn",
    "logOut",
    "refreshConnection",
    "refreshSession",
    "registerMember",
    "requestEmailVerification",
    "requestPasswordReset",
    "resetPassword",
    "revokeAuthSession",
    "startOAuth",
    "verifyEmail",
];

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
