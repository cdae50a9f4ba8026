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
    /// Gives a role to the account with an e-mail address.
    Grant {
        /// The address of the account.
        #[arg(long)]
        email: String,
        /// LEARNER, MENTOR, EXCHANGER or ADMIN.
        #[arg(long, value_parser = role)]
        role: accounts::model::Role,
        #[command(flatten)]
        config: Box<Config>,
    },
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Command::Grant { email, role, config } = &arguments.command;
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
    );
    let email = accounts::model::normal_email(email).unwrap_or_default();
    let granted = accounts::service::grant_role(&app, &email, *role).await?;
    drop(app);
    database.close().await;
    anyhow::ensure!(granted, "no account has the address {email}");
    print(&format!("{email} has the role {role} now.\n"))
}

fn role(text: &str) -> Result<accounts::model::Role, String> {
    let wanted = text.to_ascii_uppercase();
    accounts::model::Role::ALL
        .iter()
        .copied()
        .find(|role| role.as_str() == wanted)
        .ok_or_else(|| "give LEARNER, MENTOR, EXCHANGER or ADMIN".to_owned())
}
