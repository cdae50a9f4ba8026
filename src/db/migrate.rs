//! Brings the database to the schema of this binary.

use diesel::{QueryResult, sql_types::BigInt};
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

/// Every migration, in order.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Key of the advisory lock that keeps two starting processes from migrating at once.
const LOCK: i64 = 0x5ca1_ab1e;

/// Applies what is missing and returns the names of what was applied.
///
/// # Errors
/// If the database cannot be reached or a migration fails; what was applied before stays applied.
pub async fn run(url: &str) -> anyhow::Result<Vec<String>> {
    let mut guard = AsyncPgConnection::establish(url).await?;
    diesel::sql_query("select pg_advisory_lock($1)").bind::<BigInt, _>(LOCK).execute(&mut guard).await?;
    let mut harness = AsyncMigrationHarness::new(AsyncPgConnection::establish(url).await?);
    let applied = tokio::task::block_in_place(|| {
        harness
            .run_pending_migrations(MIGRATIONS)
            .map(|versions| versions.iter().map(ToString::to_string).collect::<Vec<_>>())
            .map_err(|error| anyhow::anyhow!("migration failed: {error}"))
    })?;
    diesel::sql_query("select pg_advisory_unlock($1)").bind::<BigInt, _>(LOCK).execute(&mut guard).await?;
    Ok(applied)
}

/// Takes every migration back, newest first.
///
/// # Errors
/// If a `down.sql` fails.
pub async fn revert_all(url: &str) -> anyhow::Result<()> {
    let mut harness = AsyncMigrationHarness::new(AsyncPgConnection::establish(url).await?);
    tokio::task::block_in_place(|| harness.revert_all_migrations(MIGRATIONS).map(drop))
        .map_err(|error| anyhow::anyhow!("revert failed: {error}"))
}

/// Creates a database unless it exists.
///
/// # Errors
/// If the maintenance database cannot be reached or refuses.
pub async fn create_database(maintenance_url: &str, name: &str) -> QueryResult<()> {
    let mut conn = AsyncPgConnection::establish(maintenance_url)
        .await
        .map_err(|error| diesel::result::Error::QueryBuilderError(error.to_string().into()))?;
    match conn.batch_execute(&format!("create database \"{}\"", name.replace('"', ""))).await {
        Err(diesel::result::Error::DatabaseError(_, info)) if info.message().contains("already exists") => {
            Ok(())
        }
        other => other,
    }
}
