//! `skillswap doctor`: says what is missing on this machine or in these settings.

use diesel::{deserialize::QueryableByName, sql_types::Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::{database::Database, print};
use crate::config::Config;

/// Tries everything that a start needs, and tells the first thing that fails.
pub async fn run(config: &Config) -> anyhow::Result<()> {
    config.secret()?;
    print("ok  secret: found or made\n")?;
    let address = (config.bind, config.port);
    std::net::TcpListener::bind(address).map_err(|error| {
        anyhow::anyhow!(
            "port {} of {} is not free: {error}. Choose another in SKILLSWAP_PORT",
            address.1,
            address.0
        )
    })?;
    print(&format!("ok  address: {}:{} is free\n", address.0, address.1))?;
    let database = Database::open(config).await?;
    let mut conn = AsyncPgConnection::establish(&database.url)
        .await
        .map_err(|error| anyhow::anyhow!("the database does not answer: {error}. Correct DATABASE_URL"))?;
    let version: Version = diesel::sql_query("select version() as version").get_result(&mut conn).await?;
    print(&format!("ok  database: {}\n", version.version))?;
    let pending: Migrations = diesel::sql_query(
        "select coalesce(to_regclass('public.__diesel_schema_migrations')::text, '') as applied",
    )
    .get_result(&mut conn)
    .await?;
    let state = if pending.applied.is_empty() {
        "empty: the first start migrates it"
    } else {
        "has been migrated before"
    };
    print(&format!("ok  schema: {state}\n"))?;
    drop(conn);
    database.close().await;
    print("Everything that a start needs is here.\n")
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct Migrations {
    #[diesel(sql_type = Text)]
    applied: String,
}
