//! Acts of security are recorded with what they did, and nothing secret with them.

use serde_json::json;

use crate::{
    accounts::{codes, mailed_token},
    second_factor::{disable, enable, step_up},
    support::{PASSWORD, TestApp},
};

const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { session { refreshToken deviceToken authSessionId } userErrors { code } } }";

async fn acts(app: &TestApp) -> Vec<String> {
    let rows = app
        .sql("select action from audit_log where action <> 'HEAD_PUBLISHED' order by occurred_at, id")
        .await;
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_of_security_leaves_a_row_and_no_secret() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let phone = app.sign_in("ada@example.org").await;
    assert_eq!(acts(&app).await, ["SIGNED_IN", "SIGNED_IN"]);

    let devices = ada.query("{ viewer { authSessions { id isCurrent } } }").await;
    let devices = devices.data("viewer")["authSessions"].as_array().unwrap().clone();
    let other = devices.iter().find(|device| device["isCurrent"] == false).unwrap();
    ada.mutate("revokeAuthSession", "revokedId", json!({ "id": other["id"] })).await.ok("revokeAuthSession");
    assert_eq!(codes(&ada, "revokeAuthSession", json!({ "id": other["id"] })).await, ["NOT_FOUND"]);
    let email = json!({ "password": PASSWORD, "newEmail": "new@example.org" });
    ada.mutate("requestEmailChange", "", email).await.ok("requestEmailChange");
    let token = mailed_token(&app, "new@example.org", "Confirm your new e-mail address").await;
    assert_eq!(codes(&app.anonymous(), "confirmEmailChange", json!({ "token": token })).await.len(), 0);
    assert_eq!(codes(&ada, "stepUp", json!({ "password": "wrong horse" })).await, ["INVALID_CREDENTIALS"]);
    let passwords = json!({ "currentPassword": PASSWORD, "newPassword": "wrong battery" });
    ada.mutate("changePassword", "", passwords).await.ok("changePassword");
    let authenticator = enable(&app, &ada).await;
    step_up(&ada, json!({ "recoveryCode": authenticator.recovery_codes[0] })).await.ok("stepUp");
    disable(&ada).await.ok("disableTotp");
    let reset = json!({ "email": "new@example.org" });
    app.anonymous().mutate("requestPasswordReset", "", reset).await.ok("requestPasswordReset");
    let reset_token = mailed_token(&app, "new@example.org", "Choose a new password").await;
    let reset = json!({ "token": reset_token, "newPassword": "staple battery" });
    assert_eq!(codes(&app.anonymous(), "resetPassword", reset).await.len(), 0);

    let expected = [
        "SIGNED_IN",
        "SIGNED_IN",
        "DEVICE_SIGNED_OUT",
        "EMAIL_CHANGE_REQUESTED",
        "EMAIL_CHANGED",
        "STEP_UP_REFUSED",
        "PASSWORD_CHANGED",
        "SECOND_FACTOR_ENROLLED",
        "SECOND_FACTOR_ENABLED",
        "RECOVERY_CODE_USED",
        "SECOND_FACTOR_DISABLED",
        "PASSWORD_RESET",
    ];
    assert_eq!(acts(&app).await, expected);
    let own = format!("select count(*) from audit_log where actor_id = '{}'", uuid_of(&ada.id));
    assert_eq!(app.count(&own).await, 12);
    let all: String = app.sql("select a::text from audit_log a").await.into_iter().flatten().collect();
    let secrets = [PASSWORD, "horse", "battery", "example.org", &token, &reset_token, "127.0.0.1"];
    let codes = authenticator.recovery_codes.iter().map(String::as_str);
    for secret in secrets.into_iter().chain(codes).chain(phone.refresh_token.as_deref()) {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_refresh_token_and_a_locked_account_are_recorded_once() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let refresh = json!({ "refreshToken": ada.refresh_token });
    assert_eq!(codes(&app.anonymous(), "refreshSession", refresh.clone()).await.len(), 0);
    app.advance(chrono::TimeDelta::seconds(31));
    for _ in 0..3 {
        assert_eq!(codes(&app.anonymous(), "refreshSession", refresh.clone()).await, ["TOKEN_INVALID"]);
    }
    assert_eq!(acts(&app).await, ["SIGNED_IN", "TOKEN_REUSED"]);

    for email in ["ada@example.org", "nobody@example.org"] {
        let tries = (0..9).map(|_| {
            let (anonymous, input) = (app.anonymous(), json!({ "email": email, "password": "wrong" }));
            async move { codes(&anonymous, "logIn", input).await }
        });
        let refused = futures_util::future::join_all(tries).await;
        assert_eq!(refused.iter().filter(|codes| *codes == &["RATE_LIMITED"]).count(), 4, "{refused:?}");
    }
    assert_eq!(acts(&app).await, ["SIGNED_IN", "TOKEN_REUSED", "SIGN_IN_REFUSED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_device_signs_in_without_a_row_and_a_new_one_for_one_statement_more() {
    let app = TestApp::start().await;
    app.member("ada").await;
    let mut input = json!({ "email": "ada@example.org", "password": PASSWORD });
    let reply = app.anonymous().run(LOG_IN, json!({ "input": input })).await;
    let device = reply.ok("logIn")["session"]["deviceToken"].clone();
    let cost = async |input: &serde_json::Value| {
        let mut least = i64::MAX;
        for _ in 0..6 {
            let anonymous = app.anonymous();
            let spent = app.statements(|| anonymous.run(LOG_IN, json!({ "input": input }))).await;
            least = least.min(spent.0);
        }
        least
    };
    let before = acts(&app).await.len();
    let new = cost(&input).await;
    assert_eq!(acts(&app).await.len(), before + 6);
    input["deviceToken"] = device;
    let known = cost(&input).await;

    assert_eq!(acts(&app).await.len(), before + 6, "a known device is no news");
    // Besides the row, tries from an unknown place cost three statements: the place, the network, the usual places.
    assert!(new - known <= 5, "{new} {known}");
}

fn uuid_of(id: &str) -> uuid::Uuid {
    skillswap::db::ids::decode(id).expect("an id").1
}
