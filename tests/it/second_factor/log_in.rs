use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::enable;
use crate::support::{PASSWORD, Reply, TestApp};

pub const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) {
    session { accessToken }
    userErrors { code path ... on TwoFactorRequiredError { methods } ... on RateLimitedError { retryAfter } } } }";

async fn log_in(app: &TestApp, password: &str, second_factor: Value) -> Reply {
    let mut input = json!({ "email": "ada@example.org", "password": password });
    if !second_factor.is_null() {
        input["secondFactor"] = second_factor;
    }
    app.anonymous().run(LOG_IN, json!({ "input": input })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_asks_for_the_second_factor_only_after_the_right_password() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let authenticator = enable(&app, &ada).await;
    let devices = app.count("select count(*) from auth_sessions").await;

    let wrong = log_in(&app, "wrong password", Value::Null).await;
    let wrong_with_code =
        log_in(&app, "wrong password", json!({ "code": authenticator.next_code(&app) })).await;
    let right = log_in(&app, PASSWORD, Value::Null).await;

    assert_eq!(wrong.codes("logIn"), ["INVALID_CREDENTIALS"]);
    assert_eq!(wrong.json, wrong_with_code.json);
    let error = &right.data("logIn")["userErrors"][0];
    assert_eq!(error["code"], "TWO_FACTOR_REQUIRED");
    assert_eq!(error["methods"], json!(["TOTP", "RECOVERY_CODE"]));
    assert_eq!(right.data("logIn")["session"], Value::Null);
    assert_eq!(app.count("select count(*) from auth_sessions").await, devices);

    // The code that came with the wrong password was not spent.
    let reply = log_in(&app, PASSWORD, json!({ "code": authenticator.code(&app) })).await;
    let mut phone = app.anonymous();
    phone.token = reply.ok("logIn")["session"]["accessToken"].as_str().map(str::to_owned);
    let stepped = phone.query("{ viewer { secondFactor { steppedUpUntil } } }").await;
    assert!(
        !stepped.data("viewer")["secondFactor"]["steppedUpUntil"].is_null(),
        "the code proves it here too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_signs_one_device_in_even_in_a_race() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let authenticator = enable(&app, &ada).await;
    let devices = app.count("select count(*) from auth_sessions").await;
    let code = authenticator.next_code(&app);

    let replies = join_all((0..4).map(|_| log_in(&app, PASSWORD, json!({ "code": code })))).await;

    let mut codes: Vec<String> = replies.iter().flat_map(|reply| reply.codes("logIn")).collect();
    codes.sort();
    assert_eq!(codes, ["CODE_REUSED"; 3]);
    assert_eq!(app.count("select count(*) from auth_sessions").await, devices + 1);
    let recovery = json!({ "recoveryCode": authenticator.recovery_codes[9] });
    log_in(&app, PASSWORD, recovery.clone()).await.ok("logIn");
    assert_eq!(log_in(&app, PASSWORD, recovery).await.codes("logIn"), ["TOKEN_INVALID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_sign_in_count_with_the_others() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let authenticator = enable(&app, &ada).await;
    for _ in 0..5 {
        assert_eq!(
            log_in(&app, PASSWORD, json!({ "code": "000000" })).await.codes("logIn"),
            ["CODE_INVALID"]
        );
    }

    let reply = log_in(&app, PASSWORD, json!({ "code": authenticator.next_code(&app) })).await;

    assert_eq!(reply.codes("logIn"), ["RATE_LIMITED"]);
    app.advance(TimeDelta::minutes(15));
    log_in(&app, PASSWORD, json!({ "code": authenticator.code(&app) })).await.ok("logIn");
}
