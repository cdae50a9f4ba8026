//! `skillswap admin`: what an operator does without an account.

use clap::{Args, Subcommand};

use super::{database::Database, print, start_log};
use crate::{app::App, clock::Clock, config::Config, db::pool, domains::accounts, jobs::registry};

/// What to do.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the account with an e-mail address an administrator's. Administrators grant the other roles.
    Grant {
        /// The address of the account.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        config: Box<Config>,
    },
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Command::Grant { email, config } = &arguments.command;
    start_log(config)?;
    let database = Database::open(config).await?;
    let pool = pool::build(&database.url, 2)?;
    let app = App::new(
        (**config).clone(),
        String::new(),
        pool,
        String::new(),
        registry::registry(),
        Clock::default(),
    )?;
    let email = accounts::model::normal_email(email).unwrap_or_default();
    let granted = accounts::service::grant_admin(&app, &email).await?;
    drop(app);
    database.close().await;
    anyhow::ensure!(granted, "no account has the address {email}");
    print(&format!("{email} is an administrator now.\n"))
}
