//! Listening, serving, stopping.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, KeepAlive, error::DispatchError};
use actix_server::{Server, ServerHandle};
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::{App as Site, Error, dev::AppConfig, middleware::from_fn, rt::net::TcpStream, web::Data};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::{JoinError, JoinHandle};
use tokio_rustls::TlsAcceptor;

use super::{
    account,
    connection::{Connection, HEAD_TIMEOUT, KEEP_ALIVE},
    descriptors, envelope,
    long_lived::LongLived,
    meters::Meters,
    origins::Origins,
    routes,
    sse::Reservations,
    tls::Certificate,
};
use crate::{config::Config, engine::Engine};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;
/// How long a client may take to read our last words after an early answer or a close frame.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
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
    /// Whether clients come by HTTPS, to us or to a proxy in front.
    pub(super) https: bool,
    pub(super) long_lived: Arc<LongLived>,
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
/// If the listener or the certificate cannot be used.
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    prometheus: Option<PrometheusHandle>,
) -> anyhow::Result<Running> {
    let address = listener.local_addr()?;
    engine.app.registered.trust_own(account::documents());
    let certificate = Certificate::read(&engine.app.config.tls)?;
    let shared = Data::new(Shared {
        meters: Meters::new(),
        prometheus: prometheus.clone(),
        origins: Origins::new(&engine.app.config, &engine.app.public_url),
        reservations: Reservations::default(),
        https: certificate.is_some() || engine.app.public_url.starts_with("https://"),
        long_lived: LongLived::new(&engine.app.config),
        engine: engine.clone(),
    });
    let tls = certificate.as_ref().map(Certificate::acceptor).transpose()?;
    let server = listen(shared, listener, tls)?;
    if let Some(certificate) = certificate {
        tokio::spawn(certificate.follow(engine.app.clone()));
    }
    tokio::spawn(stop_with_app(engine.clone(), server.handle()));
    tokio::spawn(sweep(engine.clone(), prometheus));
    Ok(Running { address, engine, server: tokio::spawn(server) })
}

fn listen(shared: Data<Shared>, listener: TcpListener, tls: Option<TlsAcceptor>) -> io::Result<Server> {
    let workers = usize::from(shared.engine.app.config.http_workers);
    let server = Server::build()
        .disable_signals()
        .shutdown_timeout(STOP_TIMEOUT_SECONDS)
        .max_concurrent_connections(descriptors::connections_per_worker(workers));
    let server = if workers == 0 { server } else { server.workers(workers) };
    let stopping = server.graceful_shutdown_signal();
    let server = server.listen("http", listener, move || {
        let (shared, tls, stopping) = (Data::clone(&shared), tls.clone(), stopping.clone());
        let site = Site::new()
            .app_data(Data::clone(&shared))
            .configure(routes::configure)
            .wrap(shared.origins.cors())
            .wrap(from_fn(envelope::wrap));
        let site = map_config(site, |()| AppConfig::default()).map_err(|error: Error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
            .client_request_timeout(HEAD_TIMEOUT)
            .client_disconnect_timeout(GOODBYE_TIMEOUT)
            .on_connect_ext(|connection: &Connection, data| {
                data.insert(connection.pace());
            })
            .h1(site);
        fn_service(move |stream: TcpStream| Connection::accept(stream, tls.clone()))
            .map_err(DispatchError::Io)
            .and_then(http)
    })?;
    Ok(server.run())
}

async fn stop_with_app(engine: Engine, server: ServerHandle) {
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
