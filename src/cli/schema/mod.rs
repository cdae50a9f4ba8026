//! `skillswap schema`

pub mod diff;
mod model;

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use self::diff::{Change, Severity};
use super::print;
use crate::{clock::Clock, schema};

/// What to do; nothing = print the schema: the content of `schema.graphql`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what changes for clients from one schema to another; fails if it breaks them.
    Diff {
        /// The schema that clients know.
        old: PathBuf,
        /// The schema to come; by default this binary's.
        new: Option<PathBuf>,
    },
    /// Takes this binary's schema as released, unless it breaks clients of the release before.
    Release {
        /// The file that keeps the released schema.
        #[arg(long, default_value = "tests/schema/released.graphql")]
        file: PathBuf,
    },
}

/// Runs the command.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        None => print(&schema::sdl()),
        Some(Command::Diff { old, new }) => {
            let new = new.map_or_else(|| Ok(schema::sdl()), |new| read(&new))?;
            report(&read(&old)?, &new)
        }
        Some(Command::Release { file }) => {
            if file.exists() {
                report(&read(&file)?, &schema::sdl())?;
            }
            fs::write(&file, schema::sdl())
                .with_context(|| format!("{} cannot be written", file.display()))?;
            print(&format!("Released {} as {}.\n", schema::version(), file.display()))
        }
    }
}

fn read(path: &PathBuf) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn report(old: &str, new: &str) -> anyhow::Result<()> {
    let changes = diff::changes(old, new, Clock::default().now().date_naive())?;
    changes.iter().try_for_each(|change| print(&format!("{change}\n")))?;
    let breaking = changes.iter().filter(|change| change.breaks()).count();
    anyhow::ensure!(
        breaking == 0,
        "{breaking} changes break clients: deprecate first, and remove after the date"
    );
    let dangerous = changes.iter().filter(|change| change.severity == Severity::Dangerous).count();
    print(&format!("{} changes, {dangerous} of them dangerous; none breaks a client.\n", changes.len()))
}

/// The changes that break clients, one a line.
#[must_use]
pub fn breaking(changes: &[Change]) -> String {
    changes.iter().filter(|change| change.breaks()).map(|change| format!("{change}\n")).collect()
}
