use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::json;

use super::{LOG_IN, log_in_from};
use crate::support::{PASSWORD, TestApp};

const WRONG: &str = "wrong password";

async fn behind_a_proxy() -> TestApp {
    TestApp::start_with(|config| config.trusted_proxies = 1).await
}

async fn tries(app: &TestApp, ip: &str, email: &str, password: &str) -> Vec<String> {
    log_in_from(app, ip, json!({ "email": email, "password": password })).await.codes("logIn")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_try_in_the_window_is_refused_for_known_and_unknown_addresses_alike() {
    let app = behind_a_proxy().await;
    app.member("ada").await;
    for email in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..5 {
            assert_eq!(tries(&app, "192.0.2.1", email, WRONG).await, ["INVALID_CREDENTIALS"]);
        }
        let sixth = log_in_from(&app, "192.0.2.1", json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(sixth.codes("logIn"), ["RATE_LIMITED"]);
        let error = &sixth.data("logIn")["userErrors"][0];
        assert!((800..=900).contains(&error["retryAfter"].as_i64().unwrap()), "{error}");
        assert_eq!(error["retryable"], true);
    }
    // Counted in the database: another process, and one that starts later, know it.
    let config = |config: &mut skillswap::config::Config| config.trusted_proxies = 1;
    let other = app.another_with(config).await;
    assert_eq!(tries(&other, "192.0.2.1", "ada@example.org", PASSWORD).await, ["RATE_LIMITED"]);

    app.advance(TimeDelta::minutes(15) + TimeDelta::seconds(1));

    assert!(tries(&app, "192.0.2.1", "ada@example.org", PASSWORD).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_at_once_cannot_pass_together() {
    let app = behind_a_proxy().await;
    app.member("ada").await;

    let codes = futures_util::future::join_all(
        (0..12).map(|_| async { tries(&app, "192.0.2.1", "ada@example.org", WRONG).await }),
    )
    .await;

    assert_eq!(codes.iter().filter(|codes| *codes == &["INVALID_CREDENTIALS"]).count(), 5, "{codes:?}");
    assert_eq!(codes.iter().filter(|codes| *codes == &["RATE_LIMITED"]).count(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_ends_the_count() {
    let app = behind_a_proxy().await;
    app.member("ada").await;
    for _ in 0..4 {
        for _ in 0..4 {
            assert_eq!(tries(&app, "192.0.2.1", "ada@example.org", WRONG).await, ["INVALID_CREDENTIALS"]);
        }
        assert!(tries(&app, "192.0.2.1", "ada@example.org", PASSWORD).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_lock_themselves_out_and_not_the_owner() {
    let app = behind_a_proxy().await;
    app.member("ada").await;
    assert!(tries(&app, "198.51.100.7", "ada@example.org", PASSWORD).await.is_empty());
    let device =
        log_in_from(&app, "203.0.113.9", json!({ "email": "ada@example.org", "password": PASSWORD })).await;
    let device = device.ok("logIn")["session"]["deviceToken"].clone();
    // An attack from a dozen places.
    for place in 1..=12 {
        for _ in 0..6 {
            tries(&app, &format!("192.0.2.{place}"), "ada@example.org", WRONG).await;
        }
    }
    assert_eq!(
        tries(&app, "192.0.2.200", "ada@example.org", PASSWORD).await,
        ["RATE_LIMITED"],
        "a new place"
    );

    assert!(tries(&app, "198.51.100.7", "ada@example.org", PASSWORD).await.is_empty(), "the usual place");
    let known = json!({ "email": "ada@example.org", "password": PASSWORD, "deviceToken": device });
    log_in_from(&app, "192.0.2.1", known.clone()).await.ok("logIn");
    // A forged or foreign token is worth nothing.
    for forged in [json!("AAAA"), json!(format!("{}x", device.as_str().unwrap()))] {
        let mut input = known.clone();
        input["deviceToken"] = forged;
        assert_eq!(log_in_from(&app, "192.0.2.1", input).await.codes("logIn"), ["RATE_LIMITED"]);
    }
    app.member("bob").await;
    for _ in 0..6 {
        tries(&app, "192.0.2.77", "bob@example.org", WRONG).await;
    }
    let foreign = json!({ "email": "bob@example.org", "password": PASSWORD, "deviceToken": device });
    assert_eq!(log_in_from(&app, "192.0.2.77", foreign).await.codes("logIn"), ["RATE_LIMITED"]);
    // The known device has a count of its own.
    for _ in 0..5 {
        let input = json!({ "email": "ada@example.org", "password": WRONG, "deviceToken": device });
        assert_eq!(log_in_from(&app, "192.0.2.1", input).await.codes("logIn"), ["INVALID_CREDENTIALS"]);
    }
    assert_eq!(log_in_from(&app, "192.0.2.1", known).await.codes("logIn"), ["RATE_LIMITED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_own_words_about_its_address_are_not_believed() {
    let app = behind_a_proxy().await;
    app.member("ada").await;
    for number in 0..5 {
        let ip = format!("10.0.0.{number}, 192.0.2.1");
        assert_eq!(tries(&app, &ip, "ada@example.org", WRONG).await, ["INVALID_CREDENTIALS"]);
    }
    assert_eq!(tries(&app, "10.9.9.9, 192.0.2.1", "ada@example.org", WRONG).await, ["RATE_LIMITED"]);
    let direct = TestApp::start().await;
    for number in 0..5 {
        tries(&direct, &format!("10.0.0.{number}"), "ada@example.org", WRONG).await;
    }
    assert_eq!(tries(&direct, "10.0.0.99", "ada@example.org", WRONG).await, ["RATE_LIMITED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn known_and_unknown_addresses_cost_the_same() {
    let app = TestApp::start().await;
    app.member("ada").await;
    app.member("bob").await;
    let log_in = async |email: &str| {
        let input = json!({ "input": { "email": email, "password": WRONG } });
        let began = Instant::now();
        assert_eq!(app.anonymous().run(LOG_IN, input).await.codes("logIn"), ["INVALID_CREDENTIALS"]);
        began.elapsed()
    };
    log_in("bob@example.org").await;
    log_in("nobody@example.org").await;

    let known = app.statements(|| log_in("ada@example.org")).await.0;
    let unknown = app.statements(|| log_in("carol@example.org")).await.0;
    let (mut fast, mut slow) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        fast = fast.min(log_in("dora@example.org").await);
        slow = slow.min(log_in("bob@example.org").await);
    }

    // One counter less for the place that is usual to the member.
    assert!(unknown - known <= 1, "{known} and {unknown} statements");
    assert!(fast * 3 > slow && slow * 3 > fast, "{fast:?} and {slow:?}");
}
