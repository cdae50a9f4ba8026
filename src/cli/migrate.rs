//! `skillswap migrate`

use super::{database::Database, print, start_log};
use crate::{config::Config, db::migrate};

/// Brings the database to the schema of this binary and says what was applied.
pub async fn run(config: &Config) -> anyhow::Result<()> {
    start_log(config)?;
    let database = Database::open(config).await?;
    let applied = migrate::run(&database.url).await?;
    database.close().await;
    match applied.len() {
        0 => print("The database is up to date.\n"),
        _ => print(&format!("Applied {}.\n", applied.join(", "))),
    }
}
