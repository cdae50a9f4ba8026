//! The database of a command: the one that the settings name, or the private one.

use std::path::{Path, PathBuf};

use crate::{
    config::Config,
    db::{
        embedded::{EmbeddedError, PrivatePostgres, Settings},
        migrate,
    },
};

/// The name of our database in the private server.
const NAME: &str = "skillswap";
/// Where the private database goes when root's own folders are closed to the user that PostgreSQL runs as.
const SYSTEM_FOLDER: &str = "/var/lib/skillswap";

/// A database to work with. Dropping it stops the private server, if this process owns it.
#[derive(Debug)]
pub struct Database {
    /// Where it is.
    pub url: String,
    /// The folder of the private server; `None` = the settings name a server.
    pub folder: Option<PathBuf>,
    private: Option<PrivatePostgres>,
}

impl Database {
    /// Opens the database, starting the private server if the settings name no other.
    ///
    /// # Errors
    /// If no server can be found or started; the text says what to do.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        if let Some(url) = &config.database_url {
            return Ok(Self { url: url.clone(), folder: None, private: None });
        }
        let settings = Settings {
            bin_dir: config.pg_bin_dir.clone(),
            search_path: config.search_path.clone(),
            statements: true,
            shared_buffers_mb: config.shared_buffers_mb,
            ..Settings::default()
        };
        let folder = config.data_dir.join("postgres");
        let (private, folder) = tokio::task::spawn_blocking(move || start(folder, &settings)).await??;
        migrate::create_database(&private.url("postgres"), NAME).await?;
        Ok(Self { url: private.url(NAME), folder: Some(folder), private: Some(private) })
    }

    /// Stops the private server, if this process owns it.
    pub async fn close(mut self) {
        if let Some(mut private) = self.private.take() {
            tokio::task::spawn_blocking(move || private.stop()).await.ok();
        }
    }
}

/// As root in root's own folder, PostgreSQL's user cannot enter; the system's folder is then the place.
fn start(folder: PathBuf, settings: &Settings) -> Result<(PrivatePostgres, PathBuf), EmbeddedError> {
    match PrivatePostgres::start(&folder, settings) {
        Err(EmbeddedError::Unreachable { .. }) => {
            let folder = system_folder(&folder);
            Ok((PrivatePostgres::start(&folder, settings)?, folder))
        }
        other => Ok((other?, folder)),
    }
}

/// One folder per checkout, named after its path.
fn system_folder(wanted: &Path) -> PathBuf {
    let name: String = std::path::absolute(wanted)
        .unwrap_or_else(|_| wanted.to_owned())
        .to_string_lossy()
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() { char } else { '-' })
        .collect();
    Path::new(SYSTEM_FOLDER).join(name.trim_matches('-'))
}
