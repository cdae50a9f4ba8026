//! Every setting with its default, unit and meaning. Flags win over the environment; a wrong value stops the start and
//! is named.

mod parts;

use std::{
    ffi::OsString,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

pub use self::parts::{
    IdentityConfig, InvoiceConfig, LimitsConfig, PaymentsConfig, PayoutConfig, StorageConfig, TlsConfig,
};
use crate::integrations::mail;

/// Where and how the server runs.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Port to listen on; 0 takes any free port and prints it.
    #[arg(long, env = "SKILLSWAP_PORT", default_value_t = 8080)]
    pub port: u16,
    /// Address to listen on.
    #[arg(long, env = "SKILLSWAP_BIND", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Folder of the private database and of generated keys.
    #[arg(long, env = "SKILLSWAP_DATA_DIR", default_value = "./.skillswap")]
    pub data_dir: PathBuf,
    /// What kind of installation this is.
    #[arg(long, env = "SKILLSWAP_MODE", value_enum, default_value_t = Mode::Demo)]
    pub mode: Mode,
    /// What this process does: `api` answers requests, `worker` runs jobs.
    #[arg(long, env = "SKILLSWAP_ROLES", value_enum, value_delimiter = ',', default_value = "api,worker")]
    pub roles: Vec<ProcessRole>,
    /// Address under which clients reach the server; by default the one it listens on.
    #[arg(long, env = "SKILLSWAP_PUBLIC_URL", value_parser = http_url)]
    pub public_url: Option<String>,
    /// Encryption of what clients send and receive.
    #[command(flatten)]
    pub tls: TlsConfig,
    /// PostgreSQL to use instead of the private one, `postgres://user:password@host:port/database?sslmode=require`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_parser = postgres_url)]
    pub database_url: Option<String>,
    /// Connections to the database. More than twice its cores make it slower.
    #[arg(long, env = "SKILLSWAP_POOL_SIZE", default_value_t = 20, value_parser = clap::value_parser!(u16).range(2..=500))]
    pub pool_size: u16,
    /// Threads that serve HTTP; 0 = one per core.
    #[arg(long, env = "SKILLSWAP_HTTP_WORKERS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=256))]
    pub http_workers: u16,
    /// Secret from which the signing keys are derived, at least 32 characters. Generated and kept in the data folder
    /// outside production; required in production.
    #[arg(long, env = "SKILLSWAP_SECRET", hide_env_values = true, value_parser = secret)]
    pub secret: Option<String>,
    /// Web origins that may call the API from a browser, comma separated, exact.
    #[arg(long, env = "SKILLSWAP_ALLOWED_ORIGINS", value_delimiter = ',', value_parser = http_url)]
    pub allowed_origins: Vec<String>,
    /// Proxies in front that add to `X-Forwarded-For`: how many, counted from the server. 0 takes the connection's own
    /// address.
    #[arg(long, env = "SKILLSWAP_TRUSTED_PROXIES", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=10))]
    pub trusted_proxies: u8,
    /// Address of the web app, for the links in mails; by default the public address.
    #[arg(long, env = "SKILLSWAP_WEB_URL", value_parser = http_url)]
    pub web_url: Option<String>,
    /// Server that takes our mail, `smtps://user:password@host:465` or `smtp://user:password@host:587?tls=required`.
    /// Without one, mail is kept and shown at `/dev/mail` outside production.
    #[arg(long, env = "SMTP_URL", hide_env_values = true, value_parser = smtp_url)]
    pub smtp_url: Option<String>,
    /// Sender of our mail.
    #[arg(long, env = "SKILLSWAP_MAIL_FROM", default_value = "SkillSwap <no-reply@skillswap.invalid>", value_parser = sender)]
    pub mail_from: String,
    /// Whether introspection is answered.
    #[arg(long, env = "SKILLSWAP_INTROSPECTION", value_enum, default_value_t = Switch::Auto)]
    pub introspection: Switch,
    /// Which documents run: all, or only those that `skillswap documents register` has registered.
    #[arg(long, env = "SKILLSWAP_DOCUMENTS", value_enum, default_value_t = Documents::Auto)]
    pub documents: Documents,
    /// How much callers may ask for.
    #[command(flatten)]
    pub limits: LimitsConfig,
    /// Redis that the processes share their limits in, `redis://host:6379` or `rediss://user:password@host:6380`. Without
    /// one they share them in the database.
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_parser = redis_url)]
    pub redis_url: Option<String>,
    /// Platform fee on a completed session, in hundredths of a percent (1500 = 15 %), at most 3300.
    #[arg(long, env = "SKILLSWAP_FEE_BASIS_POINTS", default_value_t = 1500, value_parser = clap::value_parser!(u16).range(0..=3300))]
    pub fee_basis_points: u16,
    /// How earnings are paid out.
    #[command(flatten)]
    pub payouts: PayoutConfig,
    /// Who sells, as invoices say it.
    #[command(flatten)]
    pub invoices: InvoiceConfig,
    /// What one administrator may adjust in wallets within 24 hours without a second one, in minor units (100000 = 1,000.00
    /// credits).
    #[arg(long, env = "SKILLSWAP_ADJUSTMENT_LIMIT", default_value_t = 100_000, value_parser = clap::value_parser!(i64).range(0..))]
    pub adjustment_limit: i64,
    /// When the members of a conversation are told that an administrator opened it to read: `at-once`, or `afterwards`, when
    /// the time is over.
    #[arg(long, env = "SKILLSWAP_OVERSIGHT_NOTICE", value_enum, default_value_t = OversightNotice::AtOnce)]
    pub oversight_notice: OversightNotice,
    /// Outside identities.
    #[command(flatten)]
    pub identity: IdentityConfig,
    /// The store of files.
    #[command(flatten)]
    pub storage: StorageConfig,
    /// Providers of payments.
    #[command(flatten)]
    pub payments: PaymentsConfig,
    /// Memory for cached pages of the private database, in MiB.
    #[arg(long, env = "SKILLSWAP_SHARED_BUFFERS_MB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=65_536))]
    pub shared_buffers_mb: u32,
    /// Folder with PostgreSQL's programs, if they are not found by themselves.
    #[arg(long, env = "PG_BIN_DIR")]
    pub pg_bin_dir: Option<PathBuf>,
    /// Where programs are looked for.
    #[arg(long, env = "PATH", hide = true)]
    pub search_path: Option<OsString>,
    /// Form of the log.
    #[arg(long, env = "SKILLSWAP_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// What is logged, in the syntax of tracing's `EnvFilter`.
    #[arg(
        long,
        env = "SKILLSWAP_LOG",
        default_value = "info,tokio_postgres=warn,actix_http=off,actix_server=warn"
    )]
    pub log: String,
}

