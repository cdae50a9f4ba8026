//! The database and the server that are measured.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Parser;
use skillswap::{
    app::App,
    cli::{database::Database, seed},
    clock::Clock,
    config::Config,
    db::{migrate, pool},
    jobs::registry,
};
use tokio_postgres::{Client, NoTls};

use crate::{Settings, process::Tree, report};

/// A running server on the benchmark data.
pub(crate) struct Bench {
    /// Host and port.
    pub(crate) address: String,
    /// Processes of the server.
    pub(crate) server: Tree,
    /// Processes of PostgreSQL.
    pub(crate) postgres: Tree,
    /// The application's parts, for signing access tokens.
    pub(crate) app: App,
    /// A connection that counts and reads ids.
    pub(crate) client: Client,
    child: Child,
    database: Database,
}

#[derive(Parser)]
struct WithConfig {
    #[command(flatten)]
    config: Config,
}

impl Bench {
    /// Opens the database, loads the data unless they are there, starts the server.
    pub(crate) async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let folder = std::path::absolute(&settings.folder)?;
        let config = config(&folder)?;
        report::note("Opening the database …")?;
        let database = Database::open(&config).await?;
        migrate::run(&database.url).await?;
        let client = connect(&database.url).await?;
        client.batch_execute("create extension if not exists pg_stat_statements").await?;
        let now: DateTime<Utc> = now(&client).await?;
        report::note("Loading the benchmark data unless they are there …")?;
        let loaded = seed::bench(&database.url, now, |line| drop(report::note(line))).await?;
        if loaded != seed::Outcome::AlreadyThere {
            client.batch_execute("vacuum").await?;
            client.batch_execute("checkpoint").await?;
        }
        let (child, address) = serve(&folder)?;
        let postgres = postmaster(database.folder.as_deref().context("the private database has a folder")?)?;
        let secret = config.secret()?;
        let pool = pool::build(&database.url, 2)?;
        let app = App::new(config, secret, pool, String::new(), registry::registry(), Clock::default())?;
        let server = Tree::of(child.id());
        Ok(Self { address, server, postgres: Tree::of(postgres), app, client, child, database })
    }

    /// The database's time.
    pub(crate) async fn now(&self) -> anyhow::Result<DateTime<Utc>> {
        now(&self.client).await
    }

    /// Forgets the statements counted so far.
    pub(crate) async fn reset_statements(&self) -> anyhow::Result<()> {
        Ok(self.client.batch_execute("select pg_stat_statements_reset()").await?)
    }

    /// Statements since then, this count aside.
    pub(crate) async fn statements(&self) -> anyhow::Result<i64> {
        let counted = "select coalesce(sum(calls), 0)::bigint from pg_stat_statements where query !~ 'pg_stat_statements'";
        Ok(self.client.query_one(counted, &[]).await?.get(0))
    }

    /// Stops the server and the database.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        end(&self.child);
        self.child.wait()?;
        drop(self.client);
        self.database.close().await;
        Ok(())
    }
}

/// The settings of the server: its defaults, but for a cache as large as a server of this size has, for budgets that
/// are counted but never used up, and for any number of sockets.
fn arguments(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    let database = ["--data-dir", &folder, "--shared-buffers-mb", "1024"];
    let server = ["--port", "0", "--roles", "api"];
    let limits = ["--anonymous-requests", "4000000000", "--member-points", "4000000000"];
    let sockets = ["--sockets-per-place", "0", "--sockets-per-member", "0"];
    database
        .iter()
        .chain(&server)
        .chain(&limits)
        .chain(&sockets)
        .map(|&argument| argument.to_owned())
        .collect()
}

fn config(folder: &Path) -> anyhow::Result<Config> {
    let arguments = std::iter::once("load".to_owned()).chain(arguments(folder));
    Ok(WithConfig::try_parse_from(arguments)?.config)
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn now(client: &Client) -> anyhow::Result<DateTime<Utc>> {
    let row =
        client.query_one("select (extract(epoch from clock_timestamp()) * 1000000)::bigint", &[]).await?;
    DateTime::from_timestamp_micros(row.get(0)).context("the database's time")
}

/// Starts the server and reads its address from what it prints.
fn serve(folder: &Path) -> anyhow::Result<(Child, String)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_skillswap"))
        .arg("serve")
        .args(arguments(folder))
        .args(["--mode", "development", "--log", "warn"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("the server's output")?);
    let mut said = String::new();
    loop {
        let mut line = String::new();
        anyhow::ensure!(lines.read_line(&mut line)? > 0, "the server ended: {said}");
        if let Some((_, rest)) = line.split_once("http://")
            && let Some((address, _)) = rest.split_once('/')
        {
            let address = address.to_owned();
            // The rest of what it says is read, so that it never waits for a reader.
            std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
            return Ok((child, address));
        }
        said.push_str(&line);
    }
}

/// The first process of the private PostgreSQL.
fn postmaster(folder: &Path) -> anyhow::Result<u32> {
    let file: PathBuf = folder.join("data/postmaster.pid");
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    Ok(text.lines().next().unwrap_or_default().trim().parse()?)
}

/// Asks a process to stop.
fn end(child: &Child) {
    Command::new("kill").arg(child.id().to_string()).status().ok();
}
