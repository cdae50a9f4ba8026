use chrono::TimeDelta;
use serde_json::json;

use super::{codes, log_in_from, mailed_token, mails};
use crate::support::{PASSWORD, Socket, TestApp};

const RESET: &str = "Choose a new password";
const CHANGED: &str = "Your password was changed";
const NEW: &str = "a much better horse";
const ME: &str = "{ viewer { email emailVerified } }";

async fn ask(app: &TestApp, email: &str) -> serde_json::Value {
    app.anonymous().mutate("requestPasswordReset", "accepted", json!({ "email": email })).await.json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_set_anew_once_and_every_device_is_signed_out() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let mut socket = Socket::connect(&ada).await;
    ask(&app, "ada@example.org").await;
    let token = mailed_token(&app, "ada@example.org", RESET).await;
    let reset = async |password: &str| {
        codes(&app.anonymous(), "resetPassword", json!({ "token": token, "newPassword": password })).await
    };
    assert_eq!(reset("short").await, ["VALIDATION"]);

    let (one, two, three) = tokio::join!(reset(NEW), reset(NEW), reset(NEW));

    let all = [one, two, three];
    assert_eq!(all.iter().filter(|codes| codes.is_empty()).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|codes| *codes == &["TOKEN_INVALID"]).count(), 2, "{all:?}");
    assert_eq!(ada.query(ME).await.status, 401);
    assert_eq!(socket.close_code().await, 4401);
    assert_eq!(
        codes(&app.anonymous(), "refreshSession", json!({ "refreshToken": ada.refresh_token })).await,
        ["TOKEN_INVALID"]
    );
    let old = json!({ "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(codes(&app.anonymous(), "logIn", old).await, ["INVALID_CREDENTIALS"]);
    let again = app.sign_in_with("ada@example.org", NEW).await;
    assert_eq!(again.query(ME).await.data("viewer")["emailVerified"], true);
    assert_eq!(mails(&app, "ada@example.org").await.last().unwrap().0, CHANGED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_and_a_replaced_link_are_dead() {
    let app = TestApp::start().await;
    app.member("ada").await;
    ask(&app, "ada@example.org").await;
    let first = mailed_token(&app, "ada@example.org", RESET).await;
    ask(&app, "ada@example.org").await;
    let second = mailed_token(&app, "ada@example.org", RESET).await;
    let reset = async |token: &str| {
        codes(&app.anonymous(), "resetPassword", json!({ "token": token, "newPassword": NEW })).await
    };
    assert_eq!(reset(&first).await, ["TOKEN_INVALID"]);
    app.advance(TimeDelta::minutes(60));

    assert_eq!(reset(&second).await, ["TOKEN_INVALID"]);

    app.sign_in("ada@example.org").await;
    let verify = mailed_token(&app, "ada@example.org", "Confirm your e-mail address").await;
    assert_eq!(reset(&verify).await, ["TOKEN_INVALID"], "a token is for one purpose");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_link_does_the_same_for_known_and_unknown_addresses() {
    let app = TestApp::start().await;
    app.member("ada").await;
    app.work().await;

    let known = app.statements(|| ask(&app, "ada@example.org")).await.0;
    let unknown = app.statements(|| ask(&app, "nobody@example.org")).await.0;

    assert_eq!(known, unknown);
    assert_eq!(ask(&app, "ada@example.org").await, ask(&app, "nobody@example.org").await);
    assert!(mails(&app, "nobody@example.org").await.is_empty());
    for _ in 0..16 {
        ask(&app, "nobody@example.org").await;
    }
    let reply = app
        .anonymous()
        .run(
            "mutation { requestPasswordReset(input: { email: \"ada@example.org\" }) { accepted userErrors { code ... on RateLimitedError { retryAfter } } } }",
            json!({}),
        )
        .await;
    assert_eq!(reply.codes("requestPasswordReset"), ["RATE_LIMITED"]);
    let wait = reply.data("requestPasswordReset")["userErrors"][0]["retryAfter"].as_i64().unwrap();
    assert!((3500..=3600).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_signs_the_other_devices_out_and_is_told() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let phone = app.sign_in("ada@example.org").await;
    let change = async |current: &str, new: &str| {
        codes(&ada, "changePassword", json!({ "currentPassword": current, "newPassword": new })).await
    };
    assert_eq!(change("wrong password", NEW).await, ["INVALID_CREDENTIALS"]);
    assert_eq!(change(PASSWORD, "password1").await, ["VALIDATION"]);
    assert_eq!(phone.query(ME).await.status, 200);

    assert!(change(PASSWORD, NEW).await.is_empty());

    assert_eq!(ada.query(ME).await.status, 200);
    assert_eq!(phone.query(ME).await.status, 401);
    app.sign_in_with("ada@example.org", NEW).await;
    assert_eq!(mails(&app, "ada@example.org").await.last().unwrap().0, CHANGED);
    assert_eq!(app.count("select count(*) from events where kind = 'SECURITY_EVENT'").await, 1);
    for _ in 0..5 {
        assert_eq!(change("wrong password", NEW).await, ["INVALID_CREDENTIALS"]);
    }
    assert_eq!(change(NEW, PASSWORD).await, ["RATE_LIMITED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_once_one_wins() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let change = async |new: &str| {
        codes(&ada, "changePassword", json!({ "currentPassword": PASSWORD, "newPassword": new })).await
    };

    let (one, two) = tokio::join!(change("the first horse"), change("the second horse"));

    let won = [&one, &two].iter().filter(|codes| codes.is_empty()).count();
    assert_eq!(won, 1, "{one:?} {two:?}");
    let password = if one.is_empty() { "the first horse" } else { "the second horse" };
    app.sign_in_with("ada@example.org", password).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_with_the_old_password_does_not_outlive_the_new_one() {
    let app = TestApp::start_with(|config| config.trusted_proxies = 1).await;
    app.member("ada").await;
    let mut old = PASSWORD.to_owned();
    for round in 0..4 {
        ask(&app, "ada@example.org").await;
        let token = mailed_token(&app, "ada@example.org", RESET).await;
        let new = format!("horse number {round}");
        let sign_ins = futures_util::future::join_all((0..6).map(|place| {
            let input = json!({ "email": "ada@example.org", "password": old });
            let (app, ip) = (&app, format!("192.0.2.{}", 10 * round + place));
            async move { log_in_from(app, &ip, input).await }
        }));
        let anonymous = app.anonymous();
        let reset = codes(&anonymous, "resetPassword", json!({ "token": token, "newPassword": new }));
        let (sign_ins, reset) = tokio::join!(sign_ins, reset);

        assert!(reset.is_empty(), "{reset:?}");
        let open = app.count("select count(*) from auth_sessions where revoked_at is null").await;
        assert_eq!(open, 0, "{sign_ins:?}");
        old = new;
    }
}
