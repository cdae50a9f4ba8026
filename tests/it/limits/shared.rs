use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::{TYPENAME, let_in};
use crate::support::{Client, TestApp, process::Process, redis::Redis};

const BUDGET: u32 = 30;

/// Where the processes of a test share what they count.
struct Shared {
    redis: Option<Redis>,
    first: TestApp,
}

impl Shared {
    async fn start(redis: Option<Redis>) -> Self {
        let url = redis.as_ref().map(Redis::url);
        let first = TestApp::start_with(|config| {
            config.limits.anonymous_requests = Some(BUDGET);
            config.redis_url = url;
        })
        .await;
        Self { redis, first }
    }

    async fn another(&self) -> TestApp {
        self.first
            .another_with(|config| {
                config.limits.anonymous_requests = Some(BUDGET);
                config.redis_url = self.redis.as_ref().map(Redis::url);
            })
            .await
    }

    async fn sum(&self) -> i64 {
        match &self.redis {
            Some(redis) => redis.sum().await,
            None => self.first.count("select coalesce(sum(used), 0)::bigint from request_counts").await,
        }
    }

    /// Waits until so much has been told.
    async fn reaches(&self, sum: i64) {
        let began = Instant::now();
        while self.sum().await != sum {
            assert!(began.elapsed() < Duration::from_secs(20), "{} instead of {sum}", self.sum().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn two_processes_have_one_budget(self) {
        let (first, second) = (self.first.anonymous(), self.another().await);
        let other = second.anonymous();
        assert_eq!(let_in(&first, 20).await, 20);
        self.reaches(20).await;

        // The second learns of them with what it tells itself.
        assert_eq!(let_in(&other, 1).await, 1);
        self.reaches(21).await;
        remaining_is(&other, BUDGET - 22).await;
        assert_eq!(let_in(&other, 10).await, 8);

        self.reaches(30).await;
        assert_eq!(let_in(&first, 1).await, 1, "until the first hears of it");
        self.reaches(31).await;
        assert_eq!(let_in(&first, 1).await, 0);
    }

    async fn a_restart_resets_nothing(self) {
        assert_eq!(let_in(&self.first.anonymous(), 40).await, 30);
        self.reaches(30).await;
        let restarted = self.another().await;
        assert_eq!(let_in(&restarted.anonymous(), 1).await, 0);
    }
}

/// Asks until an answer tells so much left: every try is one request, so the first that heard of the others decides.
async fn remaining_is(client: &Client, remaining: u32) {
    let cost = client.query(TYPENAME).await.cost;
    assert_eq!(cost["remaining"], remaining, "{cost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_a_budget_in_postgresql() {
    Shared::start(None).await.two_processes_have_one_budget().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_a_budget_in_redis() {
    Shared::start(Some(Redis::start())).await.two_processes_have_one_budget().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_what_postgresql_was_told() {
    Shared::start(None).await.a_restart_resets_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_what_redis_was_told() {
    Shared::start(Some(Redis::start())).await.a_restart_resets_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_stop_tells_what_is_left() {
    let shared = Shared::start(None).await;
    assert_eq!(let_in(&shared.first.anonymous(), 7).await, 7);
    let watcher = TestApp::another(&shared.first).await;
    shared.first.stop().await;
    assert_eq!(watcher.count("select sum(used)::bigint from request_counts").await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_removed() {
    let shared = Shared::start(None).await;
    assert_eq!(let_in(&shared.first.anonymous(), 3).await, 3);
    shared.reaches(3).await;
    shared.first.advance(TimeDelta::hours(2));
    shared.first.work().await;
    assert_eq!(shared.sum().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_forgets_a_second_at_most() {
    let mut server = Process::start_with("limits", &["--anonymous-requests", "20"]).await;
    assert_eq!(let_in(&server.anonymous(), 25).await, 20);
    tokio::time::sleep(Duration::from_millis(2_500)).await;

    server.kill();
    let server = server.restart().await;

    let refused = server.anonymous().query(TYPENAME).await;
    assert_eq!((refused.status, refused.retry_after.is_some()), (429, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_requests_are_neither_refused_nor_slow_and_limits_hold_in_each_process() {
    let mut shared = Shared::start(Some(Redis::start())).await;
    let nobody = shared.first.anonymous();
    assert_eq!(let_in(&nobody, 10).await, 10);
    shared.reaches(10).await;
    let redis = shared.redis.as_mut().expect("there is one");
    redis.kill();

    let began = Instant::now();
    assert_eq!(let_in(&nobody, 15).await, 15);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    // A process that starts meanwhile starts, and counts for itself.
    let second = shared.another().await;
    assert_eq!(let_in(&second.anonymous(), 40).await, 30);

    shared.redis.as_mut().expect("there is one").revive();
    assert_eq!(let_in(&nobody, 10).await, 5);
    let began = Instant::now();
    while shared.sum().await < 5 {
        assert!(began.elapsed() < Duration::from_secs(20), "sharing does not go on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(let_in(&nobody, 1).await, 0, "what Redis lost is known here");
}
