//! `skillswap ledger`: checks the money, and writes the ledger out.

use std::io::{BufWriter, Write};

use clap::{Args, Subcommand};

use super::{database::Database, print, start_log};
use crate::{
    config::Config,
    db::{chain::Head, pool},
    domains::wallet::service::{self, LedgerReport},
};

/// What to do.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adds up every posting, compares every kept balance and every transaction with the chain; fails if anything is not
    /// as it was written, and says what.
    Verify {
        /// A head that was kept outside, as `<block>:<hash>`: the chain must still run through it.
        #[arg(long, value_parser = super::head)]
        head: Option<Head>,
        #[command(flatten)]
        config: Box<Config>,
    },
    /// Writes the whole ledger to standard output, as one JSON object a line: `account`s, then `transaction`s with their
    /// postings, each `block` of the chain after its transactions. Amounts are minor units of the asset, as texts.
    /// `node scripts/check-ledger.mjs` re-adds it.
    Export(Box<Config>),
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (Command::Verify { config, .. } | Command::Export(config)) = &arguments.command;
    start_log(config)?;
    let database = Database::open(config).await?;
    let pool = pool::build(&database.url, 2)?;
    let mut conn = pool::checkout(&pool).await?;
    let done = match &arguments.command {
        Command::Verify { head, .. } => service::verify_through(&mut conn, *head)
            .await
            .map_err(anyhow::Error::from)
            .and_then(|report| tell(&report)),
        Command::Export(_) => {
            let mut out = BufWriter::new(std::io::stdout());
            let mut line = |value: &serde_json::Value| writeln!(out, "{value}");
            match service::export(&mut conn, &mut line).await {
                Ok(()) => out.flush().map_err(anyhow::Error::from),
                Err(error) => Err(error.into()),
            }
        }
    };
    drop(conn);
    drop(pool);
    database.close().await;
    done
}

fn tell(report: &LedgerReport) -> anyhow::Result<()> {
    for proof in &report.proofs {
        print(&format!(
            "{}: {} transactions, {} postings, sum {}\n",
            proof.asset.as_str(),
            proof.transactions,
            proof.postings,
            proof.total
        ))?;
    }
    let chain = &report.chain;
    print(&format!(
        "{} transactions sealed, {} waiting\nhead {}:{}\n",
        chain.sealed,
        chain.unsealed,
        chain.head.seq,
        chain.head.hex()
    ))?;
    for fault in &report.faults {
        print(&format!("{}: {}\n", fault.rule, fault.detail))?;
    }
    anyhow::ensure!(report.is_sound(), "the ledger does not add up: {} faults", report.faults.len());
    print("The ledger adds up.\n")
}
