//! `skillswap audit`: checks the audit log.

use clap::{Args, Subcommand};

use super::{database::Database, print, start_log};
use crate::{
    config::Config,
    db::{chain::Head, pool},
    domains::audit,
};

/// What to do.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compares every row with its seal and the chain with every published head; fails at the first that differs.
    Verify {
        /// A head that was kept outside, as `<number>:<hash>`: the chain must still run through it.
        #[arg(long, value_parser = super::head)]
        head: Option<Head>,
        #[command(flatten)]
        config: Box<Config>,
    },
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Command::Verify { head, config } = &arguments.command;
    start_log(config)?;
    let database = Database::open(config).await?;
    let pool = pool::build(&database.url, 2)?;
    let report = audit::service::verify(&mut *pool::checkout(&pool).await?, *head).await?;
    drop(pool);
    database.close().await;
    print(&format!(
        "{} rows sealed, {} waiting\nhead {}:{}\n",
        report.sealed,
        report.unsealed,
        report.head.seq,
        report.head.hex()
    ))?;
    if let Some(fault) = report.fault {
        let place = fault.seq.map_or_else(|| "outside the chain".to_owned(), |seq| format!("at {seq}"));
        let act = fault.act.map(|act| format!(" ({act})")).unwrap_or_default();
        anyhow::bail!("the audit log is not what was written: {} {place}{act}", fault.kind);
    }
    print("The audit log is intact.\n")
}
