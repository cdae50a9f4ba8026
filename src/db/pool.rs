//! The connection pool.

use std::{fmt, sync::Arc, time::Duration};

use diesel::{
    ConnectionError, ConnectionResult, QueryResult,
    result::{DatabaseErrorInformation, DatabaseErrorKind, Error},
};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool},
};
use futures_util::future::{BoxFuture, FutureExt};

/// A pool of connections to one database.
pub type Pool = deadpool::Pool<AsyncPgConnection>;
/// A connection borrowed from the pool.
pub type Conn = deadpool::Object<AsyncPgConnection>;

/// How long a request waits for a connection before it is told that the server is overloaded.
const WAIT: Duration = Duration::from_millis(800);

/// Builds the pool; connects when first used.
///
/// # Errors
/// Only if the settings contradict each other.
pub fn build(url: &str, size: usize) -> Result<Pool, ::deadpool::managed::BuildError> {
    let mut config = ManagerConfig::default();
    // A test query at each checkout would double the number of statements.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(establish);
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
    Pool::builder(manager)
        .max_size(size)
        // The connection used last has its statements planned and its pages at hand.
        .queue_mode(::deadpool::managed::QueueMode::Lifo)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(Duration::from_secs(5)))
        .runtime(::deadpool::Runtime::Tokio1)
        .build()
}

/// Borrows a connection.
///
/// # Errors
/// [`is_overloaded`] if none becomes free in time; otherwise the database cannot be reached.
pub async fn checkout(pool: &Pool) -> QueryResult<Conn> {
    // In a place of its own: what it takes to connect is large, and seldom needed.
    Box::pin(pool.get()).await.map_err(|error| match error {
        ::deadpool::managed::PoolError::Timeout(::deadpool::managed::TimeoutType::Wait) => {
            unable(OVERLOADED.to_owned())
        }
        other => unable(format!("no connection to the database: {other}")),
    })
}

/// Whether an error says that the pool was exhausted.
#[must_use]
pub fn is_overloaded(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, info) if info.message() == OVERLOADED)
}

const OVERLOADED: &str = "every connection of the pool is in use";

fn unable(message: String) -> Error {
    Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(Unavailable(message)))
}

#[derive(Debug)]
struct Unavailable(String);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl DatabaseErrorInformation for Unavailable {
    fn message(&self) -> &str {
        &self.0
    }
    fn details(&self) -> Option<&str> {
        None
    }
    fn hint(&self) -> Option<&str> {
        None
    }
    fn table_name(&self) -> Option<&str> {
        None
    }
    fn column_name(&self) -> Option<&str> {
        None
    }
    fn constraint_name(&self) -> Option<&str> {
        None
    }
    fn statement_position(&self) -> Option<i32> {
        None
    }
}

/// Connects, and plans each statement once per connection: planning `= any($1)` for the values of every run costs up to
/// five times what running it does.
fn establish(url: &str) -> BoxFuture<'_, ConnectionResult<AsyncPgConnection>> {
    async move {
        let mut conn = connect(url).await?;
        let setting = "set plan_cache_mode = force_generic_plan";
        conn.batch_execute(setting).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
    .boxed()
}

/// With TLS as the URL's `sslmode` asks, verified against the Mozilla roots.
async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    if url.contains("host=%2F") || url.contains("@%2F") || url.contains("sslmode=disable") {
        return AsyncPgConnection::establish(url).await;
    }
    let bad = |error: String| ConnectionError::BadConnection(error);
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls);
    let (client, connection) =
        tokio_postgres::connect(url, tls).await.map_err(|error| bad(error.to_string()))?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}
