use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{REGISTER, codes, mailed_token, mails};
use crate::support::{PASSWORD, TestApp};

const CONFIRM: &str = "Confirm your e-mail address";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_proves_the_address_once() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let verified =
        async || ada.query("{ viewer { emailVerified } }").await.data("viewer")["emailVerified"].clone();
    assert_eq!(verified().await, false);
    let sent = mails(&app, "ada@example.org").await;
    assert_eq!(sent.iter().map(|mail| mail.0.as_str()).collect::<Vec<_>>(), [CONFIRM]);
    let token = mailed_token(&app, "ada@example.org", CONFIRM).await;

    let once = async || codes(&app.anonymous(), "verifyEmail", json!({ "token": token })).await;
    let (first, second, third) = tokio::join!(once(), once(), once());

    let all = [first, second, third];
    assert_eq!(all.iter().filter(|codes| codes.is_empty()).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|codes| *codes == &["TOKEN_INVALID"]).count(), 2, "{all:?}");
    assert_eq!(verified().await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_for_an_hour_and_can_be_asked_for_again() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let old = mailed_token(&app, "ada@example.org", CONFIRM).await;
    ada.mutate("requestEmailVerification", "accepted", json!({})).await.ok("requestEmailVerification");
    let newer = mailed_token(&app, "ada@example.org", CONFIRM).await;
    assert_ne!(old, newer);
    assert_eq!(codes(&ada, "verifyEmail", json!({ "token": old })).await, ["TOKEN_INVALID"]);

    app.advance(TimeDelta::minutes(60));

    assert_eq!(codes(&app.anonymous(), "verifyEmail", json!({ "token": newer })).await, ["TOKEN_INVALID"]);
    assert_eq!(app.count("select count(*) from credentials where email_verified_at is not null").await, 0);
    let ada = app.sign_in("ada@example.org").await;
    ada.mutate("requestEmailVerification", "accepted", json!({})).await.ok("requestEmailVerification");
    let newest = mailed_token(&app, "ada@example.org", CONFIRM).await;
    app.advance(TimeDelta::minutes(59));
    assert_eq!(codes(&app.anonymous(), "verifyEmail", json!({ "token": newest })).await, [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_address_gets_the_same_answer_and_its_owner_a_letter() {
    let app = TestApp::start().await;
    app.member("ada").await;
    let register = async |email: &str| {
        let input = json!({ "email": email, "password": "another password", "name": "Mallory" });
        app.anonymous().run(REGISTER, json!({ "input": input })).await.json
    };

    let (taken, fresh) = (register(" ADA@example.org ").await, register("new@example.org").await);

    assert_eq!(taken, fresh);
    assert_eq!(app.count("select count(*) from members").await, 2);
    let subjects: Vec<_> = mails(&app, "ada@example.org").await.into_iter().map(|mail| mail.0).collect();
    assert_eq!(subjects, [CONFIRM, "You already have an account"]);
    // Nobody can fill a mailbox through us, nor keep the letters out that its owner asks for.
    for _ in 0..10 {
        register("ada@example.org").await;
    }
    assert_eq!(mails(&app, "ada@example.org").await.len(), 6);
    let input = json!({ "email": "ada@example.org" });
    for _ in 0..7 {
        app.anonymous().mutate("requestPasswordReset", "", input.clone()).await.ok("requestPasswordReset");
    }
    assert_eq!(mails(&app, "ada@example.org").await.len(), 11);
    let token = mailed_token(&app, "ada@example.org", "Choose a new password").await;
    let input = json!({ "token": token, "newPassword": "a much better horse" });
    assert!(codes(&app.anonymous(), "resetPassword", input).await.is_empty(), "the last link is good");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_registered_many_times_at_once_makes_one_member_and_one_answer() {
    let app = TestApp::start().await;
    let input = json!({ "input": { "email": "ada@example.org", "password": PASSWORD, "name": "Ada" } });

    let replies = futures_util::future::join_all((0..6).map(|_| {
        let (client, input) = (app.anonymous(), input.clone());
        async move { client.run(REGISTER, input).await.json }
    }))
    .await;

    assert!(replies.iter().all(|reply| reply == &replies[0]), "{replies:?}");
    assert_eq!(app.count("select count(*) from members").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_short_long_and_common_passwords_are_refused() {
    let app = TestApp::start().await;
    let rule = async |password: &str| -> Value {
        let input = json!({ "email": format!("{}@example.org", uuid::Uuid::new_v4()), "password": password, "name": "Ada" });
        let reply = app.anonymous().run(REGISTER, json!({ "input": input })).await;
        reply.data("registerMember")["userErrors"].clone()
    };
    let refused = |rule: &str| json!([{ "code": "VALIDATION", "path": ["password"], "rule": rule }]);

    for (password, expected) in [
        ("1234567", "LENGTH"),
        ("x".repeat(129).as_str(), "LENGTH"),
        ("password", "COMMON"),
        ("PassWord", "COMMON"),
        ("123456789", "COMMON"),
        ("iloveyou", "COMMON"),
    ] {
        assert_eq!(rule(password).await, refused(expected), "{password}");
    }
    assert_eq!(app.count("select count(*) from members").await, 0);
    for password in ["aaaaaaab", "пароль от почты", &"x".repeat(128)] {
        assert_eq!(rule(password).await, json!([]), "{password}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_in_the_members_language() {
    let app = TestApp::start().await;
    for (email, languages) in
        [("de@example.org", json!(["fr", "de-AT", "en"])), ("fr@example.org", json!(["fr"]))]
    {
        let input = json!({ "email": email, "password": PASSWORD, "name": "Ada", "languages": languages });
        app.anonymous().run(REGISTER, json!({ "input": input })).await.ok("registerMember");
    }

    assert_eq!(mails(&app, "de@example.org").await[0].0, "Bestätige deine E-Mail-Adresse");
    assert_eq!(mails(&app, "fr@example.org").await[0].0, CONFIRM);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_kept_anywhere_in_the_database() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    app.anonymous()
        .mutate("requestPasswordReset", "", json!({ "email": "ada@example.org" }))
        .await
        .ok("requestPasswordReset");
    let queued: String = app.sql("select payload::text from jobs").await.into_iter().flatten().collect();
    let kept: String = app
        .sql("select token_hash::text from account_tokens union all select token_hash::text from refresh_tokens")
        .await
        .into_iter()
        .flatten()
        .collect();

    let token = mailed_token(&app, "ada@example.org", CONFIRM).await;

    assert!(queued.contains("verify_email"), "{queued}");
    let refresh = ada.refresh_token.expect("a token");
    for secret in [token, refresh] {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!queued.contains(&secret) && !kept.contains(&secret) && !kept.contains(&hex));
    }
}
