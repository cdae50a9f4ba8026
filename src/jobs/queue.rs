//! The queue's statements.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{QueryResult, Queryable, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Job;
use crate::{
    db::{
        Tx,
        ids::JobId,
        tables::{dead_jobs, jobs},
    },
    statement,
};

/// When and how a job waits.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Not before this instant; `None` = at once.
    pub run_at: Option<DateTime<Utc>>,
    /// Do nothing if a job with this key is waiting already.
    pub unique_key: Option<String>,
}

/// Enqueues a job in the transaction that wants it, to run right after the commit.
///
/// # Errors
/// Only if the database fails.
pub async fn enqueue<J: Job>(tx: &mut Tx, job: &J) -> QueryResult<()> {
    enqueue_with(tx, job, Options::default()).await
}

/// Enqueues a job with options.
///
/// # Errors
/// Only if the database fails.
pub async fn enqueue_with<J: Job>(tx: &mut Tx, job: &J, options: Options) -> QueryResult<()> {
    let now = tx.now();
    let insert = InsertJob {
        id: JobId::new(),
        kind: J::KIND.to_owned(),
        payload: serde_json::to_value(job).unwrap_or_default(),
        unique_key: options.unique_key,
        run_at: options.run_at.unwrap_or(now),
        created_at: now,
    };
    insert.execute(tx).await?;
    tx.wake_workers();
    Ok(())
}

/// A job taken by a worker.
#[derive(Debug, Queryable)]
pub struct Taken {
    /// Its id.
    pub id: JobId,
    /// See [`Job::KIND`].
    pub kind: String,
    /// The job.
    pub payload: serde_json::Value,
    /// Tries so far, this one included.
    pub attempts: i32,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
}

/// How long a worker may work on a job before another one may take it over.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Takes due jobs, oldest first, that no other worker has.
///
/// # Errors
/// Only if the database fails.
pub async fn take(conn: &mut AsyncPgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<Taken>> {
    TakeJobs { now, until: now + LEASE, limit }.load(conn).await
}

/// Removes a job that is done.
///
/// # Errors
/// Only if the database fails.
pub async fn finish(conn: &mut AsyncPgConnection, id: JobId) -> QueryResult<()> {
    diesel::delete(jobs::table.find(id)).execute(conn).await.map(drop)
}

/// Puts a failed job back for later.
///
/// # Errors
/// Only if the database fails.
pub async fn retry(
    conn: &mut AsyncPgConnection,
    id: JobId,
    error: &str,
    run_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(jobs::table.find(id))
        .set((
            jobs::run_at.eq(run_at),
            jobs::locked_until.eq(None::<DateTime<Utc>>),
            jobs::last_error.eq(error),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Puts a job aside that failed too often.
///
/// # Errors
/// Only if the database fails.
pub async fn bury(
    conn: &mut AsyncPgConnection,
    job: &Taken,
    error: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(dead_jobs::table)
        .values((
            dead_jobs::id.eq(job.id),
            dead_jobs::kind.eq(&job.kind),
            dead_jobs::payload.eq(&job.payload),
            dead_jobs::attempts.eq(job.attempts),
            dead_jobs::last_error.eq(error),
            dead_jobs::created_at.eq(job.created_at),
            dead_jobs::died_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    finish(conn, job.id).await
}

/// When the next waiting job is due.
///
/// # Errors
/// Only if the database fails.
pub async fn next_due(conn: &mut AsyncPgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    let rows: Vec<Option<DateTime<Utc>>> = NextDue {}.load(conn).await?;
    Ok(rows.into_iter().flatten().next())
}

/// Claims one run of a schedule; `false` if another worker had it within the period.
///
/// # Errors
/// Only if the database fails.
pub async fn claim_schedule(
    conn: &mut AsyncPgConnection,
    kind: &str,
    now: DateTime<Utc>,
    every: TimeDelta,
) -> QueryResult<bool> {
    let claimed = ClaimSchedule { kind: kind.to_owned(), now, before: now - every }.execute(conn).await?;
    Ok(claimed == 1)
}

statement! {
    /// Inserts a job unless one with its key waits.
    InsertJob(
        id: JobId => sql_types::Uuid,
        kind: String => sql_types::Text,
        payload: serde_json::Value => sql_types::Jsonb,
        unique_key: Option<String> => sql_types::Nullable<sql_types::Text>,
        run_at: DateTime<Utc> => sql_types::Timestamptz,
        created_at: DateTime<Utc> => sql_types::Timestamptz,
    ) -> () =
    "insert into jobs (id, kind, payload, unique_key, run_at, created_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (unique_key) do nothing"
}

statement! {
    /// Leases due jobs.
    TakeJobs(
        now: DateTime<Utc> => sql_types::Timestamptz,
        until: DateTime<Utc> => sql_types::Timestamptz,
        limit: i64 => sql_types::BigInt,
    ) -> (sql_types::Uuid, sql_types::Text, sql_types::Jsonb, sql_types::Integer, sql_types::Timestamptz) =
    "update jobs set locked_until = $2, attempts = attempts + 1, unique_key = null
     where id in (
       select id from jobs where run_at <= $1 and (locked_until is null or locked_until < $1)
       order by run_at, id limit $3 for update skip locked)
     returning id, kind, payload, attempts, created_at"
}

statement! {
    /// The next due time.
    NextDue() -> sql_types::Nullable<sql_types::Timestamptz> =
    "select min(greatest(run_at, coalesce(locked_until, run_at))) from jobs"
}

statement! {
    /// Moves a schedule's last run to now, if it is due.
    ClaimSchedule(
        kind: String => sql_types::Text,
        now: DateTime<Utc> => sql_types::Timestamptz,
        before: DateTime<Utc> => sql_types::Timestamptz,
    ) -> () =
    "insert into job_schedules as s (kind, last_run_at) values ($1, $2)
     on conflict (kind) do update set last_run_at = excluded.last_run_at where s.last_run_at <= $3"
}
