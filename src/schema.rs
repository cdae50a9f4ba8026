//! Merges the domains' roots into one schema and sets its limits.

use std::sync::LazyLock;

use async_graphql::{
    MergedObject, MergedSubscription, OutputType, SDLExportOptions, Schema, SchemaBuilder, SubscriptionType,
    registry::Registry,
};

use crate::{
    domains::{
        access::{Access, Guarded, table},
        accounts::mutation::{AccountsMutation, RecoveryMutation},
        admin::{mutation::AdminMutation, query::AdminQuery, subscription::AdminSubscription},
        audit::query::AuditQuery,
        batch::mutation::BatchMutation,
        chat::{mutation::ChatMutation, query::ChatQuery, subscription::ChatSubscription},
        discovery::query::DiscoveryQuery,
        disputes::{mutation::DisputesMutation, query::DisputesQuery},
        documents::query::DocumentsQuery,
        event::subscription::EventSubscription,
        identities::mutation::IdentitiesMutation,
        mentorship::{mutation::MentorshipMutation, query::MentorshipQuery},
        notifications::mutation::NotificationsMutation,
        oversight::{mutation::OversightMutation, query::OversightQuery},
        payments::{mutation::PaymentsMutation, query::PaymentsQuery},
        payouts::mutation::PayoutsMutation,
        policies::query::PoliciesQuery,
        profiles::{mutation::ProfilesMutation, query::ProfilesQuery},
        reviews::mutation::ReviewsMutation,
        rooms::{mutation::RoomsMutation, subscription::RoomsSubscription},
        scheduling::mutation::SchedulingMutation,
        second_factor::mutation::SecondFactorMutation,
        sessions::{mutation::SessionsMutation, query::SessionsQuery},
        uploads::mutation::UploadsMutation,
        viewer::ViewerQuery,
        wallet::{mutation::WalletMutation, query::WalletQuery},
    },
    engine::documents::hash_of,
    node::NodeQuery,
};

/// The schema of the product.
pub type AppSchema = Schema<Guarded<Query>, Guarded<Mutation>, Guarded<Subscription>>;

/// Everything that can be read.
#[derive(Debug, Default, MergedObject)]
pub struct Query(
    ViewerQuery,
    NodeQuery,
    ProfilesQuery,
    DiscoveryQuery,
    SessionsQuery,
    DisputesQuery,
    WalletQuery,
    PaymentsQuery,
    ChatQuery,
    AuditQuery,
    AdminQuery,
    MentorshipQuery,
    PoliciesQuery,
    DocumentsQuery,
    OversightQuery,
);

/// Everything that can be done.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    AccountsMutation,
    RecoveryMutation,
    SecondFactorMutation,
    IdentitiesMutation,
    ProfilesMutation,
    SchedulingMutation,
    SessionsMutation,
    DisputesMutation,
    RoomsMutation,
    PaymentsMutation,
    PayoutsMutation,
    ReviewsMutation,
    ChatMutation,
    NotificationsMutation,
    AdminMutation,
    MentorshipMutation,
    UploadsMutation,
    OversightMutation,
    WalletMutation,
    BatchMutation,
);

/// Everything that can be listened to.
#[derive(Debug, Default, MergedSubscription)]
pub struct Subscription(EventSubscription, RoomsSubscription, ChatSubscription, AdminSubscription);

/// Selections inside selections.
pub const MAX_DEPTH: usize = 15;
/// Aliases in a document.
pub const MAX_ALIASES: usize = 30;
/// Directives on one field.
const MAX_DIRECTIVES: usize = 5;

/// Builds the schema.
#[must_use]
pub fn build() -> AppSchema {
    builder().limit_depth(MAX_DEPTH).disable_suggestions().finish()
}

/// The schema before its limit of depth is set.
pub(crate) fn builder() -> SchemaBuilder<Guarded<Query>, Guarded<Mutation>, Guarded<Subscription>> {
    Schema::build(Guarded(Query::default()), Guarded(Mutation::default()), Guarded(Subscription::default()))
        .limit_aliases(MAX_ALIASES)
        .limit_directives(MAX_DIRECTIVES)
}

/// Fields with a price beside that of their objects: (type, field, points). See [`crate::engine::cost`].
pub const PRICES: &[(&str, &str, u64)] = &[
    // A password is hashed.
    ("Mutation", "changePassword", 90),
    ("Mutation", "logIn", 90),
    ("Mutation", "registerMember", 90),
    ("Mutation", "resetPassword", 90),
    // Up to twenty mutations.
    ("Mutation", "executeBatch", 190),
    // The whole ledger is summed, the whole log is checked.
    ("Query", "ledgerProof", 500),
    ("Query", "verifyAuditLog", 900),
];

/// Lists without a page size that may be longer than usual: (type, field, rows). See [`crate::engine::cost`].
pub const ROWS: &[(&str, &str, u64)] = &[
    // One for each item.
    ("ExecuteBatchPayload", "results", 20),
    // Up to 500; a slot is two instants that are worked out in memory, so that some thirty of them make a row.
    ("Mentor", "slots", 15),
];

/// Whether a mutation can be used without signing in.
#[must_use]
pub fn is_open_mutation(name: &str) -> bool {
    table::of("Mutation", name) == Some(Access::Anybody)
}

/// The types of the schema.
#[must_use]
pub fn registry() -> Registry {
    let mut registry = Registry::default();
    Guarded::<Query>::create_type_info(&mut registry);
    Guarded::<Mutation>::create_type_info(&mut registry);
    Guarded::<Subscription>::create_type_info(&mut registry);
    registry
}

/// Names the schema: the first 16 digits of the SHA-256 of `schema.graphql`. Equal versions are equal schemas, and nobody
/// has to remember to raise it; what may change from one to the next is held by a test.
#[must_use]
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| hash_of(&sdl()).chars().take(16).collect());
    &VERSION
}

/// The schema in the schema definition language, sorted: the content of `schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    build()
        .sdl_with_options(SDLExportOptions::new().sorted_fields().sorted_arguments().include_specified_by())
}
