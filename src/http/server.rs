//! Listening, serving, stopping.

use std::{
    any::Any,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App as Site, HttpServer,
    dev::{Extensions, Server},
    http::KeepAlive,
    middleware::from_fn,
    rt::net::TcpStream,
    web::Data,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::{JoinError, JoinHandle};

use super::{
    account, connections::Connections, descriptors, envelope, meters::Meters, origins::Origins, routes,
    sse::Reservations,
};
use crate::{config::Config, engine::Engine};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;
/// How long an idle connection is kept for the next request: longer than the usual proxy keeps its own.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to send the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to read our last words after an early answer or a close frame.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a client may leave what we sent unread before its connection is cut.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests in flight may take to finish once the server stops.
const STOP_TIMEOUT_SECONDS: u64 = 10;
/// How often live streams catch up with what other processes committed.
const SWEEP: Duration = Duration::from_secs(2);

/// What all handlers of one server share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) meters: Meters,
    pub(super) prometheus: Option<PrometheusHandle>,
    pub(super) origins: Origins,
    pub(super) reservations: Reservations,
    pub(super) connections: Arc<Connections>,
}

/// A server that accepts requests.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    engine: Engine,
    server: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Waits until the server has ended, which [`crate::app::App::stop`] brings about.
    ///
    /// # Errors
    /// If the server broke.
    pub async fn ended(self) -> anyhow::Result<()> {
        Ok(self.server.await.map_err(|error: JoinError| anyhow::anyhow!("the server broke: {error}"))??)
    }

    /// Stops gracefully: accepts nothing more, tells the sockets, lets requests in flight finish, and ends.
    ///
    /// # Errors
    /// If the server broke.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.engine.app.stop();
        self.ended().await
    }
}

/// Takes the port, so that its number is known before anything is built on it.
///
/// # Errors
/// If the address cannot be listened on.
pub fn bind(config: &Config) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((config.bind, config.port))?;
    // The library's default queue is too short for clients that all come back at once.
    socket2::SockRef::from(&listener).listen(BACKLOG)?;
    Ok(listener)
}

/// Starts to serve on a port taken by [`bind`]. Must run on a multi-threaded Tokio runtime.
///
/// # Errors
/// If the listener cannot be used.
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    prometheus: Option<PrometheusHandle>,
) -> anyhow::Result<Running> {
    let address = listener.local_addr()?;
    engine.app.registered.trust_own(account::documents());
    let shared = Data::new(Shared {
        meters: Meters::new(),
        prometheus: prometheus.clone(),
        origins: Origins::new(&engine.app.config, &engine.app.public_url),
        reservations: Reservations::default(),
        connections: Connections::new(&engine.app.config),
        engine: engine.clone(),
    });
    let server = listen(shared, listener)?;
    tokio::spawn(stop_with_app(engine.clone(), server.handle()));
    tokio::spawn(sweep(engine.clone(), prometheus));
    Ok(Running { address, engine, server: tokio::spawn(server) })
}

fn listen(shared: Data<Shared>, listener: TcpListener) -> io::Result<Server> {
    let workers = usize::from(shared.engine.app.config.http_workers);
    let site = move || {
        Site::new()
            .app_data(Data::clone(&shared))
            .configure(routes::configure)
            .wrap(shared.origins.cors())
            .wrap(from_fn(envelope::wrap))
    };
    let server = HttpServer::new(site)
        .disable_signals()
        .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(GOODBYE_TIMEOUT)
        .shutdown_timeout(STOP_TIMEOUT_SECONDS)
        .max_connections(descriptors::connections_per_worker(workers))
        .on_connect(tune);
    let server = if workers == 0 { server } else { server.workers(workers) };
    Ok(server.listen(listener)?.run())
}

/// Small frames leave at once, and a peer that reads nothing is cut by the kernel: it cannot hold memory.
fn tune(connection: &dyn Any, _: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
    // Both only fail on a connection that is gone already.
    stream.set_nodelay(true).ok();
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_TIMEOUT)).ok();
}

async fn stop_with_app(engine: Engine, server: actix_web::dev::ServerHandle) {
    engine.app.stopped().await;
    server.stop(true).await;
}

async fn sweep(engine: Engine, prometheus: Option<PrometheusHandle>) {
    let mut timer = tokio::time::interval(SWEEP);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = engine.app.stopped() => return,
        }
        if let Err(error) = engine.sweep().await {
            tracing::warn!(%error, "live streams could not catch up");
        }
        if let Some(prometheus) = &prometheus {
            prometheus.run_upkeep();
        }
    }
}
