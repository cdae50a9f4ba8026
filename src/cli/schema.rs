//! `skillswap schema`

use super::print;

/// Prints the GraphQL schema: the content of `schema.graphql`.
pub fn run() -> anyhow::Result<()> {
    print(&crate::schema::sdl())
}
