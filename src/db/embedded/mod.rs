//! The private PostgreSQL server: the database of an installation that names no `DATABASE_URL`.
//!
//! [`PrivatePostgres::start`] finds the server binaries on this machine, makes a cluster once, and runs it as
//! a child of this process on a unix socket that only its own user can reach. The folder it is given holds:
//!
//! | Entry | What it is |
//! |---|---|
//! | `data/` | the cluster. It appears by a rename, so it is either absent or complete |
//! | `initdb-…/` | a cluster in the making; one that a killed process left is removed at the next start |
//! | `run/` | the socket (in the system's temporary folder instead when the path is too long for a socket) |
//! | `lock` | locked by the one process that owns the server, as long as it lives |
//! | `postgres.log` | what the server said; moved to `postgres.log.1` when large |
//!
//! A second process that starts on the same folder *attaches*: it uses the server and never stops it. The
//! server lives as long as its owner, however the owner ends; a process that attached must be ready to lose
//! it.
//!
//! This module reads no environment variable and speaks no SQL; it fails with [`EmbeddedError`], whose text
//! is for the operator. Every call blocks, at worst for minutes (crash recovery), so async code calls it from
//! a blocking thread.

mod account;
mod cluster;
mod error;
mod home;
mod installation;
mod lifeline;
mod postmaster;
mod server;

use std::{
    ffi::OsString,
    fmt::Write,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use self::{
    home::{Claim, Home},
    installation::Installation,
    server::Server,
};

pub use self::error::EmbeddedError;

/// A running PostgreSQL server of our own, or the use of one that another process of this installation owns.
#[derive(Debug)]
pub struct PrivatePostgres {
    socket: PathBuf,
    server: Option<Server>,
}

/// How the private server is found and how it runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether a committed transaction survives a power cut. `false` is for tests: faster, and lost with the
    /// machine.
    pub durable: bool,
    /// Connections the server accepts.
    pub max_connections: u32,
    /// Memory for cached pages, in MiB.
    pub shared_buffers_mb: u32,
    /// Whether statements are counted by `pg_stat_statements`, if the installation has it.
    pub statements: bool,
    /// The folder of the server binaries. `None`: they are looked for.
    pub bin_dir: Option<PathBuf>,
    /// The value of `PATH`, one of the places to look in.
    pub search_path: Option<OsString>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            durable: true,
            max_connections: 100,
            shared_buffers_mb: 128,
            statements: false,
            bin_dir: None,
            search_path: None,
        }
    }
}

impl PrivatePostgres {
    /// Starts the server of `folder`, making folder and cluster first if they are missing, and returns when
    /// it accepts connections. If another process already runs it, attaches to that one.
    ///
    /// As root, which PostgreSQL refuses to be, the server runs as the owner of the cluster, `postgres` or
    /// `nobody`.
    ///
    /// # Errors
    ///
    /// No usable binaries, a folder that cannot be used, or a server that does not start; see
    /// [`EmbeddedError`].
    pub fn start(folder: &Path, settings: &Settings) -> Result<Self, EmbeddedError> {
        let home = Home::open(folder)?;
        let socket = home.socket_folder()?;
        let server = match home.claim()? {
            Claim::Attached => None,
            Claim::Owned(lock) => {
                let installation = Installation::choose(settings, &home)?;
                home.end_predecessor(&socket)?;
                cluster::create_if_missing(&home, &installation, settings.durable)?;
                Some(Server::start(&home, &installation, settings, &socket, lock)?)
            }
        };
        Ok(Self { socket, server })
    }

    /// Whether this process owns the server, and so ends it. `false` when attached or stopped.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.server.is_some()
    }

    /// The connection URL of a database of this server. The database `postgres` always exists.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let host = percent_encoded(self.socket.as_os_str().as_bytes());
        format!("postgres://postgres@{host}/{}", percent_encoded(database.as_bytes()))
    }

    /// Ends the server and waits for it: open transactions are rolled back, everything committed is on disk.
    /// Does nothing when attached or already stopped. Dropping the value does the same.
    pub fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The bytes as a part of a URL: what is not plainly allowed there as `%XX`.
fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    fn attached(socket: &str) -> PrivatePostgres {
        PrivatePostgres { socket: PathBuf::from(socket), server: None }
    }

    #[test]
    fn the_url_carries_the_socket_folder_as_an_encoded_host() {
        let url = attached("/var/lib/skill swap/é,%/run").url("postgres");
        assert_eq!(url, "postgres://postgres@%2Fvar%2Flib%2Fskill%20swap%2F%C3%A9%2C%25%2Frun/postgres");
    }

    #[test]
    fn the_database_name_is_encoded_too() {
        assert_eq!(attached("/s").url("a/b?c"), "postgres://postgres@%2Fs/a%2Fb%3Fc");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test runs without the settings of the server")]
    fn a_server_starts_is_shared_and_starts_again_after_a_stop() -> Result<(), EmbeddedError> {
        let folder = env::temp_dir().join(format!("skillswap-embedded-{}", process::id()));
        let settings = Settings {
            durable: false,
            bin_dir: env::var_os("PG_BIN_DIR").map(PathBuf::from),
            search_path: env::var_os("PATH"),
            ..Settings::default()
        };

        let mut owner = PrivatePostgres::start(&folder, &settings)?;
        let mut guest = PrivatePostgres::start(&folder, &settings)?;
        assert!(owner.is_owned() && !guest.is_owned());
        assert_eq!(owner.url("postgres"), guest.url("postgres"));

        guest.stop();
        assert!(owner.socket.join(".s.PGSQL.5432").exists(), "a guest does not stop the server");
        owner.stop();
        assert!(!owner.socket.join(".s.PGSQL.5432").exists(), "its owner does");

        let again = PrivatePostgres::start(&folder, &settings)?;
        assert!(again.is_owned());
        drop(again);
        fs::remove_dir_all(&folder).map_err(EmbeddedError::file("remove", &folder))
    }
}
