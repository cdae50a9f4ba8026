//! `skillswap ledger`: checks the money.

use clap::{Args, Subcommand};

use super::{database::Database, print, start_log};
use crate::{config::Config, db::pool, domains::wallet};

/// What to do.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adds up every posting and compares every kept balance; fails if anything does not add up.
    Verify(Box<Config>),
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Command::Verify(config) = &arguments.command;
    start_log(config)?;
    let database = Database::open(config).await?;
    let pool = pool::build(&database.url, 2)?;
    let report = wallet::service::verify(&mut *pool::checkout(&pool).await?).await?;
    drop(pool);
    database.close().await;
    for proof in &report.proofs {
        print(&format!(
            "{}: {} transactions, {} postings, sum {}\n",
            proof.asset.as_str(),
            proof.transactions,
            proof.postings,
            proof.total
        ))?;
    }
    for fault in &report.faults {
        print(&format!("{}: {}\n", fault.rule, fault.detail))?;
    }
    anyhow::ensure!(report.is_sound(), "the ledger does not add up: {} faults", report.faults.len());
    print("The ledger adds up.\n")
}
