//! Everything a request or a job needs, built once and cheap to clone.

use std::{
    collections::HashSet,
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use diesel::QueryResult;
use tokio::sync::{Notify, watch};

use crate::{
    clock::Clock,
    config::Config,
    db::{Conn, Pool, gather::Gathering, hot::HotRows, ids::AuthSessionId, pool},
    domains::accounts::service::password::Hashing,
    engine::{registered::Registered, usage::Usage},
    events::{Hub, Listeners},
    integrations::Integrations,
    jobs::Registry,
    limits::Limits,
};

/// The application: its parts are public, its state is in the database.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of the application.
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Connections to the database.
    pub pool: Pool,
    /// Writes that wait to share a transaction.
    pub gathering: Gathering,
    /// Live delivery of events.
    pub hub: Hub,
    /// Public rows kept in the process.
    pub hot: HotRows,
    /// Devices that were signed out while their access tokens are still good.
    pub revoked: Revoked,
    /// The hashing of passwords.
    pub hashing: Hashing,
    /// Documents that are trusted.
    pub registered: Registered,
    /// Who uses what of the API.
    pub usage: Usage,
    /// How much callers may ask for.
    pub limits: Limits,
    /// Secret from which keys are derived.
    pub secret: String,
    /// Outward ports.
    pub integrations: Integrations,
    /// Address under which clients reach the server.
    pub public_url: String,
    registry: Registry,
    work: Notify,
    stopping: watch::Sender<bool>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the parts together.
    ///
    /// # Errors
    /// If an outward port cannot be used as it is set.
    pub fn new(
        config: Config,
        secret: String,
        pool: Pool,
        public_url: String,
        registry: Registry,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let hot = registry.hot_rows();
        let integrations = Integrations::new(&config, &secret, &public_url)?;
        Ok(Self(Arc::new(Parts {
            limits: Limits::new(&config),
            config,
            clock,
            pool,
            gathering: Gathering::default(),
            hub: Hub::default(),
            hot,
            revoked: Revoked::default(),
            hashing: Hashing::default(),
            registered: Registered::default(),
            usage: Usage::default(),
            secret,
            integrations,
            public_url,
            registry,
            work: Notify::new(),
            stopping: watch::Sender::new(false),
        })))
    }

    /// A connection to the database: taken late, never held across the await of a loader or an outside call.
    ///
    /// # Errors
    /// If the pool is exhausted or the database cannot be reached.
    pub async fn conn(&self) -> QueryResult<Conn> {
        pool::checkout(&self.pool).await
    }

    /// What runs in the transaction of an event.
    #[must_use]
    pub fn listeners(&self) -> &Listeners {
        self.registry.listeners()
    }

    /// The jobs and schedules.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Tells the workers of this process that a job is waiting.
    pub fn wake_workers(&self) {
        self.work.notify_one();
    }

    /// Waits for [`App::wake_workers`].
    pub async fn work(&self) {
        self.work.notified().await;
    }

    /// Begins the graceful stop: sockets are told, workers finish their job.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the stop has begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Resolves when the stop begins.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // The sender lives as long as the app, so this ends only by the value.
        stopping.wait_for(|stopping| *stopping).await.ok();
    }
}

/// A set of devices, read on every request and written rarely.
#[derive(Debug, Default)]
pub struct Revoked(RwLock<Devices>);

#[derive(Debug, Default)]
struct Devices {
    all: HashSet<AuthSessionId>,
    /// Those that this process added: a list that was read before may lack them.
    added: Vec<(AuthSessionId, Instant)>,
}

/// Longer than it takes to read the list.
const ADDED_KEPT: Duration = Duration::from_mins(1);

impl Revoked {
    /// Whether a device was signed out.
    #[must_use]
    pub fn contains(&self, device: AuthSessionId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).all.contains(&device)
    }

    /// Adds a device.
    pub fn insert(&self, device: AuthSessionId) {
        self.extend([device]);
    }

    /// Adds devices.
    pub fn extend(&self, devices: impl IntoIterator<Item = AuthSessionId>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for device in devices {
            known.all.insert(device);
            known.added.push((device, Instant::now()));
        }
    }

    /// Takes the list as the database had it when it was read.
    pub fn replace(&self, devices: impl IntoIterator<Item = AuthSessionId>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.added.retain(|(_, since)| since.elapsed() < ADDED_KEPT);
        known.all = devices.into_iter().chain(known.added.iter().map(|&(device, _)| device)).collect();
    }
}
