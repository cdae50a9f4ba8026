//! The commands, one file each.

pub mod admin;
pub mod audit;
pub mod database;
pub mod doctor;
pub mod documents;
pub mod ledger;
pub mod migrate;
pub mod schema;
pub mod seed;
pub mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{config::Config, db::chain::Head, telemetry};

/// The backend of a live skill marketplace.
#[derive(Debug, Parser)]
#[command(name = "skillswap", version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts the server: migrates, loads demo data in demo mode, serves.
    Serve(Config),
    /// Brings the database to the schema of this binary.
    Migrate(Config),
    /// Loads data to look around in, unless they are there.
    Seed(seed::Arguments),
    /// Prints the GraphQL schema, or compares it with another.
    Schema(schema::Arguments),
    /// Registers what our apps send: in production nothing else runs.
    Documents(documents::Arguments),
    /// Checks the money, or writes the whole ledger out.
    Ledger(ledger::Arguments),
    /// Checks the audit log.
    Audit(audit::Arguments),
    /// Makes administrators.
    Admin(admin::Arguments),
    /// Says what is missing on this machine or in these settings.
    Doctor(Config),
}

/// Reads the arguments and runs the command; an error is told in one sentence.
pub async fn run() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(config) => serve::run(config).await,
        Command::Migrate(config) => migrate::run(&config).await,
        Command::Seed(arguments) => seed::run(&arguments).await,
        Command::Schema(arguments) => schema::run(arguments),
        Command::Documents(arguments) => documents::run(arguments).await,
        Command::Ledger(arguments) => ledger::run(&arguments).await,
        Command::Audit(arguments) => audit::run(&arguments).await,
        Command::Admin(arguments) => admin::run(&arguments).await,
        Command::Doctor(config) => doctor::run(&config).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("skillswap: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes a line for the person at the terminal.
fn say(line: &str) {
    use std::io::Write;
    // A closed terminal is no reason to stop.
    writeln!(std::io::stderr(), "{line}").ok();
}

/// Writes a command's result.
///
/// # Errors
/// If standard output is closed.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    telemetry::start_log(config)
}

/// A head of a chain of hashes, as it is written down.
fn head(text: &str) -> Result<Head, String> {
    let read = || {
        let (seq, hash) = text.split_once(':')?;
        Head::read(seq.parse().ok()?, hash)
    };
    read().ok_or_else(|| "give the number, a colon and the hash of 64 hexadecimal digits".to_owned())
}
