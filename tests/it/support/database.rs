//! One private PostgreSQL for the run, a migrated template in it, a copy for each test.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use skillswap::db::{
    embedded::{PrivatePostgres, Settings},
    migrate,
};
use tokio::sync::OnceCell;
use tokio_postgres::{NoTls, SimpleQueryMessage};

static CLUSTER: OnceCell<PrivatePostgres> = OnceCell::const_new();
static COPIES: AtomicU32 = AtomicU32::new(0);

/// The folder of this run; PostgreSQL's user must be able to enter it.
pub fn folder() -> PathBuf {
    env::temp_dir().join(format!("skillswap-it-{}", std::process::id()))
}

/// The URL of a new, migrated, empty database.
pub async fn fresh() -> String {
    let cluster = CLUSTER.get_or_init(start).await;
    let name = format!("t{}", COPIES.fetch_add(1, Ordering::Relaxed));
    sql(&cluster.url("postgres"), &format!("create database {name} template template_skillswap"))
        .await
        .expect("a copy");
    cluster.url(&name)
}

async fn start() -> PrivatePostgres {
    remove_folders_of_ended_runs();
    fs::create_dir_all(folder()).expect("a folder");
    fs::set_permissions(folder(), fs::Permissions::from_mode(0o711)).expect("its rights");
    let settings = Settings {
        durable: false,
        statements: true,
        max_connections: 500,
        bin_dir: env::var_os("PG_BIN_DIR").map(PathBuf::from),
        search_path: env::var_os("PATH"),
        ..Settings::default()
    };
    let cluster =
        tokio::task::spawn_blocking(move || PrivatePostgres::start(&folder().join("postgres"), &settings))
            .await
            .expect("the thread")
            .expect("PostgreSQL starts");
    let maintenance = cluster.url("postgres");
    sql(&maintenance, "alter system set pg_stat_statements.track_planning = on").await.expect("a setting");
    // An analyzed table would be planned anew, in the middle of a test that counts plans.
    sql(&maintenance, "alter system set autovacuum = off").await.expect("a setting");
    sql(&maintenance, "select pg_reload_conf()").await.expect("a reload");
    migrate::create_database(&maintenance, "template_skillswap").await.expect("the template");
    let template = cluster.url("template_skillswap");
    migrate::run(&template).await.expect("the migrations");
    sql(&template, "create extension if not exists pg_stat_statements").await.expect("the counter");
    cluster
}

/// A killed run leaves its folder behind.
fn remove_folders_of_ended_runs() {
    for entry in fs::read_dir(env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix("skillswap-it-") else { continue };
        if !Path::new("/proc").join(pid).exists() {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// Runs SQL and returns the rows as texts.
pub async fn sql(url: &str, statement: &str) -> Result<Vec<Vec<String>>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let rows = client.simple_query(statement).await;
    drop(client);
    driver.await.expect("the driver").ok();
    Ok(rows?
        .into_iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect())
            }
            _ => None,
        })
        .collect())
}

/// Forgets the statements counted so far.
pub async fn reset_statements(url: &str) {
    sql(url, "select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()), 0)")
        .await
        .expect("a reset");
}

/// What the server asks by itself: every few seconds (signed-out devices, changed rights, the clock, live streams,
/// registered documents, what was used) and on a new connection.
const OWN: &str = "pg_stat_statements|revoked_at|rights_changed_at|clock_timestamp|stream = any|documents_version|api_usage|^set ";

/// Statements and plans since the reset, but for the server's own; `begin` and `commit` count as statements too.
pub async fn statements(url: &str) -> (i64, i64) {
    let counted = format!(
        "select coalesce(sum(calls), 0), coalesce(sum(plans), 0) from pg_stat_statements
         where dbid = (select oid from pg_database where datname = current_database()) and query !~* '{OWN}'"
    );
    let rows = sql(url, &counted).await.expect("the counter");
    (rows[0][0].parse().expect("calls"), rows[0][1].parse().expect("plans"))
}
