use chrono::TimeDelta;
use serde_json::json;

use super::{STEP_UP, disable, enable, step_up};
use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_sensitive_act_needs_a_proof_of_the_last_ten_minutes_on_this_device() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let tablet = app.sign_in("ada@example.org").await;
    let authenticator = enable(&app, &ada).await;
    app.advance(TimeDelta::minutes(10));

    let refused = disable(&ada).await;
    let error = &refused.data("disableTotp")["userErrors"][0];
    assert_eq!(error["code"], "STEP_UP_REQUIRED");
    assert_eq!(error["methods"], json!(["TOTP", "RECOVERY_CODE"]));
    assert_eq!(app.count("select count(*) from second_factors").await, 1);

    let reply = step_up(&ada, json!({ "code": authenticator.code(&app) })).await;
    let until = reply.ok("stepUp")["secondFactor"]["steppedUpUntil"].as_str().unwrap().to_owned();
    let until: chrono::DateTime<chrono::Utc> = until.parse().unwrap();
    assert!((until - app.now() - TimeDelta::minutes(10)).num_seconds().abs() < 5);

    let other = disable(&tablet).await.codes("disableTotp");
    assert_eq!(other, ["STEP_UP_REQUIRED"], "another device has proven nothing");
    app.advance(TimeDelta::minutes(4));
    disable(&ada).await.ok("disableTotp");
}

#[tokio::test(flavor = "multi_thread")]
async fn mentors_and_administrators_must_have_a_second_factor() {
    let app = TestApp::start().await;
    let grace = app.mentor("grace").await;
    step_up(&grace, json!({ "password": PASSWORD })).await.ok("stepUp");

    let refused = disable(&grace).await;

    let error = &refused.data("disableTotp")["userErrors"][0];
    assert_eq!(error["code"], "TWO_FACTOR_REQUIRED");
    assert_eq!(error["methods"], json!(["TOTP"]));
    assert!(error["message"].as_str().unwrap().contains("enrollTotp"));
    let viewer = grace.query("{ viewer { secondFactor { required } } }").await;
    assert_eq!(viewer.data("viewer")["secondFactor"]["required"], true);

    enable(&app, &grace).await;
    disable(&grace).await.ok("disableTotp");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_enough_only_without_a_second_factor() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let by_password = json!({ "password": PASSWORD });
    assert_eq!(step_up(&ada, json!({ "password": "wrong" })).await.codes("stepUp"), ["INVALID_CREDENTIALS"]);
    step_up(&ada, by_password.clone()).await.ok("stepUp");
    let other = step_up(&ada, json!({ "code": "123456" })).await;
    assert_eq!(other.data("stepUp")["userErrors"][0]["methods"], json!(["PASSWORD"]));
    let tablet = app.sign_in("ada@example.org").await;
    step_up(&tablet, by_password.clone()).await.ok("stepUp");

    enable(&app, &ada).await;

    let refused = step_up(&ada, by_password).await;
    assert_eq!(refused.codes("stepUp"), ["STEP_UP_REQUIRED"]);
    assert_eq!(refused.data("stepUp")["userErrors"][0]["methods"], json!(["TOTP", "RECOVERY_CODE"]));
    assert_eq!(
        disable(&tablet).await.codes("disableTotp"),
        ["STEP_UP_REQUIRED"],
        "a proof by password ends when the second factor begins"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_bounded_and_anonymous_callers_are_told_to_sign_in() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    for _ in 0..5 {
        step_up(&ada, json!({ "password": "wrong" })).await;
    }
    assert_eq!(step_up(&ada, json!({ "password": PASSWORD })).await.codes("stepUp"), ["RATE_LIMITED"]);

    let anybody = app.anonymous().run(STEP_UP, json!({ "input": { "password": PASSWORD } })).await;
    assert_eq!(anybody.error_codes(), ["UNAUTHENTICATED"]);
    assert_eq!(disable(&app.anonymous()).await.error_codes(), ["UNAUTHENTICATED"]);
    let two = ada.run(STEP_UP, json!({ "input": { "password": PASSWORD, "code": "123456" } })).await;
    assert!(!two.error_codes().is_empty(), "exactly one proof");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sensitive_pays_nothing_for_the_guard() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    enable(&app, &ada).await;
    let query = "{ viewer { member { id } } }";
    for _ in 0..10 {
        ada.query(query).await;
    }
    app.statements(|| async {
        ada.query(query).await.data("viewer");
    })
    .await;

    let asked = app.count("select coalesce(sum(calls), 0) from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) and query ~ 'step_ups' and query !~ 'pg_stat'").await;

    assert_eq!(asked, 0);
}
