//! Runs what is due, until the application stops.

use std::{panic::AssertUnwindSafe, time::Duration};

use chrono::TimeDelta;
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};

use super::queue::{self, Taken};
use crate::app::App;

/// Jobs that one process works on at a time.
const PARALLEL: i64 = 8;
/// The longest sleep between two looks at the queue: other processes enqueue too.
const IDLE: Duration = Duration::from_secs(1);
/// The longest pause between two tries of a job.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// Works until the stop begins; finishes the jobs in hand.
pub async fn run(app: App) {
    loop {
        match round(&app).await {
            Ok(0) => {
                let pause = pause(&app).await;
                tokio::select! {
                    () = app.stopped() => return,
                    () = app.work() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the job queue cannot be read");
                tokio::time::sleep(IDLE).await;
            }
        }
        if app.is_stopping() {
            return;
        }
    }
}

/// Enqueues due schedules, takes due jobs and runs them; returns how many ran.
///
/// # Errors
/// If the queue cannot be read or written.
pub async fn round(app: &App) -> anyhow::Result<usize> {
    let now = app.clock.now();
    for schedule in &app.registry().schedules {
        let every = TimeDelta::from_std(schedule.every)?;
        let mut conn = app.conn().await?;
        if queue::claim_schedule(&mut conn, schedule.kind, now, every).await? {
            drop(conn);
            run_known(app, schedule.kind, schedule.payload.clone()).await.unwrap_or_else(|error| {
                tracing::error!(job = schedule.kind, %error, "a scheduled job failed");
            });
        }
    }
    let taken = queue::take(&mut *app.conn().await?, now, PARALLEL).await?;
    let count = taken.len();
    let mut running: FuturesUnordered<_> = taken.into_iter().map(|job| finish(app, job)).collect();
    while let Some(done) = running.next().await {
        done?;
    }
    Ok(count)
}

async fn finish(app: &App, job: Taken) -> anyhow::Result<()> {
    let outcome = run_known(app, &job.kind, job.payload.clone()).await;
    let now = app.clock.now();
    let mut conn = app.conn().await?;
    let Err(error) = outcome else {
        metrics::counter!("skillswap_jobs_total", "kind" => job.kind.clone(), "outcome" => "done")
            .increment(1);
        return Ok(queue::finish(&mut conn, job.id).await?);
    };
    let text = format!("{error:#}");
    let limit = app.registry().jobs.get(job.kind.as_str()).map_or(1, |known| known.max_attempts);
    if job.attempts >= limit {
        tracing::error!(job = job.kind, job.id = %job.id, error = text, "a job failed for the last time");
        metrics::counter!("skillswap_jobs_total", "kind" => job.kind.clone(), "outcome" => "dead")
            .increment(1);
        return Ok(queue::bury(&mut conn, &job, &text, now).await?);
    }
    tracing::warn!(job = job.kind, job.id = %job.id, error = text, "a job failed and will be tried again");
    metrics::counter!("skillswap_jobs_total", "kind" => job.kind.clone(), "outcome" => "retry").increment(1);
    Ok(queue::retry(&mut conn, job.id, &text, now + pause_after(job.attempts)).await?)
}

/// Runs a job; a panic is an error like any other.
async fn run_known(app: &App, kind: &str, payload: serde_json::Value) -> anyhow::Result<()> {
    let known = app.registry().jobs.get(kind).ok_or_else(|| anyhow::anyhow!("no job of kind {kind}"))?;
    match AssertUnwindSafe((known.run)(app.clone(), payload)).catch_unwind().await {
        Ok(done) => done,
        Err(_) => Err(anyhow::anyhow!("the job panicked")),
    }
}

/// 1 s, 2 s, 4 s, … up to an hour.
fn pause_after(attempts: i32) -> TimeDelta {
    let exponent = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    TimeDelta::seconds(1_i64 << exponent).min(LONGEST_PAUSE)
}

async fn pause(app: &App) -> Duration {
    let due = match app.conn().await {
        Ok(mut conn) => queue::next_due(&mut conn).await.ok().flatten(),
        Err(_) => None,
    };
    let wait = due.map_or(IDLE, |due| (due - app.clock.now()).to_std().unwrap_or(Duration::from_millis(10)));
    wait.clamp(Duration::from_millis(5), IDLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let seconds: Vec<i64> = [1, 2, 3, 12, 13, 40].iter().map(|&n| pause_after(n).num_seconds()).collect();
        assert_eq!(seconds, [1, 2, 4, 2048, 3600, 3600]);
    }
}
