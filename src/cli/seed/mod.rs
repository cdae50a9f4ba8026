//! `skillswap seed`: demo data to look around in, or the large data set of the benchmarks.
//!
//! This is the one place that writes rows of the domains without their services: it loads a past. Every rule that the
//! services keep holds for the rows too: postings sum to zero, kept balances and counts equal a recount, message numbers
//! are dense, no two meetings overlap.

mod accounts;
mod bench;
mod demo;
mod ids;
mod rows;

use chrono::{DateTime, Utc};
use clap::Args;
use diesel::{QueryableByName, sql_types::Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::database::Database;
use crate::{config::Config, db::migrate};

pub use self::{
    accounts::{ACCOUNTS, DemoAccount},
    bench::{Progress, bench, bench_part},
    demo::demo,
};

/// What to load, and where.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Load the large data set of the benchmarks instead of the demo.
    #[arg(long)]
    bench: bool,
    #[command(flatten)]
    config: Config,
}

/// What a load did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The rows were written.
    Loaded {
        /// How many.
        rows: usize,
    },
    /// They were there before; nothing was written.
    AlreadyThere,
}

/// Opens the database of the settings, migrates it and loads the demo data, or the benchmark data instead.
///
/// # Errors
/// If no database can be opened, or the load fails; then nothing was loaded.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { bench: with_bench, config } = arguments;
    super::start_log(config)?;
    let database = Database::open(config).await?;
    migrate::run(&database.url).await?;
    let now = database_now(&database.url).await?;
    let outcome = if *with_bench {
        bench(&database.url, now, super::say).await?
    } else {
        demo(&database.url, now).await?
    };
    database.close().await;
    match outcome {
        Outcome::Loaded { rows } => super::print(&format!("Loaded {rows} rows.\n")),
        Outcome::AlreadyThere => super::print("The data are there already; nothing was changed.\n"),
    }
}

#[derive(QueryableByName)]
struct DatabaseNow {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

async fn database_now(url: &str) -> anyhow::Result<DateTime<Utc>> {
    let mut conn = AsyncPgConnection::establish(url).await?;
    let read: DatabaseNow =
        diesel::sql_query("select clock_timestamp() as now").get_result(&mut conn).await?;
    Ok(read.now)
}
