//! GraphQL types of the policies.

use async_graphql::SimpleObject;

use crate::{
    domains::{
        audit::types::AuditHead, oversight::types::OversightNotice, profiles::types::CancellationPolicy,
        uploads::types::UploadKind,
    },
    graphql::scalars::{BigInt, Money},
};

/// A range of whole numbers, both ends included.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct IntRange {
    /// The least.
    pub min: i32,
    /// The most.
    pub max: i32,
}

/// The limits and policies of the house.
#[derive(Clone, Debug, SimpleObject)]
pub struct Policies {
    /// Accounts and signing in.
    pub accounts: AccountPolicies,
    /// Slots and bookings.
    pub bookings: BookingPolicies,
    /// Disputes about a booking's price.
    pub disputes: DisputePolicies,
    /// Becoming a mentor.
    pub mentors: MentorPolicies,
    /// Earnings on their way to the bank.
    pub payouts: PayoutPolicies,
    /// Wallets.
    pub wallet: WalletPolicies,
    /// Conversations.
    pub chat: ChatPolicies,
    /// Files.
    pub uploads: UploadPolicies,
    /// Limits of requests.
    pub api: ApiPolicies,
    /// The audit log.
    pub audit: AuditPolicies,
}

/// Accounts and signing in.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct AccountPolicies {
    /// Minutes that an access token is good.
    pub access_token_minutes: i32,
    /// Days that a device stays signed in without being used.
    pub device_days: i32,
    /// Characters of a password.
    pub password_length: IntRange,
    /// Skills that a member may list per intent.
    pub most_skills: i32,
}

/// Slots and bookings.
#[derive(Clone, Debug, SimpleObject)]
pub struct BookingPolicies {
    /// Minutes that a slot is held.
    pub hold_minutes: i32,
    /// Slots that a member may hold at once.
    pub most_holds: i32,
    /// Minutes of a session that can be booked.
    pub session_minutes: IntRange,
    /// Minutes before the start that a room opens.
    pub room_opens_minutes_before: i32,
    /// Minutes that a session may go on after its planned end.
    pub overrun_minutes: i32,
    /// Hours after the start after which a session that nobody started is given up.
    pub given_up_after_hours: i32,
    /// Hours that a learner has to confirm a session, before it completes by itself.
    pub confirm_hours: i32,
    /// What the platform keeps of what a mentor earns, in hundredths of a percent.
    pub fee_basis_points: i32,
    /// Hours before the start until which a mentor may let learners cancel for nothing.
    pub free_cancellation_hours: Vec<i32>,
    /// What a mentor may earn of the price by a later cancellation, in percent.
    pub late_fee_percent: IntRange,
    /// The policy of a mentor who chose none.
    pub default_cancellation_policy: CancellationPolicy,
    /// Minutes that a quote is good, unless what it promises changes sooner.
    pub quote_minutes: i32,
    /// Stars of a review.
    pub review_stars: IntRange,
}

/// Disputes about a booking's price.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct DisputePolicies {
    /// Hours after the end of a session in which either side can open one.
    pub window_hours: i32,
    /// Days that the other side has to answer.
    pub answer_days: i32,
    /// What silence means.
    pub silence_rule: &'static str,
    /// Days after the answer in which both sides can bring evidence.
    pub evidence_days: i32,
    /// Pieces of evidence that each side may bring.
    pub most_evidence: i32,
    /// Characters of a reason, an answer or a decision.
    pub statement_length: IntRange,
    /// Characters of a piece of evidence.
    pub evidence_length: IntRange,
}

/// Becoming a mentor.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct MentorPolicies {
    /// Characters of an application's statement.
    pub statement_length: IntRange,
    /// Days after a rejection before the next application.
    pub reapply_days: i32,
}

/// Conversations.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ChatPolicies {
    /// When the members of a conversation are told that an administrator may read it.
    pub oversight_notice: OversightNotice,
    /// Minutes that an administrator may read a conversation after opening it.
    pub oversight_minutes: i32,
    /// Characters of the reason to open one.
    pub oversight_reason_length: IntRange,
}

/// Earnings on their way to the bank.
#[derive(Clone, Debug, SimpleObject)]
pub struct PayoutPolicies {
    /// The least that is paid out.
    pub minimum: Money,
    /// What 100 credits are paid out as. Other amounts are worth their part of it, rounded down to a whole minor unit.
    pub per_hundred_credits: Money,
    /// Minutes that a step-up counts for a payout.
    pub step_up_minutes: i32,
}

/// Wallets.
#[derive(Clone, Debug, SimpleObject)]
pub struct WalletPolicies {
    /// Days that promotional credits can be used.
    pub promotion_days: i32,
    /// What one administrator may adjust within a day without a second one.
    pub adjustment_limit: Money,
    /// Seconds until a transaction is sealed into the chain, at most, as long as a worker runs.
    pub seal_seconds: i32,
}

/// Files.
#[derive(Clone, Debug, SimpleObject)]
pub struct UploadPolicies {
    /// What each kind may be.
    pub kinds: Vec<UploadKindPolicy>,
    /// Minutes in which an announced file can be put.
    pub put_minutes: i32,
    /// Minutes that a link to a private file is good.
    pub link_minutes: i32,
    /// Announced files that a member may have on their way.
    pub most_pending: i32,
    /// Bytes that they may have altogether.
    pub most_pending_bytes: BigInt,
    /// Bytes that the files of a member may have altogether.
    pub most_bytes: BigInt,
}

/// What files of a kind may be.
#[derive(Clone, Debug, SimpleObject)]
pub struct UploadKindPolicy {
    /// The kind.
    pub kind: UploadKind,
    /// The most bytes.
    pub max_bytes: i32,
    /// The media types.
    pub mime_types: Vec<&'static str>,
    /// Whether everybody can see them.
    pub public: bool,
}

/// Limits of requests.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ApiPolicies {
    /// Selections inside selections.
    pub depth: i32,
    /// Aliases in a document.
    pub aliases: i32,
    /// Bytes of a document.
    pub document_bytes: i32,
    /// Rows on a page unless asked otherwise.
    pub default_page: i32,
    /// The most rows a page may have.
    pub largest_page: i32,
    /// Days that a subscription can be resumed.
    pub events_kept_days: i32,
    /// Days that a repeat of a mutation is recognised by its `idempotencyKey`.
    pub idempotency_days: i32,
    /// Minutes of a budget, from the first request on.
    pub budget_minutes: i32,
    /// Requests of anonymous callers from one place (an IPv4 address, or the /64 network of an IPv6 address) in that time,
    /// and mutations from there that need no signing in. 0 = any number.
    pub anonymous_requests: i32,
    /// Points of a signed-in member in that time, as `extensions.cost.requested` counts them. 0 = any number.
    pub member_points: i32,
    /// Points that one request of an anonymous caller may cost.
    pub anonymous_cost: i32,
    /// Points that one request of a signed-in member may cost.
    pub member_cost: i32,
}

/// The audit log.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditPolicies {
    /// Seconds between two rounds of sealing.
    pub seal_seconds: i32,
    /// The head of the log that was published last, every day. Keep it: administrators can show that the log still runs
    /// through it. `null` before the first.
    pub published_head: Option<AuditHead>,
}
