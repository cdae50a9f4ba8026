//! Merges the domains' roots into one schema and sets its limits.

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, Schema};

use crate::{
    domains::{
        access::Guarded,
        accounts::mutation::{AccountsMutation, RecoveryMutation},
        admin::{mutation::AdminMutation, query::AdminQuery, subscription::AdminSubscription},
        audit::query::AuditQuery,
        chat::{mutation::ChatMutation, query::ChatQuery, subscription::ChatSubscription},
        discovery::query::DiscoveryQuery,
        event::subscription::EventSubscription,
        identities::mutation::IdentitiesMutation,
        mentorship::{mutation::MentorshipMutation, query::MentorshipQuery},
        notifications::mutation::NotificationsMutation,
        oversight::{mutation::OversightMutation, query::OversightQuery},
        payments::{mutation::PaymentsMutation, query::PaymentsQuery},
        policies::query::PoliciesQuery,
        profiles::{mutation::ProfilesMutation, query::ProfilesQuery},
        reviews::mutation::ReviewsMutation,
        rooms::{mutation::RoomsMutation, subscription::RoomsSubscription},
        scheduling::mutation::SchedulingMutation,
        second_factor::mutation::SecondFactorMutation,
        sessions::{mutation::SessionsMutation, query::SessionsQuery},
        uploads::mutation::UploadsMutation,
        viewer::ViewerQuery,
        wallet::query::WalletQuery,
    },
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
    WalletQuery,
    PaymentsQuery,
    ChatQuery,
    AuditQuery,
    AdminQuery,
    MentorshipQuery,
    PoliciesQuery,
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
    RoomsMutation,
    PaymentsMutation,
    ReviewsMutation,
    ChatMutation,
    NotificationsMutation,
    AdminMutation,
    MentorshipMutation,
    UploadsMutation,
    OversightMutation,
);

/// Everything that can be listened to.
#[derive(Debug, Default, MergedSubscription)]
pub struct Subscription(EventSubscription, RoomsSubscription, ChatSubscription, AdminSubscription);

/// Selections inside selections.
pub const MAX_DEPTH: usize = 15;
/// Fields of an answer at most, lists counted by their page size.
pub const MAX_COMPLEXITY: usize = 20_000;
/// Aliases in a document.
pub const MAX_ALIASES: usize = 30;
/// Directives on one field.
const MAX_DIRECTIVES: usize = 5;

/// Builds the schema.
#[must_use]
pub fn build() -> AppSchema {
    Schema::build(Guarded(Query::default()), Guarded(Mutation::default()), Guarded(Subscription::default()))
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_aliases(MAX_ALIASES)
        .limit_directives(MAX_DIRECTIVES)
        .disable_suggestions()
        .finish()
}

/// What a page costs: its size times what each row costs.
#[must_use]
pub fn page_complexity(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let size = first
        .or(last)
        .unwrap_or(crate::graphql::connection::DEFAULT_PAGE)
        .clamp(1, crate::graphql::connection::LARGEST_PAGE);
    usize::try_from(size).unwrap_or(1).saturating_mul(child).saturating_add(1)
}

/// The schema in the schema definition language, sorted: the content of `schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    build()
        .sdl_with_options(SDLExportOptions::new().sorted_fields().sorted_arguments().include_specified_by())
}
