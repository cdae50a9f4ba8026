//! Merges the domains' roots into one schema and sets its limits.

use async_graphql::{EmptyMutation, EmptySubscription, Object, SDLExportOptions, Schema, SchemaBuilder};

/// The schema of the product.
pub type AppSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// Selections inside selections.
const MAX_DEPTH: usize = 15;
/// Fields of an answer at most, lists counted by their page size.
const MAX_COMPLEXITY: usize = 20_000;
/// Aliases in a document.
const MAX_ALIASES: usize = 30;
/// Directives on one field.
const MAX_DIRECTIVES: usize = 5;

/// x
#[derive(Default)]
pub struct Query;
/// x
#[Object]
impl Query { /// x
    async fn x(&self) -> i32 { 1 } }

/// Builds the schema.
#[must_use]
pub fn build() -> AppSchema {
    limited(Schema::build(Query, EmptyMutation, EmptySubscription)).finish()
}

fn limited<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> SchemaBuilder<Q, M, S> {
    builder
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_aliases(MAX_ALIASES)
        .limit_directives(MAX_DIRECTIVES)
        .disable_suggestions()
}

/// The schema in the schema definition language, sorted: the content of `schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    build().sdl_with_options(
        SDLExportOptions::new().sorted_fields().sorted_arguments().include_specified_by(),
    )
}