/// What kind of installation this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Demo data, demo accounts, sandbox payments.
    Demo,
    /// Like production, with development pages and generated secrets.
    Development,
    /// For real: refuses to start on missing or generated secrets.
    Production,
}

/// When members are told that an administrator may read what they write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OversightNotice {
    /// When it begins.
    AtOnce,
    /// When it is over.
    Afterwards,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProcessRole {
    /// Answers requests.
    Api,
    /// Runs jobs.
    Worker,
}

/// A switch whose default depends on the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On, but off in production.
    Auto,
    /// On.
    On,
    /// Off.
    Off,
}

/// Which documents run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Documents {
    /// Registered ones in production, else all.
    Auto,
    /// All.
    Open,
    /// Registered ones.
    Trusted,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A setting that contradicts another.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Production without a secret.
    #[error(
        "SKILLSWAP_SECRET is required when SKILLSWAP_MODE is production: set it to at least 32 random characters"
    )]
    SecretMissing,
    /// The secret file cannot be used.
    #[error(
        "the secret in {path} cannot be read or written: {source}. Set SKILLSWAP_DATA_DIR to a folder that can be written, or set SKILLSWAP_SECRET"
    )]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Config {
    /// Whether this process has a role.
    #[must_use]
    pub fn has_role(&self, role: ProcessRole) -> bool {
        self.roles.contains(&role)
    }

    /// Address under which clients reach a server that listens at the address.
    #[must_use]
    pub fn public_url(&self, listening: SocketAddr) -> String {
        let scheme = if self.tls.tls_cert.is_some() { "https" } else { "http" };
        self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{listening}"))
    }

    /// Whether introspection is answered.
    #[must_use]
    pub fn introspects(&self) -> bool {
        match self.introspection {
            Switch::Auto => self.mode != Mode::Production,
            Switch::On => true,
            Switch::Off => false,
        }
    }

    /// Whether only registered documents run.
    #[must_use]
    pub fn trusts_registered_only(&self) -> bool {
        match self.documents {
            Documents::Auto => self.mode == Mode::Production,
            Documents::Open => false,
            Documents::Trusted => true,
        }
    }

    /// Requests of anonymous callers from one place in a quarter of an hour; 0 = any number.
    #[must_use]
    pub fn anonymous_requests(&self) -> u32 {
        let usual = if self.mode == Mode::Production { 100 } else { 10_000 };
        self.limits.anonymous_requests.unwrap_or(usual)
    }

    /// Points of a member in a quarter of an hour; 0 = any number. A page that spends 100 points each second comes to
    /// 90,000.
    #[must_use]
    pub fn member_points(&self) -> u32 {
        let usual = if self.mode == Mode::Production { 200_000 } else { 1_000_000 };
        self.limits.member_points.unwrap_or(usual)
    }

    /// Sockets and event streams of one place without signing in; 0 = any number.
    #[must_use]
    pub fn sockets_per_place(&self) -> u32 {
        let usual = if self.mode == Mode::Production { 200 } else { 15_000 };
        self.limits.sockets_per_place.unwrap_or(usual)
    }

    /// Sockets and event streams of one member; 0 = any number.
    #[must_use]
    pub fn sockets_per_member(&self) -> u32 {
        let usual = if self.mode == Mode::Production { 50 } else { 15_000 };
        self.limits.sockets_per_member.unwrap_or(usual)
    }

    /// The secret: the one set, or outside production one that is generated once and kept in the data folder.
    ///
    /// # Errors
    /// If production lacks a secret, or the file cannot be used.
    pub fn secret(&self) -> Result<String, ConfigError> {
        if let Some(secret) = &self.secret {
            return Ok(secret.clone());
        }
        if self.mode == Mode::Production {
            return Err(ConfigError::SecretMissing);
        }
        let path = self.data_dir.join("secret");
        read_or_make_secret(&path).map_err(|source| ConfigError::SecretFile { path, source })
    }
}

