//! The benchmark data: 50,000 members, 5,000 mentors, 200,000 sessions, 300,000 reviews, 1,000,000 messages, 500,000
//! notifications, 1,000,000 postings.
//!
//! Every value is a hash of its row's number; the times are relative to the instant of the load. The rules of the
//! services hold here too (sums, counts, dense numbers), only a group's second learner and a trial pay nothing.
//! The load is one transaction on one connection; while it runs, triggers and secondary indexes are away.

mod chat;
mod copy;
mod draw;
mod indexes;
mod ledger;
mod meetings;
mod members;
mod notifications;
mod seats;
mod volume;

use std::time::Instant;

use anyhow::Context;
use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio_postgres::{Client, NoTls};

use self::{chat::Talk, seats::Tally, volume::Volume};
use super::{Outcome, accounts::PASSWORD};
use crate::domains::{accounts::service::password, discovery, wallet};

/// Who is told how far the load is.
pub type Progress = fn(&str);

/// Loads the benchmark data, unless they are there.
///
/// # Errors
/// If the database cannot be reached, refuses a row, or belongs to somebody who may not disable triggers; then nothing
/// was loaded.
pub async fn bench(url: &str, now: DateTime<Utc>, progress: Progress) -> anyhow::Result<Outcome> {
    bench_part(url, now, 1, progress).await
}

/// Loads one part in `divisor` (at most 500) of the benchmark data.
///
/// # Errors
/// As [`bench`].
pub async fn bench_part(
    url: &str,
    now: DateTime<Utc>,
    divisor: usize,
    progress: Progress,
) -> anyhow::Result<Outcome> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let loaded = load(&client, Volume::of(divisor), now, progress).await;
    drop(client);
    driver.await??;
    let loaded = loaded?;
    index_mentors(url, progress).await?;
    seal_ledger(url, now, progress).await?;
    Ok(loaded)
}

/// Seals the transactions that wait, so that the first server to start has nothing to catch up with.
async fn seal_ledger(url: &str, now: DateTime<Utc>, progress: Progress) -> anyhow::Result<()> {
    let started = Instant::now();
    let (mut conn, mut sealed) = (AsyncPgConnection::establish(url).await?, 0);
    loop {
        let block = conn.transaction(async |conn| wallet::service::seal_block(conn, now).await).await?;
        if block == 0 {
            break;
        }
        sealed += block;
    }
    progress(&format!("{sealed} transactions sealed in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Makes the search index unless it is there: an earlier load may have ended before it.
async fn index_mentors(url: &str, progress: Progress) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut conn = AsyncPgConnection::establish(url).await?;
    if diesel::sql_query("select from mentor_index limit 1").execute(&mut conn).await? > 0 {
        return Ok(());
    }
    conn.transaction(async |conn| discovery::service::rebuild(conn).await).await?;
    conn.batch_execute("analyze").await?;
    progress(&format!("mentors indexed in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

async fn load(
    client: &Client,
    volume: Volume,
    now: DateTime<Utc>,
    progress: Progress,
) -> anyhow::Result<Outcome> {
    if client.query_opt("select from members where handle = 'bench_1'", &[]).await?.is_some() {
        return Ok(Outcome::AlreadyThere);
    }
    let started = Instant::now();
    client
        .batch_execute("begin; set local synchronous_commit = off; set local maintenance_work_mem = '256MB'")
        .await?;
    client
        .batch_execute("set local session_replication_role = replica")
        .await
        .context("the benchmark data need a database of your own: its user must be a superuser")?;
    let dropped = indexes::drop_all(client).await?;
    let mut table = Table { progress, since: Instant::now(), rows: 0 };
    people(client, volume, now, &mut table).await?;
    meetings(client, volume, now, &mut table).await?;
    money(client, volume, now, &mut table).await?;
    talk(client, volume, now, &mut table).await?;
    let made = dropped.make(client).await?;
    progress(&format!("{made} indexes made in {:.1} s", table.since.elapsed().as_secs_f64()));
    check_ledger(client).await?;
    client.batch_execute("commit").await?;
    progress(&format!("{} rows in {:.1} s", table.rows, started.elapsed().as_secs_f64()));
    Ok(Outcome::Loaded { rows: usize::try_from(table.rows)? })
}

/// Tells of each table.
struct Table {
    progress: Progress,
    since: Instant,
    rows: u64,
}

impl Table {
    fn done(&mut self, name: &str, rows: u64) {
        (self.progress)(&format!("{name}: {rows} rows in {:.1} s", self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
        self.rows += rows;
    }
}

type Loaded = Result<(), tokio_postgres::Error>;

async fn people(
    client: &Client,
    volume: Volume,
    now: DateTime<Utc>,
    table: &mut Table,
) -> anyhow::Result<()> {
    let hash = tokio::task::spawn_blocking(|| password::hash_now(PASSWORD.as_bytes())).await??;
    table.done("members", members::members(client, &volume, now).await?);
    table.done("credentials", members::credentials(client, &volume, now, &hash).await?);
    table.done("auth_sessions", members::auth_sessions(client, &volume, now).await?);
    table.done("skill_categories", members::categories(client, &volume).await?);
    table.done("skills", members::skills(client, &volume).await?);
    table.done("credit_packages", members::packages(client).await?);
    table.done("member_skills", members::member_skills(client, &volume).await?);
    table.done("mentors", members::mentors(client, &volume, &Tally::count(volume, now)).await?);
    table.done("schedules", members::schedules(client, &volume).await?);
    table.done("availability_rules", members::rules(client, &volume).await?);
    Ok(())
}

async fn meetings(client: &Client, volume: Volume, now: DateTime<Utc>, table: &mut Table) -> Loaded {
    table.done("sessions", meetings::sessions(client, volume, now).await?);
    table.done("bookings", meetings::bookings(client, volume, now).await?);
    table.done("claims", meetings::claims(client, volume, now).await?);
    table.done("reviews", meetings::reviews(client, volume, now).await?);
    Ok(())
}

async fn money(client: &Client, volume: Volume, now: DateTime<Utc>, table: &mut Table) -> Loaded {
    table.done("payments", ledger::payments(client, volume, now).await?);
    table.done("ledger_accounts", ledger::accounts(client, volume, now).await?);
    table.done("ledger_transactions", ledger::transaction_rows(client, volume, now).await?);
    table.done("ledger_postings", ledger::postings(client, volume, now).await?);
    Ok(())
}

async fn talk(client: &Client, volume: Volume, now: DateTime<Utc>, table: &mut Table) -> Loaded {
    let (rows, talks): (u64, Vec<Talk>) = chat::messages(client, &volume, now).await?;
    table.done("messages", rows);
    table.done("conversations", chat::conversations(client, &volume, now, &talks).await?);
    table.done("conversation_members", chat::seats(client, &volume, now, &talks).await?);
    let (rows, unread) = notifications::notifications(client, &volume, now).await?;
    table.done("notifications", rows);
    table.done("inboxes", notifications::inboxes(client, &unread).await?);
    Ok(())
}

/// The triggers were off, so the sums are counted here.
async fn check_ledger(client: &Client) -> anyhow::Result<()> {
    let row = client
        .query_one(
            "select count(*) from (select from ledger_postings group by transaction_id, asset having sum(amount) <> 0) broken",
            &[],
        )
        .await?;
    let broken: i64 = row.get(0);
    anyhow::ensure!(broken == 0, "{broken} transactions of the ledger do not sum to zero");
    Ok(())
}
