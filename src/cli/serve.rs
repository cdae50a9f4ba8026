//! `skillswap serve`

use chrono::{DateTime, Utc};
use diesel::{QueryableByName, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{signal::unix::SignalKind, task::JoinHandle};

use super::{
    database::Database,
    print, say,
    seed::{self, Outcome},
    start_log,
};
use crate::{
    app::App,
    clock::Clock,
    config::{Config, Mode, ProcessRole},
    db::{migrate, pool},
    domains::{accounts::service::revocation, documents},
    engine::Engine,
    http,
    jobs::{registry, runner},
    limits::share::Sharing,
    schema, telemetry,
};

/// How often the clock is compared with the database's.
const CLOCK_CHECK: std::time::Duration = std::time::Duration::from_mins(1);

/// Starts everything, serves until a signal, stops gracefully.
pub async fn run(config: Config) -> anyhow::Result<()> {
    start_log(&config)?;
    say("Starting the database …");
    let database = Database::open(&config).await?;
    let applied = migrate::run(&database.url).await?;
    if !applied.is_empty() {
        say(&format!("Applied {} migrations.", applied.len()));
    }
    let demo = config.mode == Mode::Demo;
    if demo && matches!(seed::demo(&database.url, Clock::default().now()).await?, Outcome::Loaded { .. }) {
        say("Loaded the demo data.");
    }
    let server = Server::start(config, &database.url, Clock::default(), telemetry::start_metrics()).await?;
    announce(&server, demo)?;
    stop_signal().await?;
    say("Stopping: requests in flight finish …");
    server.stop().await?;
    database.close().await;
    Ok(())
}

/// A running server with its workers, in this process.
#[derive(Debug)]
pub struct Server {
    /// The application.
    pub app: App,
    /// Where it listens.
    pub running: http::Running,
    workers: Option<JoinHandle<()>>,
    sharing: JoinHandle<()>,
}

impl Server {
    /// Takes the port, connects, and starts what the process roles ask for.
    ///
    /// # Errors
    /// If the port is taken or the database cannot be reached.
    pub async fn start(
        config: Config,
        database_url: &str,
        clock: Clock,
        metrics: Option<PrometheusHandle>,
    ) -> anyhow::Result<Self> {
        let listener = http::bind(&config).map_err(|error| {
            anyhow::anyhow!(
                "cannot listen on {}:{}: {error}. Choose another port in SKILLSWAP_PORT (0 = any)",
                config.bind,
                config.port
            )
        })?;
        let address = listener.local_addr()?;
        let public_url = config.public_url(address);
        let secret = config.secret()?;
        let pool = pool::build(database_url, usize::from(config.pool_size))?;
        let works = config.has_role(ProcessRole::Worker);
        let app = App::new(config, secret, pool, public_url, registry::registry(), clock)?;
        follow_database_clock(&app).await?;
        tokio::spawn(keep_following(app.clone()));
        revocation::read(&app).await?;
        tokio::spawn(revocation::follow(app.clone()));
        let version = documents::service::refresh(&app, None).await?;
        tokio::spawn(documents::service::follow(app.clone(), version));
        let sharing = tokio::spawn(Sharing::start(app.clone()).await?.run());
        let workers = works.then(|| tokio::spawn(runner::run(app.clone())));
        let running = http::serve(Engine::new(app.clone(), schema::build()), listener, metrics).await?;
        Ok(Self { app, running, workers, sharing })
    }

    /// Stops gracefully.
    ///
    /// # Errors
    /// If the server broke.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.running.stop().await?;
        if let Some(workers) = self.workers {
            workers.await?;
        }
        self.sharing.await?;
        if let Err(error) = documents::service::flush(&self.app).await {
            tracing::warn!(%error, "the last counts of use could not be written down");
        }
        Ok(())
    }
}

#[derive(QueryableByName)]
struct DatabaseNow {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

async fn follow_database_clock(app: &App) -> anyhow::Result<()> {
    let mut conn = app.conn().await?;
    let read: DatabaseNow =
        diesel::sql_query("select clock_timestamp() as now").get_result(&mut conn).await?;
    app.clock.follow(read.now);
    Ok(())
}

async fn keep_following(app: App) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(CLOCK_CHECK) => {}
            () = app.stopped() => return,
        }
        if let Err(error) = follow_database_clock(&app).await {
            tracing::warn!(%error, "the database's clock could not be read");
        }
    }
}

fn announce(server: &Server, demo: bool) -> anyhow::Result<()> {
    let url = &server.app.public_url;
    print("SkillSwap serves.\n")?;
    if server.app.config.trusts_registered_only() {
        print("  Runs registered documents only; see `skillswap documents`.\n")?;
    } else {
        print(&format!("  Playground  {url}/playground\n"))?;
    }
    print(&format!("  GraphQL     {url}/graphql (HTTP and WebSocket)\n"))?;
    if demo {
        print("  Demo accounts, one click each in the playground:\n")?;
        for account in seed::ACCOUNTS {
            print(&format!("    {:<20} {}  {}\n", account.email, account.password, account.note))?;
        }
    }
    Ok(())
}

async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