fn read_or_make_secret(path: &std::path::Path) -> std::io::Result<String> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    match std::fs::read_to_string(path) {
        Ok(secret) if secret.trim().len() >= 32 => return Ok(secret.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let secret: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    Ok(secret)
}

fn http_url(text: &str) -> Result<String, String> {
    let trimmed = text.trim_end_matches('/');
    match trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://")) {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(trimmed.to_owned()),
        _ => Err("give an address that starts with http:// or https://".to_owned()),
    }
}

fn smtp_url(text: &str) -> Result<String, String> {
    if mail::is_url(text) {
        Ok(text.to_owned())
    } else {
        Err("give an address that starts with smtp:// or smtps://".to_owned())
    }
}

fn sender(text: &str) -> Result<String, String> {
    if mail::is_sender(text) {
        Ok(text.to_owned())
    } else {
        Err("give a sender such as `SkillSwap <no-reply@example.org>`".to_owned())
    }
}

fn postgres_url(text: &str) -> Result<String, String> {
    let known = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if known { Ok(text.to_owned()) } else { Err("give an address that starts with postgres://".to_owned()) }
}

fn redis_url(text: &str) -> Result<String, String> {
    let known = ["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme));
    if known {
        Ok(text.to_owned())
    } else {
        Err("give an address that starts with redis:// or rediss://".to_owned())
    }
}

fn secret(text: &str) -> Result<String, String> {
    if text.len() >= 32 { Ok(text.to_owned()) } else { Err("give at least 32 characters".to_owned()) }
}
